//! Answers of HTTP endpoints.

use engine::fuzz::http_answer;

use crate::answer::{NOW, check, read, secrets};

/// Reads the input as an answer: what is kept of it is bounded and has no secret.
pub fn run(input: &[u8]) {
    let Some(answer) = read(input) else { return };
    let reported = http_answer(&answer, &secrets(), NOW);
    check(&reported, &answer);
    assert!(!reported.reason.is_empty());
}
