//! What an [`AppError`] means to HTTP, to its reader, and to the server functions that carry it.

use domain::{Field, FieldError, FieldErrors};
use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};

use crate::wire::AppError;

impl AppError {
    /// Status of the answer that carries it.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthenticated => 401,
            Self::WrongCredentials | Self::AccountDisabled => 403,
            Self::NotFound => 404,
            Self::ChangedMeanwhile
            | Self::RotationInProgress { .. }
            | Self::NotParked { .. }
            | Self::NotSent { .. } => 409,
            Self::Invalid(_) | Self::TooManyDestinations { .. } => 422,
            Self::TooManyAttempts { .. } => 429,
            Self::Internal { .. } => 500,
            Self::Unavailable | Self::Transport => 503,
        }
    }

    /// Whether the same request may succeed later.
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable | Self::Transport | Self::Internal { .. })
    }

    /// A short code to quote when asking for help.
    pub fn code(&self) -> &str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::WrongCredentials => "wrong-credentials",
            Self::AccountDisabled => "account-disabled",
            Self::NotFound => "not-found",
            Self::ChangedMeanwhile => "changed-meanwhile",
            Self::RotationInProgress { .. } => "rotation-in-progress",
            Self::Invalid(_) => "invalid",
            Self::TooManyDestinations { .. } => "too-many-destinations",
            Self::TooManyAttempts { .. } => "too-many-attempts",
            Self::NotParked { .. } => "not-parked",
            Self::NotSent { .. } => "not-sent",
            Self::Unavailable => "unavailable",
            Self::Transport => "transport",
            Self::Malformed => "malformed",
            Self::Internal { code } => code,
        }
    }

    /// What its reader can do about it.
    pub const fn next_step(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "Sign in again to continue.",
            Self::WrongCredentials => "Check both and try again.",
            Self::AccountDisabled => "Nothing else about it has changed.",
            Self::NotFound => "It may have been deleted or expired.",
            Self::ChangedMeanwhile => "Reload to see the current version.",
            Self::RotationInProgress { .. } => "End it first.",
            Self::Invalid(_) => "Correct the marked fields and try again.",
            Self::TooManyDestinations { .. } => {
                "Delete a destination that is no longer needed, or raise the limit (--max-destinations or AUDIT_STREAMS_MAX_DESTINATIONS)."
            }
            Self::TooManyAttempts { .. } => "Wait, then try again.",
            Self::NotParked { .. } | Self::NotSent { .. } => "Nothing was changed.",
            Self::Unavailable => "Nothing is lost. Try again in a moment.",
            Self::Transport => "Check the connection, then try again.",
            Self::Malformed => "Reload the page, then try again.",
            Self::Internal { .. } => "Try again. If it persists, search the server log for this code.",
        }
    }

    /// The message about `field`, if that is what was refused.
    pub fn message_for(&self, field: Field) -> Option<&str> {
        self.at(field).map(|error| error.message.as_str())
    }

    /// The error at `field`, if that is what was refused.
    pub fn at(&self, field: Field) -> Option<&FieldError> {
        match self {
            Self::Invalid(errors) => errors.error_for(field),
            _ => None,
        }
    }

    /// The fields that were refused.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        let errors = match self {
            Self::Invalid(errors) => Some(errors),
            _ => None,
        };
        errors.into_iter().flat_map(FieldErrors::iter).map(|error| error.field)
    }
}

impl From<FieldErrors> for AppError {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    /// In the browser, the request or the response failed. On the server, the arguments could not be read, or it is a fault of
    /// ours; the status is set here, because the body of the server function does not run.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let error = Self::of_server_fn(&error);
        #[cfg(feature = "ssr")]
        crate::backend::report(&error);
        error
    }
}

impl AppError {
    fn of_server_fn(error: &ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::Malformed,
            // Of the arguments on the server, and of the response in the browser.
            ServerFnErrorErr::Deserialization(_) if cfg!(feature = "ssr") => Self::Malformed,
            ServerFnErrorErr::Request(_)
            | ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_) => Self::Transport,
            ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::Serialization(_)
            | ServerFnErrorErr::Response(_) => Self::Internal {
                code: "server-function".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn every_error_answers_with_an_error_status() {
        for error in [
            AppError::Unauthenticated,
            AppError::WrongCredentials,
            AppError::AccountDisabled,
            AppError::TooManyAttempts { retry_after_seconds: 3 },
            AppError::NotFound,
            AppError::Invalid(FieldErrors::default()),
            AppError::ChangedMeanwhile,
            AppError::RotationInProgress {
                until: Timestamp::from_unix_ms(1),
            },
            AppError::TooManyDestinations { limit: 5 },
            AppError::NotParked {
                reason: "It is sent.".into(),
            },
            AppError::Unavailable,
            AppError::Transport,
            AppError::Malformed,
            AppError::Internal { code: "x1".into() },
        ] {
            assert!((400..600).contains(&error.status()), "{error:?}");
            assert!(!error.code().is_empty() && error.next_step().ends_with('.'));
        }
    }

    #[test]
    fn a_browser_without_a_connection_is_not_our_fault() {
        let offline = ServerFnErrorErr::Request("failed to fetch".into());
        assert_eq!(AppError::from_server_fn_error(offline), AppError::Transport);
        let broken = ServerFnErrorErr::Serialization("broken".into());
        assert!(matches!(
            AppError::from_server_fn_error(broken),
            AppError::Internal { .. }
        ));
    }

    #[test]
    fn arguments_that_cannot_be_read_are_a_fault_of_the_request() {
        let missing = ServerFnErrorErr::MissingArg("id".into());
        assert_eq!(AppError::from_server_fn_error(missing), AppError::Malformed);
    }
}
