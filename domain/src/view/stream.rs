//! The read models of failed attempts and parked events.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::Seq};

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptView {
    /// Position of the first event of the request in the log.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub seq: Seq,
    /// Number of events in the request.
    pub events: u32,
    /// Number of attempts of the first event so far, including this one.
    pub number: u32,
    pub started_at: Timestamp,
    pub duration_ms: u32,
    /// Status of the response. Null if there was none.
    pub status: Option<u16>,
    pub reason: String,
    /// Start of the body of the response.
    pub response: String,
}

/// A parked event: it is no longer retried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParkedView {
    /// Position of the event in the log.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub seq: Seq,
    pub tries: u32,
    pub reason: String,
    /// Start of the body of the last response. Empty unless the event is one of the newest 1,000 refused events of the destination.
    pub response: String,
    /// What an administrator can do about it.
    pub next_step: String,
    pub refused_at: Timestamp,
}
