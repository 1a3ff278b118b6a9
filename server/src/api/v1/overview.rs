//! All streams and the log, now and in the last hour.

use axum::{Json, extract::State};
use domain::health::StreamHealth;
use engine::{DestinationState, Traffic};
use serde::Serialize;
use utoipa::ToSchema;

use super::moment::Moment;
use crate::{admin::AdminError, api::ApiError, services::Services};

/// How the instance is doing.
#[derive(Serialize, ToSchema)]
pub(super) struct OverviewView {
    #[schema(example = "0.1.0")]
    version: String,
    log: LogView,
    /// When the oldest event came in that a destination is still owed; null if nothing waits.
    oldest_waiting_at: Option<Moment>,
    destinations: DestinationCounts,
    /// Each of the last 60 minutes, the one that is running last.
    traffic: Vec<TrafficView>,
}

/// What is stored.
#[derive(Serialize, ToSchema)]
pub(super) struct LogView {
    events: u64,
    used_bytes: u64,
    /// At this size no more events are taken in.
    limit_bytes: u64,
    /// When the limit is reached if nothing leaves the log and events go on coming in as in the last hour; null if that is more
    /// than a year away.
    full_at: Option<Moment>,
}

/// How many destinations there are in each state.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct DestinationCounts {
    starting: u32,
    nothing_to_send: u32,
    healthy: u32,
    catching_up: u32,
    refusing: u32,
    held: u32,
    paused: u32,
    inactive: u32,
}

/// What came in and went out in a minute.
#[derive(Serialize, ToSchema)]
pub(super) struct TrafficView {
    start: Moment,
    received: u64,
    /// An event counts once for each destination that accepted it.
    delivered: u64,
}

/// Show how the instance is doing
#[utoipa::path(get, path = "/api/v1/overview", tag = "Instance", responses(
    (status = 200, description = "All streams and the log", body = OverviewView),
))]
pub(super) async fn show_overview(State(services): State<Services>) -> Result<Json<OverviewView>, ApiError> {
    let engine = &services.engine;
    let stored = engine.log().stored().await.map_err(AdminError::from)?;
    let states = engine.list_destinations().await.map_err(AdminError::from)?;
    let oldest = states.iter().filter_map(|state| state.facts.oldest_waiting_at).min();
    Ok(Json(OverviewView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        log: LogView {
            events: stored.events,
            used_bytes: stored.used_bytes,
            limit_bytes: engine.retention_settings().log_size.value.bytes(),
            full_at: engine.log_full_at().await.map_err(AdminError::from)?.map(Moment),
        },
        oldest_waiting_at: oldest.map(Moment),
        destinations: DestinationCounts::of(&states),
        traffic: engine
            .traffic()
            .await
            .map_err(AdminError::from)?
            .iter()
            .map(view)
            .collect(),
    }))
}

impl DestinationCounts {
    fn of(states: &[DestinationState]) -> Self {
        let mut counts = Self::default();
        for state in states {
            *counts.of_state(&state.health) += 1;
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
            StreamHealth::Held { .. } => &mut self.held,
            StreamHealth::Paused { .. } => &mut self.paused,
            StreamHealth::Inactive => &mut self.inactive,
        }
    }
}

fn view(traffic: &Traffic) -> TrafficView {
    TrafficView {
        start: Moment(traffic.minute.start()),
        received: traffic.received,
        delivered: traffic.delivered,
    }
}
