//! The health of a stream.

use axum::{Json, extract::State};
use domain::view::HealthView;
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::{
    error::ApiError,
    input::{InPath, not_found},
    services::Services,
};

/// Health and progress of a stream.
#[derive(Serialize, ToSchema)]
pub(super) struct ProgressView {
    health: HealthView,
    /// All events up to this position are acknowledged.
    acknowledged_to: i64,
    /// Position of the newest event in the log.
    newest_seq: i64,
    /// Number of events delivered since the destination was added, including repeats after a crash.
    delivered: u64,
}

/// Show the health of a stream
#[utoipa::path(get, path = "/api/v1/destinations/{id}/health", tag = "Streams",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "Health and progress", body = ProgressView),
        (status = 404, description = "The destination does not exist"),
    ),
)]
pub(super) async fn show_health(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
) -> Result<Json<ProgressView>, ApiError> {
    let state = find(&services.engine, id).await?;
    let (engine, id) = (&services.engine, state.destination.id);
    let progress = engine.stream_progress(id).await?;
    let (acknowledged_to, delivered) = progress.ok_or_else(not_found)?;
    Ok(Json(ProgressView {
        health: HealthView::new(state.destination.target.kind(), &state.health, &state.facts),
        acknowledged_to: acknowledged_to.get(),
        newest_seq: engine.log().last_seq().get(),
        delivered,
    }))
}
