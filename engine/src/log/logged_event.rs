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
    /// Position in the log.
    pub seq: Seq,
    /// Who posted it: a token, or this instance.
    pub source: Arc<str>,
    /// Id of the event, unique for one source.
    pub id: EventId,
    /// What happened.
    pub event_type: EventType,
    /// Type of the entity in which it happened.
    pub entity_type: String,
    /// Id of the entity, as text.
    pub entity_id: String,
    /// Full path of the entity.
    pub entity_path: String,
    /// When it happened, by the clock of its source.
    pub created_at: Timestamp,
    /// When this server received it.
    pub received_at: Timestamp,
    /// The JSON object that is delivered.
    pub body: Bytes,
}
