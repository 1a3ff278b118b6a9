//! Why an event, or everything, is not delivered.

use crate::policy::{Refusal, Trouble};

/// Why an event, or everything, is not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The destination does not work: nothing is sent until it does.
    Trouble(Trouble),
    /// The destination works but refuses one event.
    Refused(Refusal),
    /// The destination refuses events one by one, and none was accepted since.
    Refusing,
}

impl From<Trouble> for Reason {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
