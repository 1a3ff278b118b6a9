//! The instance at a glance.

use axum::{Json, extract::State};
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
    let overview = admin::show_overview(&services).await?;
    Ok(Json(InstanceView {
        version: overview.version,
        public_url: overview.public_url,
        stored_events: overview.stored_events,
        newest_received_at: overview.newest_received_at.map(Moment),
        destinations: overview.destinations,
        held: overview.held,
    }))
}
