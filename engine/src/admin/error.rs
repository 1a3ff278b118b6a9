//! Why an operation did nothing. The causes of an internal error are logged once, with a code; callers get only the code.

use domain::{Field, FieldError, FieldErrors, Timestamp};

use crate::{
    credentials::PasswordError,
    delivery::ParkError,
    log::LogError,
    report_incident,
    sink::SinkError,
    store::{InsertReplayError, StoreError, UpdateError, UserError},
    vault::KeyError,
};

/// Why an operation did nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    #[error("not found")]
    NotFound,
    #[error("{0}")]
    Invalid(FieldErrors),
    /// Someone else saved in the meantime; nothing was overwritten.
    #[error("somebody else changed this in the meantime")]
    ChangedMeanwhile,
    /// The secret was rotated, and the one before is still valid.
    #[error("a rotation is in progress until {until}")]
    RotationInProgress { until: Timestamp },
    /// No more destinations fit on this instance.
    #[error("the limit of {limit} destinations is reached")]
    TooManyDestinations { limit: u32 },
    /// Another request had this idempotency key.
    #[error("another request had this idempotency key")]
    KeyReused,
    /// A destination has at most one running replay.
    #[error("another replay to this destination is running")]
    ReplayRunning,
    /// The event can't be parked now.
    #[error("{reason}")]
    NotParked { reason: &'static str },
    /// The event can't be sent again.
    #[error("{reason}")]
    NotSent { reason: &'static str },
    /// Not right now.
    #[error("the server is busy")]
    Busy,
    /// The code stands in the server's log beside the cause.
    #[error("an internal error (code {code})")]
    Internal { code: String },
}

impl AdminError {
    /// A rule that only the server could check.
    pub(super) fn refused(field: Field, rule: &str) -> Self {
        Self::Invalid(FieldError::new(field, rule).into())
    }

    fn internal(operation: &'static str, error: &dyn std::error::Error) -> Self {
        Self::Internal {
            code: report_incident(operation, error),
        }
    }
}

impl From<FieldError> for AdminError {
    fn from(error: FieldError) -> Self {
        Self::Invalid(error.into())
    }
}

impl From<FieldErrors> for AdminError {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        Self::internal("Store query for an admin request failed.", &error)
    }
}

impl From<LogError> for AdminError {
    fn from(error: LogError) -> Self {
        Self::internal("Log query for an admin request failed.", &error)
    }
}

impl From<KeyError> for AdminError {
    fn from(error: KeyError) -> Self {
        Self::internal("Creating a secret failed.", &error)
    }
}

impl From<PasswordError> for AdminError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Busy,
            PasswordError::Failed => Self::internal("Checking or setting a password failed.", &error),
        }
    }
}

impl From<UpdateError> for AdminError {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::NotFound => Self::NotFound,
            UpdateError::ChangedMeanwhile => Self::ChangedMeanwhile,
            UpdateError::RotationInProgress { until } => Self::RotationInProgress { until },
            UpdateError::KeyReused => Self::KeyReused,
            UpdateError::Refused(errors) => errors.into(),
            UpdateError::TooMany { limit } => Self::TooManyDestinations { limit },
            UpdateError::Store(error) => error.into(),
            UpdateError::Log(error) => error.into(),
        }
    }
}

impl From<SinkError> for AdminError {
    fn from(error: SinkError) -> Self {
        Self::internal("Setting up a connection test failed.", &error)
    }
}

impl From<InsertReplayError> for AdminError {
    fn from(error: InsertReplayError) -> Self {
        match error {
            InsertReplayError::NotFound => Self::NotFound,
            InsertReplayError::AlreadyRunning => Self::ReplayRunning,
            InsertReplayError::Store(error) => error.into(),
        }
    }
}

impl From<ParkError> for AdminError {
    fn from(error: ParkError) -> Self {
        let reason = match error {
            ParkError::NotFound => return Self::NotFound,
            ParkError::NotStored => return Self::Busy,
            ParkError::Store(error) => return error.into(),
            ParkError::NotStuck => "The stream is not backing off, or requests with this event alone have not failed.",
            ParkError::InFlight => "The event is being sent right now. Try again in a moment.",
            ParkError::TooManyRefused => {
                "The limit of rejected and parked events of this destination is reached. Discard parked events first."
            }
        };
        Self::NotParked { reason }
    }
}

impl From<UserError> for AdminError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::NotFound => Self::NotFound,
            UserError::ChangedMeanwhile => Self::ChangedMeanwhile,
            UserError::Taken => Self::refused(
                Field::Username,
                "Username: another user has this name already. Choose another one.",
            ),
            UserError::LastEnabled => Self::refused(
                Field::Username,
                "This is the last administrator who can sign in. Add or enable another one first.",
            ),
            UserError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::destination::{DestinationKind, already_taken};

    use super::*;

    #[test]
    fn what_the_reader_can_mend_is_told_and_the_rest_has_a_code() {
        assert_eq!(AdminError::from(UpdateError::NotFound), AdminError::NotFound);
        assert_eq!(
            AdminError::from(UpdateError::TooMany { limit: 5 }),
            AdminError::TooManyDestinations { limit: 5 }
        );
        let taken = already_taken(DestinationKind::Http, Field::Url);
        let AdminError::Invalid(errors) = UpdateError::Refused(taken.into()).into() else {
            panic!("not invalid")
        };
        assert_eq!(
            errors.message_for(Field::Url),
            Some("Destination url has already been taken")
        );
        let broken = StoreError::Unreadable {
            table: "users",
            id: 1,
            what: "secret words",
        };
        let AdminError::Internal { code } = broken.into() else {
            panic!("not internal")
        };
        assert_eq!(code.len(), 8);
        assert_eq!(AdminError::from(PasswordError::Busy), AdminError::Busy);
    }
}
