//! What went wrong below, as the page tells it: the cause goes into the log, once, and a code to the browser.

use app::wire::AppError;
use domain::{Field, FieldError, FieldErrors};
use engine::{
    log::LogError,
    store::{StoreError, UpdateError, UserError},
    vault::KeyError,
};

use crate::{access::PasswordError, web::report_incident};

/// A failure of this server itself.
pub(super) fn internal(operation: &'static str, error: &dyn std::error::Error) -> AppError {
    AppError::Internal {
        code: report_incident(operation, error),
    }
}

pub(super) fn from_store(error: StoreError) -> AppError {
    internal("The store was asked by the page.", &error)
}

pub(super) fn from_log(error: LogError) -> AppError {
    internal("The log was asked by the page.", &error)
}

pub(super) fn from_randomness(error: KeyError) -> AppError {
    internal("A secret was to be made.", &error)
}

pub(super) fn from_password(error: PasswordError) -> AppError {
    match error {
        PasswordError::Busy => AppError::Unavailable,
        PasswordError::Failed => internal("A password was to be checked or set.", &error),
    }
}

pub(super) fn from_update(error: UpdateError) -> AppError {
    match error {
        UpdateError::NotFound => AppError::NotFound,
        // The page sends no keys.
        UpdateError::ChangedMeanwhile | UpdateError::KeyReused => AppError::ChangedMeanwhile,
        UpdateError::Refused(error) => AppError::Invalid(FieldErrors::from(error)),
        UpdateError::TooMany { limit } => AppError::TooManyDestinations { limit },
        UpdateError::Store(error) => from_store(error),
        UpdateError::Log(error) => from_log(error),
    }
}

pub(super) fn from_user(error: UserError) -> AppError {
    match error {
        UserError::NotFound => AppError::NotFound,
        UserError::ChangedMeanwhile => AppError::ChangedMeanwhile,
        UserError::Taken => refused(Field::Username, "Username: another user has this name already."),
        UserError::LastEnabled => refused(Field::Username, "This is the last administrator who can sign in."),
        UserError::Store(error) => from_store(error),
    }
}

/// A rule that only the server could check.
pub(super) fn refused(field: Field, rule: &str) -> AppError {
    AppError::Invalid(FieldError::new(field, rule).into())
}

#[cfg(test)]
mod tests {
    use domain::destination::already_taken;

    use super::*;

    #[test]
    fn what_the_reader_can_mend_is_told_and_the_rest_has_a_code() {
        assert_eq!(from_update(UpdateError::NotFound), AppError::NotFound);
        assert_eq!(from_update(UpdateError::ChangedMeanwhile), AppError::ChangedMeanwhile);
        assert_eq!(
            from_update(UpdateError::TooMany { limit: 5 }),
            AppError::TooManyDestinations { limit: 5 }
        );
        let taken = from_update(UpdateError::Refused(already_taken(Field::Url)));
        assert_eq!(
            taken.message_for(Field::Url),
            Some("Destination url has already been taken")
        );
        let broken = StoreError::Unreadable {
            table: "users",
            id: 1,
            what: "secret words",
        };
        let AppError::Internal { code } = from_store(broken) else {
            panic!("not internal")
        };
        assert_eq!(code.len(), 8);
        assert_eq!(from_password(PasswordError::Busy), AppError::Unavailable);
    }
}
