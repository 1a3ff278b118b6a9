//! Recognises errors whose cause is that the files are missing.

use std::error::Error;

use crate::{log::LogError, store::StoreError};

/// Whether an error is that the files are not in their place. That is logged once, when it is noticed, and not by everything
/// that is tried again until the files are back.
pub(crate) fn files_are_missing(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if matches!(error.downcast_ref(), Some(StoreError::FilesMissing))
            || matches!(error.downcast_ref(), Some(LogError::FilesMissing))
        {
            return true;
        }
        next = error.source();
    }
    false
}
