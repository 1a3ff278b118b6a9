//! The read model of a replay.

use serde::{Deserialize, Serialize};

use super::WarningView;
use crate::{
    Timestamp,
    ids::ReplayId,
    replay::{ReplayState, ReplayWait},
};

/// Number of events that a replay would send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplayCountView {
    /// Number of events that the replay would send.
    pub events: u64,
    /// Warnings about event types that this instance does not know.
    pub warnings: Vec<WarningView>,
    /// Start of the range (inclusive).
    pub from: Timestamp,
    /// End of the range (exclusive).
    pub before: Timestamp,
    /// Estimated duration of the replay in seconds, based on the requests of the stream in the last day and its current limit on
    /// concurrent requests. Null if it delivered nothing.
    pub estimated_seconds: Option<u64>,
}

/// A replay and its progress. Fields that do not apply are null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplayView {
    /// Id of the replay.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: ReplayId,
    /// How far it is.
    pub state: ReplayState,
    /// Start of the range (inclusive).
    pub from: Timestamp,
    /// End of the range (exclusive).
    pub before: Timestamp,
    /// Only these event types; all types if omitted or empty.
    pub event_types: Vec<String>,
    /// Warnings about event types that this instance does not know.
    pub warnings: Vec<WarningView>,
    /// Number of events to send, counted at the start.
    pub total: u64,
    /// Number of events that the destination has accepted.
    pub sent: u64,
    /// Number of events that the destination has rejected: see `parked`.
    pub refused: u64,
    /// What the replay waits for now.
    pub waits_for: Option<WaitName>,
    /// Why the stream backs off, or why the requests of the replay fail.
    #[cfg_attr(feature = "openapi", schema(example = "503 from server"))]
    pub trouble: Option<String>,
    /// When the replay sends its next request.
    pub next_try_at: Option<Timestamp>,
    /// Error of the latest request.
    pub last_error: Option<String>,
    /// Name of the user or token that started the replay.
    pub created_by: String,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it ended. Null while it runs.
    pub ended_at: Option<Timestamp>,
}

/// What a running replay waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum WaitName {
    /// The destination is inactive.
    Inactive,
    /// The stream is paused.
    Paused,
    /// The stream is starting.
    StreamStarting,
    /// The stream is backing off.
    StreamRetrying,
    /// The stream is catching up.
    StreamBehind,
    /// The limits of the destination (`max_concurrent_requests`, `max_requests_per_second`) allow no further request now.
    Limited,
    /// The request of the replay failed, and is retried.
    Trouble,
}

impl ReplayView {
    /// The replay with what it waits for.
    #[must_use]
    pub fn waiting(self, wait: Option<ReplayWait>) -> Self {
        let (waits_for, trouble, next_try_at) = match wait {
            None => (None, None, None),
            Some(ReplayWait::Inactive) => (Some(WaitName::Inactive), None, None),
            Some(ReplayWait::Paused) => (Some(WaitName::Paused), None, None),
            Some(ReplayWait::StreamStarting) => (Some(WaitName::StreamStarting), None, None),
            Some(ReplayWait::StreamRetrying(trouble)) => (Some(WaitName::StreamRetrying), Some(trouble), None),
            Some(ReplayWait::StreamBehind(_)) => (Some(WaitName::StreamBehind), None, None),
            Some(ReplayWait::Limited) => (Some(WaitName::Limited), None, None),
            Some(ReplayWait::Trouble {
                trouble, next_try_at, ..
            }) => (Some(WaitName::Trouble), Some(trouble), Some(next_try_at)),
        };
        Self {
            waits_for,
            trouble: trouble.map(|trouble| trouble.to_string()),
            next_try_at,
            ..self
        }
    }
}
