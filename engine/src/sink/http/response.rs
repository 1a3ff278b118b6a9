//! What an answer says.

use std::time::{Duration, Instant};

use domain::Timestamp;

use http::StatusCode;

use super::super::{
    Report,
    report::{answered, client_certificate_report, error_report, kept_text, read_answer, retry_after, text_of},
};
use crate::net::Response;

/// `now` is only used to read a `Retry-After` that names a date. Of the secrets, nothing is kept.
pub(super) async fn answer_report(
    mut response: Response,
    secrets: &[String],
    started: Instant,
    deadline: Duration,
    now: Timestamp,
) -> Report {
    let status = response.status();
    let retry_after = retry_after(response.headers(), now);
    match read_answer(&mut response).await {
        // A success whose body breaks off is a success: the status says that the event was taken.
        _ if status.is_success() => answered(status.as_u16(), retry_after, String::new(), started),
        Ok(answer) => failure_report(status, retry_after, &answer, secrets, started),
        Err(error) => error_report(&error, started, deadline),
    }
}

/// For a complete answer that is no success.
pub(super) fn failure_report(
    status: StatusCode,
    retry_after: Option<Duration>,
    answer: &[u8],
    secrets: &[String],
    started: Instant,
) -> Report {
    let report = client_certificate_report(status.as_u16(), retry_after, answer, started)
        .unwrap_or_else(|| answered(status.as_u16(), retry_after, format!("Answered {status}."), started));
    Report {
        response: kept_text(&text_of(answer, secrets)),
        ..report
    }
}
