//! Detects request bodies that stall.

use std::error::Error;

/// A body stalled for too long. The connection is closed after the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request body stalled")]
pub struct BodyStalled;

/// Whether a body could not be read because it stalled.
pub(crate) fn is_stalled(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<BodyStalled>() {
            return true;
        }
        cause = error.source();
    }
    false
}
