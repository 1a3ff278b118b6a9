//! Why figures could not be read.

use crate::{
    log::LogError,
    store::{StoreError, UpdateError},
};

/// Figures could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FiguresError {
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the log can't be read")]
    Log(#[from] LogError),
}

impl From<FiguresError> for UpdateError {
    fn from(error: FiguresError) -> Self {
        match error {
            FiguresError::Store(error) => Self::Store(error),
            FiguresError::Log(error) => Self::Log(error),
        }
    }
}
