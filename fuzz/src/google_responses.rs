//! Answers of Cloud Logging and of Google's token service.

use std::sync::LazyLock;

use domain::{FieldErrors, destination::GoogleSettings, policy::Outcome};
use engine::fuzz::{google_answer, google_token_answer};

use crate::answer::{NOW, check, read, secrets};

/// So many entries were sent.
const ENTRIES: usize = 3;

const EMAIL: &str = "a@b.example";

static SETTINGS: LazyLock<Result<GoogleSettings, FieldErrors>> =
    LazyLock::new(|| GoogleSettings::parse("my-project", EMAIL, "audit-events"));

/// Reads the input as an answer of both services: only entries that were sent are rejected, each with an error, and what is kept is
/// bounded and has no secret.
pub fn run(input: &[u8]) {
    let Some(answer) = read(input) else { return };
    let Ok(settings) = SETTINGS.as_ref() else {
        panic!("the settings of the target are wrong");
    };
    let (whole, parts) = google_answer(&answer, settings, ENTRIES, &secrets(), NOW);
    check(&whole, &answer);
    let is_written = matches!(whole.outcome, Outcome::Answered { status: 200, .. });
    assert!(parts.is_empty() || is_written, "{whole:?}");
    for (entry, part) in &parts {
        assert!(*entry < ENTRIES, "{part:?}");
        check(part, &answer);
        let is_error = matches!(part.outcome, Outcome::Answered { status: 400..600, .. });
        assert!(is_error && !part.reason.is_empty(), "{part:?}");
    }
    let (_, status, reason) = google_token_answer(&answer, EMAIL, NOW);
    assert!(status == 401 || status == answer.status.as_u16());
    assert!(reason.chars().count() <= 1_000 && reason.ends_with('.'), "{reason}");
}
