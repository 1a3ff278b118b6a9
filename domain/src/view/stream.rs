//! What a stream could not deliver.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::Seq};

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptView {
    /// The position of its first event in the log.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub seq: Seq,
    /// How many events it carried.
    pub events: u32,
    /// How often the first event had been tried by then, this attempt included.
    pub number: u32,
    pub started_at: Timestamp,
    pub duration_ms: u32,
    /// Null without a response.
    pub status: Option<u16>,
    pub reason: String,
    /// The start of the response.
    pub response: String,
}

/// An event that is no longer tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParkedView {
    /// Its position in the log.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub seq: Seq,
    pub tries: u32,
    pub reason: String,
    /// The start of the last response; empty unless the event is among the newest 1,000 refused events of the destination.
    pub response: String,
    /// What an administrator can do.
    pub next_step: String,
    pub refused_at: Timestamp,
}
