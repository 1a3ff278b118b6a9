//! A request's body of which nothing more comes.

use std::error::Error;

/// No piece of a body came for too long. The connection ends after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request body stalled")]
pub struct BodyStalled;

/// Whether this is why a body could not be read.
pub fn is_stalled(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<BodyStalled>() {
            return true;
        }
        cause = error.source();
    }
    false
}
