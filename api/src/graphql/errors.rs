//! Why an operation came to nothing, and what its client is told.

use async_graphql::Error;
use domain::{Field, FieldError, FieldErrors};
use engine::admin::AdminError;

use super::family::{Family, NOT_THERE, too_many};
use crate::{destinations::EditError, web::report_incident};

/// Why nothing was changed.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Rules that were broken: told in the payload.
    Messages(Vec<String>),
    /// Told at the top of the answer.
    Error(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Refusal {
    pub(super) fn message(message: impl Into<String>) -> Self {
        Self::Messages(vec![message.into()])
    }

    pub(super) fn invalid(family: Family, errors: &FieldErrors) -> Self {
        let mut messages = Vec::new();
        for message in errors.iter().map(|error| family.form_message(error)) {
            // Much of what may be wrong with a config is told in one sentence: once.
            if !messages.contains(&message) {
                messages.push(message);
            }
        }
        Self::Messages(messages)
    }

    pub(super) fn of_edit(family: Family, error: EditError) -> Self {
        match error {
            EditError::Invalid(errors) => Self::invalid(family, &errors),
            EditError::Update(error) => Self::of_operation(family, error),
        }
    }

    /// The operation of the engine failed. Its field errors are worded as GitLab's database reports them.
    pub(super) fn of_operation(family: Family, error: AdminError) -> Self {
        match error {
            AdminError::NotFound => Self::Error(not_there()),
            AdminError::Invalid(errors) => {
                Self::Messages(errors.iter().map(|error| family.store_message(error)).collect())
            }
            AdminError::TooManyDestinations { limit } => Self::message(too_many(limit)),
            AdminError::ChangedMeanwhile => {
                Self::message("The destination was changed at the same time by someone else. Send the change again.")
            }
            AdminError::NotParked { reason } => Self::message(reason),
            error => Self::Error(of_admin(error)),
        }
    }

    /// As GitLab raises what it finds in an HTTP destination that is being added: all in one top-level error.
    pub(super) fn raised(self) -> Self {
        match self {
            Self::Messages(messages) => Error::new(format!("Validation failed: {}", messages.join(", "))).into(),
            Self::Error(error) => Self::Error(error),
        }
    }
}

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

/// A failure of this server itself: the log says what, the client gets a code to ask about.
pub(super) fn failed(error: &dyn std::error::Error) -> Error {
    incident(&report_incident("A GraphQL operation failed.", error))
}

fn incident(code: &str) -> Error {
    Error::new(format!(
        "Internal error. The server log has details under the code {code}."
    ))
}

/// One broken rule, as a change of a draft returns it.
pub(super) fn broken(field: Field, message: impl Into<String>) -> FieldErrors {
    FieldError::new(field, message).into()
}
