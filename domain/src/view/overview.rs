//! The read model of the overview.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, health::StreamHealth};

/// State of the instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverviewView {
    #[cfg_attr(feature = "openapi", schema(example = "0.1.0"))]
    pub version: String,
    pub log: LogView,
    /// When the oldest undelivered event was received. Null if there is none.
    pub oldest_waiting_at: Option<Timestamp>,
    pub destinations: DestinationCounts,
    /// The last 60 minutes; the current one is last.
    pub traffic: Vec<TrafficView>,
}

/// Contents of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogView {
    pub events: u64,
    /// Null if the log is empty or the newest event is on a damaged page.
    pub newest_received_at: Option<Timestamp>,
    /// Excluding events on damaged pages. Null if there are no others.
    pub oldest_received_at: Option<Timestamp>,
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
    pub starting: u32,
    pub nothing_to_send: u32,
    pub healthy: u32,
    pub catching_up: u32,
    pub refusing: u32,
    pub retrying: u32,
    pub paused: u32,
    pub inactive: u32,
}

/// Events received and delivered in one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrafficView {
    pub start: Timestamp,
    pub received: u64,
    /// Number of deliveries. An event counts once for each destination that accepted it.
    pub delivered: u64,
}

impl DestinationCounts {
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
