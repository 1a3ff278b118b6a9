//! What an answer says.

use std::time::{Duration, Instant};

use domain::policy::Outcome;
use http::header::{HeaderMap, RETRY_AFTER};

use super::{super::Report, failure::request_failure_report};

/// Read at most, so that the connection can be used again; a longer answer costs its connection.
const READ_BYTES: usize = 64 * 1024;

/// Kept at most.
const KEPT_BYTES: usize = 4 * 1024;

pub(super) async fn answer_report(mut response: reqwest::Response, started: Instant) -> Report {
    let status = response.status();
    let retry_after = retry_after(response.headers());
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

/// The delay form of `Retry-After`. The date form is not honoured: it would need two clocks that agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
