//! What was done, or why not.

use serde::{Deserialize, Serialize};

use crate::wire::AppError;

/// A form was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What was done, as a sentence.
    pub message: String,
    pub secret: Option<ShownOnce>,
}

/// A secret that is shown now and never again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownOnce {
    pub label: String,
    pub text: String,
}

impl Done {
    /// A success with a message and no secret.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            secret: None,
        }
    }

    /// Adds a secret, which is shown once under this label.
    #[must_use]
    pub fn with_secret(self, label: impl Into<String>, text: String) -> Self {
        let secret = ShownOnce {
            label: label.into(),
            text,
        };
        Self {
            secret: Some(secret),
            ..self
        }
    }
}

/// What came of a form.
pub(crate) type Outcome = Result<Done, AppError>;

/// What came of a form that was posted without the page's program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Posted {
    /// Path of its server function.
    pub(crate) path: String,
    pub(crate) outcome: Outcome,
}
