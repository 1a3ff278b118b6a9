//! One event of the log.

use std::sync::Arc;

use bytes::Bytes;
use domain::{
    Timestamp,
    event::{EventId, EventType},
    ids::Seq,
};

/// One event of the log, shared by everyone who delivers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedEvent {
    pub seq: Seq,
    pub source: Arc<str>,
    pub id: EventId,
    pub event_type: EventType,
    pub entity_type: String,
    pub entity_id: String,
    pub entity_path: String,
    pub created_at: Timestamp,
    pub received_at: Timestamp,
    /// The JSON object that is delivered.
    pub body: Bytes,
}
