//! Why an operation failed, and how its client is notified.

use async_graphql::Error;
use domain::{Field, FieldError, FieldErrors, destination::DestinationKind};
use engine::admin::AdminError;

use super::family::{Family, NOT_THERE, too_many};
use crate::{destinations::EditError, web::report_incident};

/// Why an operation failed.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Validation errors, reported in the payload.
    Messages(Vec<String>),
    /// A top-level error.
    Error(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Refusal {
    /// One message, reported in the payload.
    pub(super) fn message(message: impl Into<String>) -> Self {
        Self::Messages(vec![message.into()])
    }

    /// Validation errors of a draft of a destination of this kind.
    pub(super) fn invalid(family: Family, kind: DestinationKind, errors: &FieldErrors) -> Self {
        let mut messages = Vec::new();
        for message in errors.iter().map(|error| family.form_message(kind, error)) {
            // Most errors of a config have the same message, which is reported once.
            if !messages.contains(&message) {
                messages.push(message);
            }
        }
        Self::Messages(messages)
    }

    /// The error of a change of a destination of this kind.
    pub(super) fn of_edit(family: Family, kind: DestinationKind, error: EditError) -> Self {
        match error {
            EditError::Invalid(errors) => Self::invalid(family, kind, &errors),
            EditError::Update(error) => Self::of_operation(family, kind, error),
        }
    }

    /// The operation of the engine on a destination of this kind failed. Its field errors are worded as GitLab's database reports them.
    pub(super) fn of_operation(family: Family, kind: DestinationKind, error: AdminError) -> Self {
        match error {
            AdminError::NotFound => Self::Error(not_there()),
            AdminError::Invalid(errors) => {
                Self::Messages(errors.iter().map(|error| family.store_message(kind, error)).collect())
            }
            AdminError::TooManyDestinations { limit } => Self::message(too_many(limit)),
            AdminError::ChangedMeanwhile => {
                Self::message("The destination was changed at the same time by someone else. Send the change again.")
            }
            AdminError::RotationInProgress { until } => {
                Self::message(format!("A rotation is in progress until {until}. End it first."))
            }
            AdminError::NotParked { reason } => Self::message(reason),
            error => Self::Error(of_admin(error)),
        }
    }

    /// Validation errors as one top-level error, as GitLab reports them when an HTTP destination is added.
    pub(super) fn raised(self) -> Self {
        match self {
            Self::Messages(messages) => Error::new(format!("Validation failed: {}", messages.join(", "))).into(),
            Self::Error(error) => Self::Error(error),
        }
    }
}

/// The error for an object that does not exist.
pub(super) fn not_there() -> Error {
    Error::new(NOT_THERE)
}

/// A read operation of the engine failed.
pub(super) fn of_admin(error: AdminError) -> Error {
    match error {
        AdminError::Internal { code } => incident(&code),
        error => failed(&error),
    }
}

/// An internal error. It is logged under a code that the client receives.
pub(super) fn failed(error: &dyn std::error::Error) -> Error {
    incident(&report_incident("A GraphQL operation failed.", error))
}

fn incident(code: &str) -> Error {
    Error::new(format!(
        "Internal error. The server log has details under the code {code}."
    ))
}

/// A validation error of one field.
pub(super) fn broken(field: Field, message: impl Into<String>) -> FieldErrors {
    FieldError::new(field, message).into()
}
