//! What went wrong below, as the page tells it: the cause goes into the log, once, and a code to the browser.

use api::web::report_incident;
use app::wire::AppError;
use domain::{Field, FieldError};
use engine::{admin::AdminError, log::LogError};

/// A failure of this server itself.
pub(super) fn internal(operation: &'static str, error: &dyn std::error::Error) -> AppError {
    AppError::Internal {
        code: report_incident(operation, error),
    }
}

pub(super) fn from_admin(error: AdminError) -> AppError {
    match error {
        AdminError::NotFound => AppError::NotFound,
        AdminError::Invalid(errors) => AppError::Invalid(errors),
        // The page sends no keys.
        AdminError::ChangedMeanwhile | AdminError::KeyReused => AppError::ChangedMeanwhile,
        AdminError::TooManyDestinations { limit } => AppError::TooManyDestinations { limit },
        AdminError::ReplayRunning => {
            let rule = "Another replay to this destination is running: wait until it has ended, or cancel it.";
            AppError::Invalid(FieldError::new(Field::CreatedAfter, rule).into())
        }
        AdminError::NotParked { reason } => AppError::NotParked {
            reason: reason.to_owned(),
        },
        AdminError::Busy => AppError::Unavailable,
        AdminError::Internal { code } => AppError::Internal { code },
    }
}

pub(super) fn from_log(error: LogError) -> AppError {
    from_admin(error.into())
}
