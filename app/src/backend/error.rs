//! Errors of the engine, as the page reports them.

use domain::{Field, FieldError};
use engine::{admin::AdminError, log::LogError};

use crate::wire::AppError;

impl From<AdminError> for AppError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::NotFound => Self::NotFound,
            AdminError::Invalid(errors) => Self::Invalid(errors),
            // The page sends no idempotency keys.
            AdminError::ChangedMeanwhile | AdminError::KeyReused => Self::ChangedMeanwhile,
            AdminError::RotationInProgress { until } => Self::RotationInProgress { until },
            AdminError::TooManyDestinations { limit } => Self::TooManyDestinations { limit },
            AdminError::ReplayRunning => {
                let rule = "Another replay to this destination is running: wait until it has ended, or cancel it.";
                Self::Invalid(FieldError::new(Field::CreatedAfter, rule).into())
            }
            AdminError::NotParked { reason } => Self::NotParked {
                reason: reason.to_owned(),
            },
            AdminError::NotSent { reason } => Self::NotSent {
                reason: reason.to_owned(),
            },
            AdminError::Busy => Self::Unavailable,
            AdminError::Internal { code } => Self::Internal { code },
        }
    }
}

impl From<LogError> for AppError {
    fn from(error: LogError) -> Self {
        AdminError::from(error).into()
    }
}
