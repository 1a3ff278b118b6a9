//! `entries:write`: what is asked, and what becomes of each entry.
//! <https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/write>

use std::time::Duration;

use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    definition::{self, bad},
    refusal::{self, NOT_PERMITTED},
    refused_ids::RefusedIds,
    status::{Code, Status},
};
use crate::{fault::Answer, percent};

/// <https://cloud.google.com/logging/quotas#api-limits>
const MAX_REQUEST_BYTES: usize = 10 * 1024 * 1024;
/// Of one entry: the same page.
const MAX_ENTRY_BYTES: usize = 256 * 1024;
/// Of a log id, decoded: "less than 512 characters".
const MAX_LOG_ID_CHARS: usize = 511;
/// Of a timestamp, in seconds.
const FURTHEST_AHEAD: i64 = 24 * 60 * 60;

/// A request of the right shape.
pub(super) struct WriteRequest {
    entries: Vec<Entry>,
    partial_success: bool,
    dry_run: bool,
}

/// An entry of the right shape.
pub(super) struct Entry {
    /// With what the request says for all of its entries.
    pub(super) json: Value,
    pub(super) timestamp: Option<OffsetDateTime>,
    bytes: usize,
}

/// What entries are judged by.
pub(super) struct Rules<'a> {
    /// The one that the token's owner may write to.
    pub(super) project: &'a str,
    /// Seconds since 1970.
    pub(super) now: i64,
    pub(super) retention: Option<Duration>,
    pub(super) refused_ids: &'a RefusedIds,
}

/// What becomes of an entry.
enum Fate {
    Taken,
    /// Taken, and not to be found afterwards.
    TooOld,
    Refused(Status),
}

/// What becomes of each entry.
pub(super) struct Verdict<'a> {
    request: &'a WriteRequest,
    fates: Vec<Fate>,
}

impl WriteRequest {
    /// The request, or the answer to what is none.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Answer> {
        if body.len() > MAX_REQUEST_BYTES {
            let message = format!("Request payload size exceeds the limit: {MAX_REQUEST_BYTES} bytes.");
            return Err(refusal::error(Code::InvalidArgument, &message, json!([])));
        }
        let json: Value = serde_json::from_slice(body).map_err(|error| {
            let message = format!("Invalid JSON payload received. {error}");
            refusal::error(Code::InvalidArgument, &message, json!([]))
        })?;
        let request = definition::check_request(&json)?;
        let is_set = |name: &str| request.get(name).and_then(Value::as_bool).unwrap_or_default();
        let entries = request.get("entries").and_then(Value::as_array);
        let entries = entries.into_iter().flatten().enumerate();
        Ok(Self {
            entries: entries
                .map(|(index, entry)| Entry::parse(entry, request, index))
                .collect::<Result<_, _>>()?,
            partial_success: is_set("partialSuccess"),
            dry_run: is_set("dryRun"),
        })
    }

    pub(super) fn judge(&self, rules: &Rules<'_>) -> Verdict<'_> {
        Verdict {
            request: self,
            fates: self.entries.iter().map(|entry| entry.judge(rules)).collect(),
        }
    }
}

impl Entry {
    fn parse(entry: &Value, request: &Map<String, Value>, index: usize) -> Result<Self, Answer> {
        let bytes = entry.to_string().len();
        let mut json = entry.clone();
        for name in ["logName", "resource"] {
            if let (true, Some(for_all)) = (json[name].is_null(), request.get(name)) {
                json[name] = for_all.clone();
            }
        }
        if let Some(labels) = request.get("labels").and_then(Value::as_object) {
            for (name, value) in labels {
                if json["labels"][name].is_null() {
                    json["labels"][name] = value.clone();
                }
            }
        }
        let timestamp = entry.get("timestamp").and_then(Value::as_str);
        let timestamp = timestamp.map(|text| OffsetDateTime::parse(text, &Rfc3339)).transpose();
        let timestamp = timestamp.map_err(|_| {
            let at = format!("entries[{index}].timestamp");
            let message = format!(
                "Invalid value at '{at}' (type.googleapis.com/google.protobuf.Timestamp), Field 'timestamp', Illegal \
                 timestamp format; timestamps must end with 'Z' or have a valid timezone offset."
            );
            bad(&at, &message)
        })?;
        Ok(Self { json, timestamp, bytes })
    }

    pub(super) fn log_name(&self) -> &str {
        self.json["logName"].as_str().unwrap_or_default()
    }

    /// Of `projects/<project>/logs/<log id>`; empty for another name.
    pub(super) fn project(&self) -> &str {
        self.name_parts().map(|(project, _)| project).unwrap_or_default()
    }

    pub(super) fn insert_id(&self) -> Option<&str> {
        self.json["insertId"].as_str()
    }

    /// Project and log id, the latter still encoded.
    fn name_parts(&self) -> Option<(&str, &str)> {
        self.log_name().strip_prefix("projects/")?.split_once("/logs/")
    }

    fn judge(&self, rules: &Rules<'_>) -> Fate {
        match self.check(rules) {
            Err(status) => Fate::Refused(status),
            Ok(()) if self.is_older(rules) => Fate::TooOld,
            Ok(()) => Fate::Taken,
        }
    }

    fn check(&self, rules: &Rules<'_>) -> Result<(), Status> {
        let wrong = |message: String| Err(Status::new(Code::InvalidArgument, message));
        if self.bytes > MAX_ENTRY_BYTES {
            return wrong(too_large(self.bytes));
        }
        let project = self.check_name()?;
        if project != rules.project {
            return Err(Status::new(Code::PermissionDenied, NOT_PERMITTED));
        }
        if self.json["resource"]["type"].as_str().is_none_or(str::is_empty) {
            return wrong("A monitored resource type is required for each log entry.".to_owned());
        }
        let ahead = self.timestamp.map(|at| at.unix_timestamp() - rules.now);
        if ahead.is_some_and(|seconds| seconds > FURTHEST_AHEAD) {
            return wrong("Log entry timestamp is more than 24 hours in the future.".to_owned());
        }
        let refused = self.insert_id().and_then(|id| rules.refused_ids.status_of(id));
        refused.map_or(Ok(()), Err)
    }

    /// The project of a well-formed name.
    fn check_name(&self) -> Result<&str, Status> {
        let wrong = |message: &str| Err(Status::new(Code::InvalidArgument, message));
        let Some((project, encoded)) = self.name_parts() else {
            return wrong("Log name is missing, or not of the form projects/[PROJECT_ID]/logs/[LOG_ID]");
        };
        let is_allowed = |char: char| char.is_ascii_alphanumeric() || "./_-".contains(char);
        let id = percent::decode(encoded).filter(|id| !encoded.contains('/') && id.chars().all(is_allowed));
        match id {
            None => wrong("Log name contains illegal character. Allowed characters are alphanumerics and ./_-"),
            Some(id) if id.is_empty() || id.len() > MAX_LOG_ID_CHARS => {
                wrong("Log name must have a log id of less than 512 characters")
            }
            Some(_) => Ok(project),
        }
    }

    fn is_older(&self, rules: &Rules<'_>) -> bool {
        let age = self.timestamp.map(|at| rules.now - at.unix_timestamp());
        let age = age
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(Duration::from_secs);
        age.zip(rules.retention).is_some_and(|(age, retention)| age > retention)
    }
}

/// `Log entry with size 293.1K exceeds maximum size of 256.0K`
fn too_large(bytes: usize) -> String {
    let (unit, name) = if bytes < 1024 * 1024 {
        (1024, "K")
    } else {
        (1024 * 1024, "M")
    };
    let tenths = bytes * 10 / unit;
    format!(
        "Log entry with size {}.{}{name} exceeds maximum size of 256.0K",
        tenths / 10,
        tenths % 10
    )
}

impl Verdict<'_> {
    fn refused(&self) -> impl Iterator<Item = (usize, &Status)> {
        self.fates.iter().enumerate().filter_map(|(index, fate)| match fate {
            Fate::Refused(status) => Some((index, status)),
            _ => None,
        })
    }

    /// The entries that are written, and whether each is too old to be found.
    pub(super) fn taken(&self) -> impl Iterator<Item = (&Entry, bool)> {
        let is_written = !self.request.dry_run && (self.request.partial_success || self.refused().next().is_none());
        let entries = self.request.entries.iter().zip(&self.fates);
        entries.filter_map(move |(entry, fate)| match fate {
            _ if !is_written => None,
            Fate::Taken => Some((entry, false)),
            Fate::TooOld => Some((entry, true)),
            Fate::Refused(_) => None,
        })
    }

    /// Its status is that of the first entry that was refused. Single entries are distinguished only with `partialSuccess`;
    /// then also when all were refused, which is what the service does although its definition says otherwise.
    pub(super) fn answer(&self) -> Answer {
        let Some((_, first)) = self.refused().next() else {
            return Answer::new(200, "application/json; charset=UTF-8", "{}\n".to_owned());
        };
        let mut details = Vec::new();
        if first.code == Code::PermissionDenied {
            details.push(refusal::not_permitted());
        }
        if self.request.partial_success {
            let errors = self
                .refused()
                .map(|(index, status)| (index.to_string(), status.to_json()));
            details.push(json!({
                "@type": "type.googleapis.com/google.logging.v2.WriteLogEntriesPartialErrors",
                "logEntryErrors": Value::Object(errors.collect()),
            }));
        }
        refusal::error(first.code, &first.message, Value::Array(details))
    }
}
