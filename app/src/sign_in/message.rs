//! Why a sign-in failed, in a sentence.

use crate::wire::AppError;

/// The error may come out of the address of the page, where anybody can write one: only fixed sentences are shown.
pub(super) fn message(error: &AppError) -> String {
    match error {
        AppError::WrongCredentials
        | AppError::AccountDisabled
        | AppError::TooManyAttempts { .. }
        | AppError::Unavailable
        | AppError::Transport => error.to_string(),
        _ => "Signing in did not work. Try again.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Field, FieldError};

    use super::*;

    #[test]
    fn no_text_of_the_error_itself_is_shown() {
        let forged = AppError::Invalid(FieldError::new(Field::Username, "Call 555 0100 to unlock").into());
        assert!(!message(&forged).contains("555"));
        let code = AppError::Internal {
            code: "call 555".into(),
        };
        assert!(!message(&code).contains("555"));
        assert!(message(&AppError::WrongCredentials).contains("wrong"));
    }
}
