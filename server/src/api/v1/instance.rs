//! The instance at a glance.

use axum::{Json, extract::State};
use domain::health::StreamHealth;
use engine::DestinationState;
use serde::Serialize;
use utoipa::ToSchema;

use super::moment::Moment;
use crate::{admin, api::ApiError, services::Services};

/// This instance.
#[derive(Serialize, ToSchema)]
pub(super) struct InstanceView {
    #[schema(example = "0.1.0")]
    version: String,
    #[schema(example = "https://audit.example.com")]
    public_url: String,
    /// Events in the log.
    stored_events: u64,
    newest_received_at: Option<Moment>,
    destinations: u32,
    /// Destinations that are held: nothing is sent to them until they accept again, and nothing is dropped.
    held: u32,
}

/// Show the instance
#[utoipa::path(get, path = "/api/v1/instance", tag = "Instance", responses(
    (status = 200, description = "The instance at a glance", body = InstanceView),
))]
pub(super) async fn show_instance(State(services): State<Services>) -> Result<Json<InstanceView>, ApiError> {
    let figures = admin::show_overview(&services).await?;
    let is_held = |state: &&DestinationState| matches!(state.health, StreamHealth::Held { .. });
    let held = figures.streams.iter().filter(is_held).count();
    Ok(Json(InstanceView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        public_url: services.public_url.as_str().to_owned(),
        stored_events: figures.stored.events,
        newest_received_at: figures.newest_received_at.map(Moment),
        destinations: u32::try_from(figures.streams.len()).unwrap_or(u32::MAX),
        held: u32::try_from(held).unwrap_or(u32::MAX),
    }))
}
