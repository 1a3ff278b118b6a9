//! How a stream is doing.

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

/// How a stream is doing, and how far it is.
#[derive(Serialize, ToSchema)]
pub(super) struct ProgressView {
    health: HealthView,
    /// Every event up to this position is acknowledged.
    acknowledged_to: i64,
    /// The newest position in the log.
    newest_seq: i64,
    /// Events delivered since the destination was added, repeats after a crash included.
    delivered: u64,
}

/// Show how a stream is doing
#[utoipa::path(get, path = "/api/v1/destinations/{id}/health", tag = "Streams",
    params(("id" = i64, Path, description = "The destination's id", minimum = 1)),
    responses(
        (status = 200, description = "Its health and progress", body = ProgressView),
        (status = 404, description = "There is no such destination"),
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
