//! A replay as it is shown.

use serde::{Deserialize, Serialize};

use super::WarningView;
use crate::{
    Timestamp,
    ids::ReplayId,
    replay::{ReplayState, ReplayWait},
};

/// How many events a replay would send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplayCountView {
    pub events: u64,
    /// Event types in its filter that this instance does not know.
    pub warnings: Vec<WarningView>,
    /// The first moment of the range.
    pub from: Timestamp,
    /// The first moment after the range.
    pub before: Timestamp,
}

/// A replay, and how far it is. Members that do not apply are null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplayView {
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: ReplayId,
    pub state: ReplayState,
    /// The first moment of the range.
    pub from: Timestamp,
    /// The first moment after the range.
    pub before: Timestamp,
    /// Only these types; all if there are none.
    pub event_types: Vec<String>,
    /// Event types in its filter that this instance does not know.
    pub warnings: Vec<WarningView>,
    /// Events to send, counted at the start.
    pub total: u64,
    /// Events that the destination has accepted.
    pub sent: u64,
    /// Events that it has refused: see them under `parked`.
    pub refused: u64,
    /// What it waits for at the moment.
    pub waits_for: Option<WaitName>,
    /// What is wrong with the stream, or with the replay's own requests, in a few words.
    #[cfg_attr(feature = "openapi", schema(example = "503 from server"))]
    pub trouble: Option<String>,
    /// When the replay tries again by itself.
    pub next_try_at: Option<Timestamp>,
    /// What went wrong with its latest request.
    pub last_error: Option<String>,
    /// Name of who started it.
    pub created_by: String,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum WaitName {
    /// The destination is inactive.
    Inactive,
    /// The stream is paused.
    Paused,
    /// The stream is just being started.
    StreamStarting,
    /// The stream backs off.
    StreamRetrying,
    /// The stream is catching up.
    StreamBehind,
    /// The replay's own request failed, and is sent again.
    Trouble,
}

impl ReplayView {
    /// The same with what it waits for.
    #[must_use]
    pub fn waiting(self, wait: Option<ReplayWait>) -> Self {
        let (waits_for, trouble, next_try_at) = match wait {
            None => (None, None, None),
            Some(ReplayWait::Inactive) => (Some(WaitName::Inactive), None, None),
            Some(ReplayWait::Paused) => (Some(WaitName::Paused), None, None),
            Some(ReplayWait::StreamStarting) => (Some(WaitName::StreamStarting), None, None),
            Some(ReplayWait::StreamRetrying(trouble)) => (Some(WaitName::StreamRetrying), Some(trouble), None),
            Some(ReplayWait::StreamBehind(_)) => (Some(WaitName::StreamBehind), None, None),
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
