//! What travels between the browser and the server functions.

use domain::{FieldErrors, Timestamp};
use serde::{Deserialize, Serialize};

/// Why a server function could not do what it was asked. Coarse on purpose: causes are in the server's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum AppError {
    #[error("Your session has expired.")]
    Unauthenticated,
    #[error("The username or password is wrong.")]
    WrongCredentials,
    /// Shown only to those who have the right password.
    #[error("This account is disabled. Ask another administrator to enable it.")]
    AccountDisabled,
    #[error("Too many attempts. Try again in {retry_after_seconds} seconds.")]
    TooManyAttempts { retry_after_seconds: u32 },
    #[error("Not found.")]
    NotFound,
    #[error("{0}")]
    Invalid(FieldErrors),
    /// Someone else saved in the meantime; nothing was overwritten.
    #[error("Someone else changed this. Your changes were not saved.")]
    ChangedMeanwhile,
    /// The secret that was to be rotated.
    #[error("A rotation is in progress until {until}.")]
    RotationInProgress { until: Timestamp },
    /// No more destinations fit on this instance.
    #[error("Maximum number of external audit event destinations ({limit}) exceeded")]
    TooManyDestinations { limit: u32 },
    /// The event that was to be parked.
    #[error("{reason}")]
    NotParked { reason: String },
    /// The event that was to be sent again.
    #[error("{reason}")]
    NotSent { reason: String },
    #[error("The server can't do this right now. Try again in a moment.")]
    Unavailable,
    /// The request did not reach the server, or its answer did not come back whole.
    #[error("The server can't be reached.")]
    Transport,
    /// The server could not read the arguments of a server function.
    #[error("The request is malformed.")]
    Malformed,
    /// The server log has the code beside the cause.
    #[error("Something went wrong on the server (code {code}).")]
    Internal { code: String },
}
