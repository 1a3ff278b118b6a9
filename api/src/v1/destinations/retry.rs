//! Immediate retries.

use axum::{extract::State, http::StatusCode};
use domain::ids::DestinationId;

use crate::{
    error::ApiError,
    input::{InPath, not_found},
    services::Services,
};

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
