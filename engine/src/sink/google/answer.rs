//! What Cloud Logging says when it does not take everything: in words, and for which entries.
//!
//! Errors have the form that every Google API gives them, <https://cloud.google.com/apis/design/errors#http_mapping>;
//! their details are `google.rpc.ErrorInfo` and `google.rpc.RetryInfo`,
//! <https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto>, and
//! `google.logging.v2.WriteLogEntriesPartialErrors`,
//! <https://github.com/googleapis/googleapis/blob/master/google/logging/v2/logging.proto>.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use domain::destination::GoogleSettings;
use http::StatusCode;
use serde::Deserialize;

use crate::sink::{
    Report, SendReport,
    report::{accepted, answered, kept_text, seconds},
};

/// Kept of a message at most, in characters.
const MESSAGE_CHARS: usize = 500;

/// The `google.rpc.Code` of an entry that is wrong in itself.
const INVALID_ARGUMENT: u16 = 3;

/// An answer that is no success.
pub(super) struct Failure {
    pub(super) status: StatusCode,
    /// What the header asks for.
    pub(super) retry_after: Option<Duration>,
    /// Without anything secret.
    pub(super) body: String,
    /// How many were sent.
    pub(super) entries: usize,
    pub(super) started: Instant,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ApiError,
}

#[derive(Default, Deserialize)]
struct ApiError {
    #[serde(default)]
    message: String,
    /// The name of a `google.rpc.Code`.
    #[serde(default)]
    status: String,
    #[serde(default)]
    details: Vec<Detail>,
}

/// Any detail; fields that a kind does not have are absent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    /// Of `ErrorInfo`.
    reason: Option<String>,
    /// Of `RetryInfo`: seconds, `3.5s`.
    retry_delay: Option<String>,
    /// Of `WriteLogEntriesPartialErrors`: by the number of the entry.
    log_entry_errors: Option<BTreeMap<usize, EntryError>>,
}

/// `google.rpc.Status`
#[derive(Deserialize)]
struct EntryError {
    /// A `google.rpc.Code`.
    #[serde(default)]
    code: u16,
    #[serde(default)]
    message: String,
}

impl ApiError {
    fn reason(&self) -> &str {
        let mut reasons = self.details.iter().filter_map(|detail| detail.reason.as_deref());
        reasons.next().unwrap_or_default()
    }

    fn retry_delay(&self) -> Option<Duration> {
        let mut delays = self.details.iter().filter_map(|detail| detail.retry_delay.as_deref());
        seconds(delays.next()?.strip_suffix('s')?)
    }
}

impl Failure {
    /// Parts are by the number of the entry. Where the service names entries it has written the others.
    pub(super) fn report(&self, settings: &GoogleSettings) -> SendReport {
        let body: Option<ErrorBody> = serde_json::from_str(&self.body).ok();
        let mut error = body.map(|body| body.error).unwrap_or_default();
        let refused = error
            .details
            .iter_mut()
            .filter_map(|detail| detail.log_entry_errors.take());
        let parts: BTreeMap<usize, EntryError> = refused
            .flatten()
            .filter(|(entry, refused)| *entry < self.entries && refused.code != 0)
            .collect();
        // What keeps every entry out, and is in none of them, is wrong with the destination.
        let is_about_entries =
            parts.len() < self.entries || parts.values().any(|refused| refused.code == INVALID_ARGUMENT);
        if parts.is_empty() || !is_about_entries {
            return self.whole_report(&error, settings).into();
        }
        let parts = parts.into_iter();
        SendReport {
            parts: parts
                .map(|(entry, refused)| (entry, self.entry_report(&refused)))
                .collect(),
            ..accepted(self.started).into()
        }
    }

    fn entry_report(&self, refused: &EntryError) -> Report {
        let status = status_of(refused.code);
        let reason = with_message("Cloud Logging rejected the entry.", &refused.message);
        answered(status, None, reason, self.started)
    }

    fn whole_report(&self, error: &ApiError, settings: &GoogleSettings) -> Report {
        let wait = self.retry_after.max(error.retry_delay());
        let reason = with_message(&self.words(error, settings), &error.message);
        Report {
            response: kept_text(&self.body),
            ..answered(self.status.as_u16(), wait, reason, self.started)
        }
    }

    fn words(&self, error: &ApiError, settings: &GoogleSettings) -> String {
        let (project, email) = (settings.project_id(), settings.client_email());
        match (error.status.as_str(), error.reason()) {
            (_, "SERVICE_DISABLED") => format!(
                "The Cloud Logging API is not enabled for {email}. Enable it in the Google Cloud console, under APIs & \
                 Services."
            ),
            (_, "BILLING_DISABLED") => format!("Billing is not enabled in the project {project}."),
            ("PERMISSION_DENIED", _) => format!(
                "{email} may not write logs in the project {project}. Give it the role Logs Writer \
                 (roles/logging.logWriter) there."
            ),
            ("UNAUTHENTICATED", _) => "Google did not accept the access token. The next attempt uses a new one.".into(),
            ("RESOURCE_EXHAUSTED", _) => format!("A Cloud Logging quota is exhausted in the project {project}."),
            ("NOT_FOUND", _) => format!("The project {project} was not found."),
            ("INVALID_ARGUMENT", _) => "Cloud Logging can't read the request.".into(),
            _ => format!("Cloud Logging answered {}.", self.status),
        }
    }
}

fn with_message(words: &str, message: &str) -> String {
    if message.is_empty() {
        return words.to_owned();
    }
    let message: String = message.chars().take(MESSAGE_CHARS).collect();
    format!("{words} Google says: {message}")
}

/// <https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto>
const fn status_of(code: u16) -> u16 {
    match code {
        1 => 499,
        3 | 9 | 11 => 400,
        4 => 504,
        5 => 404,
        6 | 10 => 409,
        7 => 403,
        8 => 429,
        12 => 501,
        14 => 503,
        16 => 401,
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use domain::policy::Outcome;
    use serde_json::json;

    use super::*;

    fn report_of(status: u16, body: &str, entries: usize) -> SendReport {
        let settings = GoogleSettings::parse("my-project", "a@b.example", "audit-events").unwrap();
        let failure = Failure {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: Some(Duration::from_secs(7)),
            body: body.to_owned(),
            entries,
            started: Instant::now(),
        };
        failure.report(&settings)
    }

    fn error(status: u16, name: &str, details: &serde_json::Value) -> String {
        json!({"error": {"code": status, "message": "Because.", "status": name, "details": details}}).to_string()
    }

    fn answer(report: &Report) -> (u16, u64) {
        match report.outcome {
            Outcome::Answered { status, retry_after } => (status, retry_after.unwrap_or_default().as_secs()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_error_is_said_in_words() {
        let info = |reason: &str| json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com", "metadata": {"service": "logging.googleapis.com"}}]);
        for (status, name, reason, words) in [
            (
                403,
                "PERMISSION_DENIED",
                "IAM_PERMISSION_DENIED",
                "a@b.example may not write logs in the project my-project. Give it the role Logs Writer (roles/logging.logWriter) there.",
            ),
            (
                403,
                "PERMISSION_DENIED",
                "SERVICE_DISABLED",
                "The Cloud Logging API is not enabled for a@b.example. Enable it in the Google Cloud console, under APIs & Services.",
            ),
            (
                403,
                "PERMISSION_DENIED",
                "BILLING_DISABLED",
                "Billing is not enabled in the project my-project.",
            ),
            (
                401,
                "UNAUTHENTICATED",
                "ACCESS_TOKEN_EXPIRED",
                "Google did not accept the access token. The next attempt uses a new one.",
            ),
            (
                429,
                "RESOURCE_EXHAUSTED",
                "RATE_LIMIT_EXCEEDED",
                "A Cloud Logging quota is exhausted in the project my-project.",
            ),
            (404, "NOT_FOUND", "", "The project my-project was not found."),
            (400, "INVALID_ARGUMENT", "", "Cloud Logging can't read the request."),
            (
                503,
                "UNAVAILABLE",
                "",
                "Cloud Logging answered 503 Service Unavailable.",
            ),
        ] {
            let body = error(status, name, &info(reason));
            let SendReport { whole, parts, .. } = report_of(status, &body, 1);
            assert_eq!(whole.reason, format!("{words} Google says: Because."));
            assert_eq!(answer(&whole), (status, 7));
            assert_eq!(whole.response, body);
            assert!(parts.is_empty());
        }
    }

    #[test]
    fn an_answer_of_another_form_is_said_by_its_status() {
        for body in ["", "<html>Bad Gateway</html>", "[]", r#"{"error":"no"}"#] {
            let report = report_of(502, body, 3);
            assert_eq!(report.whole.reason, "Cloud Logging answered 502 Bad Gateway.");
            assert_eq!(answer(&report.whole), (502, 7));
            assert_eq!(report.whole.response, body);
        }
    }

    #[test]
    fn an_answer_that_nests_without_end_is_said_by_its_status() {
        let thread = std::thread::Builder::new().stack_size(crate::THREAD_STACK / 16);
        let reading = thread.spawn(|| {
            for open in ["[", "{\"error\":", "{\"error\":{\"details\":[", "{\"a\":[{\"b\":"] {
                let report = report_of(502, &open.repeat(50_000), 3);
                assert_eq!(report.whole.reason, "Cloud Logging answered 502 Bad Gateway.");
            }
        });
        reading.unwrap().join().unwrap();
    }

    #[test]
    fn the_longer_wish_to_wait_is_kept() {
        for (delay, expected) in [
            ("30s", 30),
            ("12.5s", 12),
            ("3s", 7),
            ("soon", 7),
            ("-9s", 7),
            ("9e9s", 7),
        ] {
            let details = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]);
            let report = report_of(429, &error(429, "RESOURCE_EXHAUSTED", &details), 2);
            assert_eq!(answer(&report.whole), (429, expected), "{delay}");
        }
    }

    fn partial(errors: &serde_json::Value) -> String {
        let kind = "type.googleapis.com/google.logging.v2.WriteLogEntriesPartialErrors";
        error(
            400,
            "INVALID_ARGUMENT",
            &json!([{"@type": kind, "logEntryErrors": errors}]),
        )
    }

    #[test]
    fn only_entries_that_are_named_were_refused() {
        let codes = [3, 4, 7, 8, 13, 14, 16];
        let errors: serde_json::Map<_, _> = codes
            .iter()
            .enumerate()
            .map(|(entry, code)| {
                (
                    entry.to_string(),
                    json!({"code": code, "message": format!("No {entry}.")}),
                )
            })
            .collect();
        let report = report_of(400, &partial(&errors.into()), 9);
        assert_eq!(answer(&report.whole), (200, 0));
        assert_eq!(report.whole.reason, "");
        let statuses: Vec<_> = report
            .parts
            .iter()
            .map(|(entry, part)| (*entry, answer(part).0))
            .collect();
        assert_eq!(
            statuses,
            [(0, 400), (1, 504), (2, 403), (3, 429), (4, 500), (5, 503), (6, 401)]
        );
        let first = report.parts.values().next().unwrap();
        assert_eq!(first.reason, "Cloud Logging rejected the entry. Google says: No 0.");
    }

    #[test]
    fn what_keeps_every_entry_out_is_wrong_with_the_destination_unless_it_is_in_one_of_them() {
        let denied = json!({"code": 7, "message": "No."});
        let report = report_of(403, &partial(&json!({"0": denied, "1": denied})), 2);
        assert_eq!(answer(&report.whole), (403, 7));
        assert!(report.parts.is_empty());
        let report = report_of(
            403,
            &partial(&json!({"0": denied, "1": {"code": 3, "message": "No."}})),
            2,
        );
        assert_eq!(answer(&report.whole), (200, 0));
        assert_eq!(report.parts.len(), 2);
    }

    #[test]
    fn entries_that_were_not_sent_are_not_heard_of() {
        let report = report_of(400, &partial(&json!({"2": {"code": 3}, "0": {"code": 0}})), 2);
        assert!(report.parts.is_empty());
    }
}
