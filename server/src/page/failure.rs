//! What went wrong below, as the page tells it: the cause goes into the log, once, and a code to the browser.

use api::web::report_incident;
use app::wire::AppError;
use engine::{admin::AdminError, log::LogError};

/// A failure of this server itself.
pub(super) fn internal(operation: &'static str, error: &dyn std::error::Error) -> AppError {
    AppError::Internal {
        code: report_incident(operation, error),
    }
}

pub(super) fn from_admin(error: AdminError) -> AppError {
    error.into()
}

pub(super) fn from_log(error: LogError) -> AppError {
    error.into()
}
