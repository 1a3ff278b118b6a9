//! What an answer says.

use std::time::{Duration, Instant, UNIX_EPOCH};

use domain::{Timestamp, policy::Outcome};
use http::header::{HeaderMap, RETRY_AFTER};

use super::{super::Report, failure::request_failure_report};

/// Read at most, so that the connection can be used again; a longer answer costs its connection.
const READ_BYTES: usize = 64 * 1024;

/// Kept at most.
const KEPT_BYTES: usize = 4 * 1024;

/// `now` is only used to read a `Retry-After` that names a date.
pub(super) async fn answer_report(mut response: reqwest::Response, started: Instant, now: Timestamp) -> Report {
    let status = response.status();
    let retry_after = retry_after(response.headers(), now);
    let outcome = Outcome::Answered {
        status: status.as_u16(),
        retry_after,
    };
    let mut kept = Vec::new();
    let mut read = 0;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = KEPT_BYTES.saturating_sub(kept.len());
                kept.extend(chunk.iter().take(room));
                read += chunk.len();
                if read > READ_BYTES {
                    break;
                }
            }
            Ok(None) => break,
            // A success whose body breaks off is a success: the status says that the event was taken.
            Err(_) if status.is_success() => break,
            Err(error) => return request_failure_report(&error, started),
        }
    }
    if status.is_success() {
        return Report {
            outcome,
            reason: String::new(),
            response: String::new(),
            duration: started.elapsed(),
        };
    }
    let response = String::from_utf8_lossy(&kept).into_owned();
    Report {
        outcome,
        reason: format!("Answered {status}."),
        response,
        duration: started.elapsed(),
    }
}

/// Both forms of `Retry-After`: seconds, or an HTTP date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_unix_ms(0).plus(date).since(now))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

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
    }
}
