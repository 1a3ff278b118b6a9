//! What the fuzz targets call.

use std::time::Instant;

use domain::Timestamp;

use super::{
    super::{
        fuzz::{Answer, Reported},
        report::retry_after,
    },
    response::failure_report,
};

/// What an HTTP endpoint says that does not accept an event.
pub fn http_answer(answer: &Answer, secrets: &[String], now: Timestamp) -> Reported {
    let wait = retry_after(&answer.headers, now);
    failure_report(answer.status, wait, &answer.body, secrets, Instant::now()).into()
}
