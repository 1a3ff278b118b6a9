//! What sinks of every kind report: why there was no answer, and what is read of one.

use std::{
    error::Error,
    io,
    time::{Duration, Instant, UNIX_EPOCH},
};

use domain::{
    Timestamp,
    connection_test::MASK,
    policy::{CLIENT_CERTIFICATE_REFUSED, CLIENT_CERTIFICATE_REQUIRED, Outcome, TlsFailure, Unreached},
};
use http::header::{HeaderMap, RETRY_AFTER};
use rustls::{AlertDescription, CertificateError, OtherError};

use super::Report;
use crate::net::{Blocked, BodyError, Identified, Late, NoConnection, ProxyError, Response, Unresolved, whole_seconds};

/// Read of an answer at most, so that the connection can be used again; a longer answer costs its connection.
const READ_BYTES: usize = 64 * 1024;

/// Kept of an answer at most.
pub(crate) const KEPT_BYTES: usize = 4 * 1024;

/// A destination that asks for a longer wait is understood to ask for this one.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Nothing was sent. `reason` is a sentence.
pub(super) fn unsendable(reason: impl Into<String>) -> Report {
    Report {
        outcome: Outcome::Unsendable,
        reason: reason.into(),
        response: String::new(),
        duration: Duration::ZERO,
    }
}

pub(super) fn accepted(started: Instant) -> Report {
    answered(200, None, String::new(), started)
}

/// Without what is kept of the answer.
pub(super) fn answered(status: u16, retry_after: Option<Duration>, reason: String, started: Instant) -> Report {
    Report {
        outcome: Outcome::Answered { status, retry_after },
        reason,
        response: String::new(),
        duration: started.elapsed(),
    }
}

/// There was no complete answer in time: a sentence.
pub(super) fn no_response(deadline: Duration) -> String {
    format!("No complete response within {}.", whole_seconds(deadline))
}

/// Why there was no answer, for any error that has a guarded request among its causes. `deadline` is that of the whole
/// attempt.
pub(crate) fn error_report(error: &(dyn Error + 'static), started: Instant, deadline: Duration) -> Report {
    if let Some(blocked) = find::<Blocked>(error) {
        return blocked_report(blocked, started);
    }
    if let Some(proxy) = find::<ProxyError>(error) {
        return Report {
            outcome: Outcome::Unreached(Unreached::Proxy(proxy.failure())),
            reason: format!("{proxy}."),
            response: String::new(),
            duration: started.elapsed(),
        };
    }
    let unreached = classify(error);
    let reason = match unreached {
        Unreached::Dns => Unresolved.to_string(),
        Unreached::Connect | Unreached::Proxy(_) => format!("No connection: {}.", root_cause(error)),
        Unreached::Tls(_) => format!("The TLS handshake failed: {}.", root_cause(error)),
        Unreached::Timeout => no_response(deadline),
        Unreached::Interrupted => format!("The connection ended before the answer: {}.", root_cause(error)),
    };
    let outcome = Outcome::Unreached(unreached);
    Report {
        outcome,
        reason,
        response: String::new(),
        duration: started.elapsed(),
    }
}

/// The report if the server answers that it requires a client certificate, after a handshake without one, or that it does not accept
/// ours, without what is kept of the answer. `None` for any other answer.
///
/// nginx answers so (`ssl_verify_client on`): with status 400 and a page with one of these titles, or with 496 or 495 where its
/// configuration says so. An answer that quotes a part of an event does not begin like the page. It remains an answer, not a failed
/// handshake: an event can still be found to be the reason.
pub(super) fn client_certificate_report(
    status: u16,
    retry_after: Option<Duration>,
    answer: &[u8],
    started: Instant,
) -> Option<Report> {
    const REQUIRED: &[u8] = b"<html>\r\n<head><title>400 No required SSL certificate was sent</title>";
    const REFUSED: &[u8] = b"<html>\r\n<head><title>400 The SSL certificate error</title>";
    let said = match status {
        400 if answer.starts_with(REQUIRED) => CLIENT_CERTIFICATE_REQUIRED,
        400 if answer.starts_with(REFUSED) => CLIENT_CERTIFICATE_REFUSED,
        CLIENT_CERTIFICATE_REQUIRED | CLIENT_CERTIFICATE_REFUSED => status,
        _ => return None,
    };
    let what = match said {
        CLIENT_CERTIFICATE_REFUSED => "rejects our client certificate",
        _ => "requires a client certificate",
    };
    let reason = format!("The server {what}: it answered with status {status}.");
    Some(answered(said, retry_after, reason, started))
}

/// Why there was no answer, as a sentence.
pub(crate) fn why_no_answer(error: &(dyn Error + 'static), deadline: Duration) -> String {
    error_report(error, Instant::now(), deadline).reason
}

fn blocked_report(blocked: &Blocked, started: Instant) -> Report {
    let (reason, response) = (format!("{blocked}."), String::new());
    Report {
        outcome: Outcome::Blocked,
        reason,
        response,
        duration: started.elapsed(),
    }
}

fn classify(error: &(dyn Error + 'static)) -> Unreached {
    if find::<Unresolved>(error).is_some() {
        Unreached::Dns
    } else if let Some(failure) = find::<rustls::Error>(error) {
        Unreached::Tls(tls_failure(failure, find::<Identified>(error).is_some()))
    } else if find::<NoConnection>(error).is_some() {
        Unreached::Connect
    } else if find::<Late>(error).is_some() {
        Unreached::Timeout
    } else {
        Unreached::Interrupted
    }
}

/// `has_identity` says whether we had a client certificate to show.
fn tls_failure(error: &rustls::Error, has_identity: bool) -> TlsFailure {
    match error {
        rustls::Error::InvalidCertificate(error) => certificate_failure(error),
        // Only a client's certificate can be meant: the alerts come from the server. Which one it sends, also without a
        // certificate, depends on its program and the version of TLS.
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::AccessDenied,
        ) => match has_identity {
            true => TlsFailure::ClientCertificateRefused,
            false => TlsFailure::ClientCertificate,
        },
        _ => TlsFailure::Other,
    }
}

fn certificate_failure(error: &CertificateError) -> TlsFailure {
    match error {
        // A bad signature: a CA of this name is trusted, but with another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsFailure::UnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => TlsFailure::WrongName,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFailure::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsFailure::NotYetValid,
        CertificateError::Other(OtherError(error)) => match error.downcast_ref() {
            Some(webpki::Error::CaUsedAsEndEntity) => TlsFailure::CaAsServer,
            _ => TlsFailure::Other,
        },
        _ => TlsFailure::Other,
    }
}

/// The first cause of this type, also inside an `io::Error`, whose `source` passes its own content over.
pub(crate) fn find<'error, E: Error + 'static>(error: &'error (dyn Error + 'static)) -> Option<&'error E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| find::<E>(inner)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The innermost cause. It describes the connection, never the request, so it can't contain a secret.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

/// The body of an answer, its start alone if it is long; an error if it broke off.
pub(super) async fn read_answer(response: &mut Response) -> Result<Vec<u8>, BodyError> {
    read_at_most(READ_BYTES, response).await
}

/// The same, with another measure of what is long.
pub(super) async fn read_at_most(bytes: usize, response: &mut Response) -> Result<Vec<u8>, BodyError> {
    let (mut kept, mut read) = (Vec::new(), 0);
    while let Some(chunk) = response.chunk().await? {
        let room = bytes.saturating_sub(kept.len());
        kept.extend(chunk.iter().take(room));
        read += chunk.len();
        if read > bytes {
            break;
        }
    }
    Ok(kept)
}

/// An answer as text, without what it repeats of these secrets. Done before anything is cut, so that no part of a secret stays.
pub(super) fn text_of(answer: &[u8], secrets: &[String]) -> String {
    masked(String::from_utf8_lossy(answer).into_owned(), secrets)
}

/// The part of an answer that is worth keeping.
pub(super) fn kept_text(answer: &str) -> String {
    let end = answer.floor_char_boundary(KEPT_BYTES);
    answer.get(..end).unwrap_or(answer).to_owned()
}

/// Some receivers send back what they were sent. Secrets that are too short to be distinguished from other text are not masked.
/// Where secrets overlap, or one is within another, all of them are masked as one.
pub(crate) fn masked(answer: String, secrets: &[String]) -> String {
    const TELLING_CHARS: usize = 6;
    let telling = secrets.iter().filter(|secret| secret.chars().count() >= TELLING_CHARS);
    let found = telling.flat_map(|secret| answer.match_indices(secret.as_str()));
    let mut places: Vec<(usize, usize)> = found.map(|(start, secret)| (start, start + secret.len())).collect();
    if places.is_empty() {
        return answer;
    }
    places.sort_unstable();
    let (mut masked, mut end) = (String::with_capacity(answer.len()), 0);
    for (start, end_of_secret) in places {
        if start >= end {
            masked.push_str(answer.get(end..start).unwrap_or_default());
            masked.push_str(MASK);
        }
        end = end.max(end_of_secret);
    }
    masked.push_str(answer.get(end..).unwrap_or_default());
    masked
}

/// Both forms of `Retry-After`: seconds, or an HTTP date. At most [`LONGEST_WAIT`].
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Some(wait) = seconds(text) {
        return Some(wait);
    }
    let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let wait = Timestamp::from_unix_ms(0).plus(date).since(now);
    Some(wait.min(LONGEST_WAIT))
}

/// A decimal number of seconds, also one with a fraction. At most [`LONGEST_WAIT`].
pub(super) fn seconds(text: &str) -> Option<Duration> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let seconds: f64 = text.parse().ok()?;
    let wait = Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_WAIT);
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use domain::policy::{Decision, RequestSize, StatusRules, Trouble, decide};
    use http::HeaderValue;

    use super::*;

    #[test]
    fn an_answer_that_repeats_a_secret_is_kept_without_it() {
        let secrets = [
            "Bearer abcdef".to_owned(),
            "verification-token-1".to_owned(),
            "1".to_owned(),
        ];
        let answer = "no: Authorization=Bearer abcdef, token verification-token-1, try 1".to_owned();
        assert_eq!(masked(answer, &secrets), "no: Authorization=••••, token ••••, try 1");
    }

    #[test]
    fn secrets_within_and_across_others_leave_nothing() {
        let masked_of = |answer: &str, secrets: &[&str]| {
            let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
            masked(answer.to_owned(), &secrets)
        };
        for secrets in [["abcdef", "abcdef-ghijkl"], ["abcdef-ghijkl", "abcdef"]] {
            assert_eq!(masked_of("key abcdef-ghijkl, abcdef", &secrets), "key ••••, ••••");
        }
        assert_eq!(masked_of("(abcdefghi)", &["abcdef", "defghi"]), "(••••)");
        assert_eq!(masked_of("abcdefabcdef", &["abcdef"]), "••••••••");
        assert_eq!(masked_of("", &["abcdef"]), "");
    }

    #[test]
    fn no_part_of_a_secret_is_kept_where_an_answer_is_cut() {
        let secret = "verification-token-1";
        for start in KEPT_BYTES - secret.len()..KEPT_BYTES {
            let answer = [&"x".repeat(start), secret].concat();
            let kept = kept_text(&text_of(answer.as_bytes(), &[secret.to_owned()]));
            assert!(kept.len() <= KEPT_BYTES && !kept.contains("ver"), "{start}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded_whatever_its_bytes_are() {
        for bytes in [&b"\xff"[..], "é".as_bytes(), "x漢".as_bytes()] {
            let kept = kept_text(&text_of(&bytes.repeat(KEPT_BYTES), &[]));
            assert!((KEPT_BYTES - 3..=KEPT_BYTES).contains(&kept.len()));
        }
    }

    #[test]
    fn both_forms_of_retry_after() {
        let now = Timestamp::parse("2015-10-21T07:27:00Z").unwrap();
        let wait = |value: &'static str| {
            retry_after(
                &HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]),
                now,
            )
        };
        assert_eq!(wait("120"), Some(Duration::from_secs(120)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:20:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait(""), None);
        assert_eq!(wait("-1"), None);
        assert_eq!(wait("1e3"), None);
        assert_eq!(wait("1.2.3"), None);
    }

    #[test]
    fn a_fraction_or_a_huge_retry_after_is_clamped_and_not_ignored() {
        let now = Timestamp::parse("2015-10-21T07:27:00Z").unwrap();
        let wait = |value: &str| {
            let value = HeaderValue::from_str(value).unwrap();
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)]), now)
        };
        assert_eq!(wait("2.5"), Some(Duration::from_millis(2_500)));
        assert_eq!(wait(" 0.25 "), Some(Duration::from_millis(250)));
        let digits = "9".repeat(400);
        for huge in [
            "86401",
            "18446744073709551615",
            "18446744073709551616",
            "99999999999999999999.5",
            digits.as_str(),
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ] {
            assert_eq!(wait(huge), Some(LONGEST_WAIT), "{huge}");
        }
    }

    #[test]
    fn an_answer_that_asks_for_a_client_certificate_is_no_other() {
        let wait = Some(Duration::from_secs(7));
        let outcome = |status, answer: &str| {
            let report = client_certificate_report(status, wait, answer.as_bytes(), Instant::now());
            report.map(|report| report.outcome)
        };
        let page = "<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n<body>";
        for required in [outcome(400, page), outcome(496, "")] {
            let trouble = required.map(|outcome| decide(outcome, RequestSize::One, &StatusRules::default()));
            let expected = Trouble::Unreached(Unreached::Tls(TlsFailure::ClientCertificate));
            assert!(
                matches!(trouble, Some(Decision::BackOff { trouble, retry_after }) if trouble == expected && retry_after == wait),
                "{trouble:?}"
            );
            assert!(required.is_some_and(Outcome::may_be_the_event));
        }
        let refused = "<html>\r\n<head><title>400 The SSL certificate error</title></head>\r\n<body>";
        for refused in [outcome(400, refused), outcome(495, "")] {
            let trouble = refused.map(|outcome| decide(outcome, RequestSize::One, &StatusRules::default()));
            let expected = Trouble::Unreached(Unreached::Tls(TlsFailure::ClientCertificateRefused));
            assert!(matches!(trouble, Some(Decision::BackOff { trouble, .. }) if trouble == expected));
        }
        let quoted = "{\"error\":\"No required SSL certificate was sent\"}";
        let others = [(400, "bad request"), (400, ""), (400, quoted), (403, page), (200, page)];
        for (status, answer) in others {
            assert_eq!(outcome(status, answer), None, "{status} {answer}");
        }
    }

    #[test]
    fn an_alert_about_certificates_is_about_ours_if_we_have_one() {
        let outcome = |alert, has_identity: bool| {
            let alert = io::Error::other(rustls::Error::AlertReceived(alert));
            let error = match has_identity {
                true => io::Error::other(Identified(alert)),
                false => alert,
            };
            let report = error_report(&error, Instant::now(), Duration::ZERO);
            let why = "The TLS handshake failed: received fatal alert: ";
            assert!(report.reason.starts_with(why), "{}", report.reason);
            report.outcome
        };
        let failed = |failure| Outcome::Unreached(Unreached::Tls(failure));
        for alert in [
            AlertDescription::CertificateRequired,
            AlertDescription::BadCertificate,
            AlertDescription::UnknownCA,
            AlertDescription::CertificateExpired,
            AlertDescription::CertificateRevoked,
            AlertDescription::CertificateUnknown,
            AlertDescription::UnsupportedCertificate,
            AlertDescription::AccessDenied,
        ] {
            assert_eq!(
                outcome(alert, false),
                failed(TlsFailure::ClientCertificate),
                "{alert:?}"
            );
            let refused = failed(TlsFailure::ClientCertificateRefused);
            assert_eq!(outcome(alert, true), refused, "{alert:?}");
        }
        for has_identity in [true, false] {
            let other = outcome(AlertDescription::HandshakeFailure, has_identity);
            assert_eq!(other, failed(TlsFailure::Other));
        }
    }
}
