//! What the fuzz targets call.

use std::{collections::BTreeMap, time::Instant};

use domain::{Timestamp, destination::GoogleSettings};

use super::{
    super::{
        fuzz::{Answer, Reported},
        report::{retry_after, text_of},
    },
    answer::Failure,
    tokens::{denied, granted},
};

/// What Cloud Logging says that does not accept all of the entries: of all others, and of those that it names.
pub fn google_answer(
    answer: &Answer,
    settings: &GoogleSettings,
    entries: usize,
    secrets: &[String],
    now: Timestamp,
) -> (Reported, BTreeMap<usize, Reported>) {
    let failure = Failure {
        status: answer.status,
        retry_after: retry_after(&answer.headers, now),
        body: text_of(&answer.body, secrets),
        entries,
        started: Instant::now(),
    };
    let report = failure.report(settings);
    let parts = report.parts.into_iter().map(|(entry, part)| (entry, part.into()));
    (report.whole.into(), parts.collect())
}

/// Whether the answer of the token service has a token, and what is said of one that has none.
pub fn google_token_answer(answer: &Answer, client_email: &str, now: Timestamp) -> (bool, u16, String) {
    let token = granted(&answer.body, now);
    let (status, reason) = denied(answer.status, &String::from_utf8_lossy(&answer.body), client_email);
    (token.is_some(), status.as_u16(), reason)
}
