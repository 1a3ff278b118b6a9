//! What server functions use on the server: the engine, who is signed in, and how an error is answered.
//!
//! The server provides [`Backend`] as a Leptos context of every page and every server function. Its session layer puts
//! `SignedIn` and `Visitor` into the extensions of the request. A server function authorises, parses its input, makes one
//! call of `engine::admin`, and answers.

use std::sync::Arc;

use domain::{Field, FieldError};
use engine::{Engine, admin::AdminError, log::LogError};
use leptos::prelude::use_context;

pub(crate) use crate::server_fns::guard::{answer, expect_admin};
use crate::wire::AppError;

/// The server behind the page.
#[derive(Clone)]
pub struct Backend {
    pub engine: Arc<Engine>,
    /// The URL at which clients reach this server, without a slash at the end.
    pub public_url: String,
}

/// The server behind the page.
///
/// # Errors
/// [`AppError::Internal`] if the server did not provide it.
pub(crate) fn backend() -> Result<Backend, AppError> {
    use_context().ok_or_else(|| AppError::Internal {
        code: "no-backend".to_owned(),
    })
}

/// The engine behind the page.
///
/// # Errors
/// [`AppError::Internal`] if the server did not provide it.
pub(crate) fn engine() -> Result<Arc<Engine>, AppError> {
    Ok(backend()?.engine)
}

impl From<AdminError> for AppError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::NotFound => Self::NotFound,
            AdminError::Invalid(errors) => Self::Invalid(errors),
            // The page sends no idempotency keys.
            AdminError::ChangedMeanwhile | AdminError::KeyReused => Self::ChangedMeanwhile,
            AdminError::TooManyDestinations { limit } => Self::TooManyDestinations { limit },
            AdminError::ReplayRunning => {
                let rule = "Another replay to this destination is running: wait until it has ended, or cancel it.";
                Self::Invalid(FieldError::new(Field::CreatedAfter, rule).into())
            }
            AdminError::NotParked { reason } => Self::NotParked {
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
