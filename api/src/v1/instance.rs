//! Overview of the instance.

use axum::{Json, extract::State};
use domain::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{error::ApiError, services::Services};

/// This instance.
#[derive(Serialize, ToSchema)]
pub(super) struct InstanceView {
    #[schema(example = "0.1.0")]
    version: String,
    #[schema(example = "https://audit.example.com")]
    public_url: String,
    /// Events in the log.
    stored_events: u64,
    newest_received_at: Option<Timestamp>,
    destinations: u32,
    /// Destinations that do not accept events. Their streams back off and retry, and no event is dropped.
    retrying: u32,
}

/// Show the instance
#[utoipa::path(get, path = "/api/v1/instance", tag = "Instance", responses(
    (status = 200, description = "Overview of the instance", body = InstanceView),
))]
pub(super) async fn show_instance(State(services): State<Services>) -> Result<Json<InstanceView>, ApiError> {
    let overview = services.engine.overview().await?;
    let view = overview.view;
    Ok(Json(InstanceView {
        version: view.version,
        public_url: services.public_url.as_str().to_owned(),
        stored_events: view.log.events,
        newest_received_at: view.log.newest_received_at,
        destinations: u32::try_from(overview.streams.len()).unwrap_or(u32::MAX),
        retrying: view.destinations.retrying,
    }))
}
