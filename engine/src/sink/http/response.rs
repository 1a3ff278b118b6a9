//! What an answer says.

use std::time::{Duration, Instant};

use domain::{Timestamp, policy::Outcome};

use super::super::{
    Report,
    report::{client_certificate_report, error_report, kept_text, read_answer, retry_after},
};
use crate::net::Response;

/// `now` is only used to read a `Retry-After` that names a date.
pub(super) async fn answer_report(
    mut response: Response,
    started: Instant,
    deadline: Duration,
    now: Timestamp,
) -> Report {
    let status = response.status();
    let retry_after = retry_after(response.headers(), now);
    let outcome = Outcome::Answered {
        status: status.as_u16(),
        retry_after,
    };
    let (reason, response) = match read_answer(&mut response).await {
        // A success whose body breaks off is a success: the status says that the event was taken.
        _ if status.is_success() => (String::new(), String::new()),
        Ok(answer) => match client_certificate_report(status.as_u16(), retry_after, &answer, started) {
            Some(report) => return report,
            None => (format!("Answered {status}."), kept_text(&answer)),
        },
        Err(error) => return error_report(&error, started, deadline),
    };
    Report {
        outcome,
        reason,
        response,
        duration: started.elapsed(),
    }
}
