//! The read model of an event type.

use serde::{Deserialize, Serialize};

/// An event type that a filter may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTypeView {
    /// Name of the type in events.
    pub name: String,
    /// GitLab's category of the type, or `Seen on this instance`.
    pub category: String,
    /// When it is recorded, as a sentence; empty for a type that is not built in.
    pub description: String,
    /// Events of it that were received in the last 24 hours, counted in whole hours.
    pub last_day: u64,
}
