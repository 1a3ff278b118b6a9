//! Not waiting for what would happen by itself.

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

/// What is due again.
#[derive(Serialize, ToSchema)]
pub(super) struct RetriedView {
    /// How many parked events there were.
    retried: u64,
}

/// Retry a stream that backs off
///
/// Without waiting for the next probe. A stream that does not back off is not affected.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/retry", tag = "Streams",
    params(("id" = i64, Path, description = "The destination's id", minimum = 1)),
    responses(
        (status = 204, description = "It is tried"),
        (status = 404, description = "There is no such destination"),
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

/// Try all parked events again
///
/// On the schedule of a fresh refusal.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/parked/retry", tag = "Streams",
    params(("id" = i64, Path, description = "The destination's id", minimum = 1)),
    responses(
        (status = 200, description = "They are due again", body = RetriedView),
        (status = 404, description = "There is no such destination"),
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
