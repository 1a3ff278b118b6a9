//! Immediate retries.

use axum::{Extension, Json, extract::State, http::StatusCode};
use domain::ids::DestinationId;
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::{
    auth::Caller,
    error::ApiError,
    input::{InPath, not_found},
    services::Services,
};

/// Events that are being retried.
#[derive(Serialize, ToSchema)]
pub(super) struct RetriedView {
    /// Number of events that were parked.
    retried: u64,
}

/// Retry a stream that backs off
///
/// Sends the next probe of a stream that backs off immediately. Other streams are not affected.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/retry", tag = "Streams",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 204, description = "The probe is being sent"),
        (status = 404, description = "The destination does not exist"),
    ),
)]
pub(super) async fn retry_destination(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
) -> Result<StatusCode, ApiError> {
    if services.engine.retry_now(DestinationId::new(id)) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(not_found())
    }
}

/// Retry all parked events
///
/// The event is retried like one that was refused for the first time.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/parked/retry", tag = "Streams",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "The events are being retried", body = RetriedView),
        (status = 404, description = "The destination does not exist"),
    ),
)]
pub(super) async fn retry_all_parked(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
) -> Result<Json<RetriedView>, ApiError> {
    let id = find(&services.engine, id).await?.destination.id;
    let retried = services.engine.retry_all_parked(&caller.author, id).await?;
    Ok(Json(RetriedView { retried }))
}
