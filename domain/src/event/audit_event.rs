//! A checked event.

use super::{EventId, EventType, StoredBody};
use crate::Timestamp;

/// A checked event: the columns by which it is found and ordered, and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Unique for one source.
    pub id: EventId,
    /// What happened.
    pub event_type: EventType,
    /// The digits of an integer, or a string as sent; empty if the event names none.
    pub author_id: String,
    /// Who did it. Empty if the event does not say.
    pub author_name: String,
    /// Id of the entity in which it happened, as text.
    pub entity_id: String,
    /// Type of the entity, such as `Project`.
    pub entity_type: String,
    /// Full path of the entity. Empty if the event does not say.
    pub entity_path: String,
    /// Empty if the event names none.
    pub ip_address: String,
    /// When it happened, by the clock of its source.
    pub created_at: Timestamp,
    /// Whether the event brought `created_at`; otherwise that is when it was received.
    pub is_dated: bool,
    /// The JSON object that is delivered: every documented field, no line breaks.
    pub body: Box<str>,
}

impl AuditEvent {
    /// Whether the stored body of an event with the same id has the same content: members in any order, white space and
    /// escapes aside. When an event was received is no content of it, and neither is how its id is written.
    pub fn has_content_of(&self, stored: &StoredBody) -> bool {
        stored.is_same(&self.body, self.is_dated)
    }
}
