//! The read model of the overview.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, health::StreamHealth};

/// State of the instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverviewView {
    /// Version of the server.
    #[cfg_attr(feature = "openapi", schema(example = "0.1.0"))]
    pub version: String,
    /// Contents of the log.
    pub log: LogView,
    /// When the oldest undelivered event was received. Null if there is none.
    pub oldest_waiting_at: Option<Timestamp>,
    /// Number of destinations in each state.
    pub destinations: DestinationCounts,
    /// The last 60 minutes; the current one is last.
    pub traffic: Vec<TrafficView>,
}

/// What has been done of the first steps on a new instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstStepsView {
    /// Whether there is a token that can post events.
    pub token_created: bool,
    /// Whether an event was received that this instance did not record itself.
    pub event_received: bool,
    /// Whether there is a destination.
    pub destination_added: bool,
}

impl FirstStepsView {
    /// Whether events are received and streamed.
    pub const fn are_done(self) -> bool {
        self.event_received && self.destination_added
    }
}

/// Contents of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogView {
    /// Number of stored events.
    pub events: u64,
    /// Null if the log is empty or the newest event is on a damaged page.
    pub newest_received_at: Option<Timestamp>,
    /// Excluding events on damaged pages. Null if there are no others.
    pub oldest_received_at: Option<Timestamp>,
    /// Size of the log.
    pub used_bytes: u64,
    /// Size at which the server stops accepting events.
    pub limit_bytes: u64,
    /// Predicted time at which the size limit is reached, if nothing is removed from the log and events arrive at the rate of the
    /// last hour. Null if no stream is behind, or it is more than a year away.
    pub full_at: Option<Timestamp>,
}

/// Number of destinations in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DestinationCounts {
    /// The stream is starting or restarting.
    pub starting: u32,
    /// No event has matched the filters yet.
    pub nothing_to_send: u32,
    /// All events are delivered.
    pub healthy: u32,
    /// The stream is delivering its backlog.
    pub catching_up: u32,
    /// The destination rejects every event.
    pub refusing: u32,
    /// The destination does not accept events; the stream backs off.
    pub retrying: u32,
    /// Paused by an administrator.
    pub paused: u32,
    /// Deactivated by an administrator.
    pub inactive: u32,
}

/// Events received and delivered in one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrafficView {
    /// Start of the minute.
    pub start: Timestamp,
    /// Number of events received.
    pub received: u64,
    /// Number of deliveries. An event counts once for each destination that accepted it.
    pub delivered: u64,
}

impl DestinationCounts {
    /// Counts destinations by their state.
    pub fn of<'health>(states: impl IntoIterator<Item = &'health StreamHealth>) -> Self {
        let mut counts = Self::default();
        for state in states {
            *counts.of_state(state) += 1;
        }
        counts
    }

    const fn of_state(&mut self, health: &StreamHealth) -> &mut u32 {
        match health {
            StreamHealth::Starting => &mut self.starting,
            StreamHealth::NothingToSend => &mut self.nothing_to_send,
            StreamHealth::Healthy { .. } => &mut self.healthy,
            StreamHealth::CatchingUp { .. } => &mut self.catching_up,
            StreamHealth::Refusing { .. } => &mut self.refusing,
            StreamHealth::Retrying { .. } => &mut self.retrying,
            StreamHealth::Paused { .. } => &mut self.paused,
            StreamHealth::Inactive => &mut self.inactive,
        }
    }
}
