//! Why a form was refused as a whole, in sentences.

use crate::wire::AppError;

pub(super) fn refusal_text(error: &AppError) -> String {
    match error {
        AppError::ChangedMeanwhile => {
            "Someone else changed this destination. Your changes were not saved. Reload to see the current version."
                .to_owned()
        }
        AppError::Unauthenticated => {
            "Your session has expired. Sign in again to continue; what you entered is kept.".to_owned()
        }
        AppError::NotFound => {
            "This destination no longer exists. It may have been deleted in another window.".to_owned()
        }
        // GitLab's message has no full stop.
        AppError::TooManyDestinations { .. } => format!("{error}. {}", error.next_step()),
        _ => format!("{error} {}", error.next_step()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_complete_sentences() {
        for error in [
            AppError::ChangedMeanwhile,
            AppError::Unauthenticated,
            AppError::NotFound,
            AppError::TooManyDestinations { limit: 5 },
            AppError::Unavailable,
            AppError::Transport,
            AppError::Internal { code: "x1".into() },
        ] {
            let text = refusal_text(&error);
            assert!(text.ends_with('.') && !text.contains(".."), "{text}");
        }
        let limit = refusal_text(&AppError::TooManyDestinations { limit: 5 });
        assert!(
            limit.starts_with("Maximum number of external audit event destinations (5) exceeded. "),
            "{limit}"
        );
    }
}
