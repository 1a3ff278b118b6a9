//! An instance event before it is stored.

use domain::{
    Timestamp,
    event::{AuditEvent, EventId},
    instance_event::{Author, InstanceEvent},
};
use uuid::Uuid;

/// An instance event with its id and time, ready to be stored with the change that it records.
#[derive(Clone, Debug)]
pub(crate) struct Recorded(pub(crate) AuditEvent);

impl Recorded {
    /// Gives the event an id of its own.
    pub(crate) fn new(event: InstanceEvent, author: &Author, at: Timestamp) -> Self {
        Self(event.into_audit_event(author, fresh_id(), at))
    }
}

/// A UUIDv7, as every event gets that brings no id.
pub(crate) fn fresh_id() -> EventId {
    let mut buffer = Uuid::encode_buffer();
    let text: &str = Uuid::now_v7().hyphenated().encode_lower(&mut buffer);
    // A UUID is a valid id; the empty case can't be.
    EventId::parse(text).unwrap_or_else(|| unreachable!("a UUID has 36 characters"))
}
