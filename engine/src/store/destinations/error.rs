//! Why a change of a destination was not stored.

use domain::{FieldErrors, Timestamp};

use super::super::StoreError;
use crate::log::LogError;

/// Why a change of a destination was not stored.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    #[error("the destination no longer exists")]
    NotFound,
    #[error("the destination was changed in the meantime")]
    ChangedMeanwhile,
    /// The secret was rotated, and the one before is still valid.
    #[error("a rotation is in progress until {until}")]
    RotationInProgress { until: Timestamp },
    /// Every field that breaks a rule that only the store, the network rules or a sink can check.
    #[error("{0}")]
    Refused(FieldErrors),
    #[error("another request was sent under this idempotency key")]
    KeyReused,
    #[error("an instance has at most {limit} destinations")]
    TooMany { limit: u32 },
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the log can't be read")]
    Log(#[from] LogError),
}

/// A stored value of a destination that cannot be read.
pub(super) const fn unreadable(id: i64, what: &'static str) -> StoreError {
    StoreError::Unreadable {
        table: "destinations",
        id,
        what,
    }
}
