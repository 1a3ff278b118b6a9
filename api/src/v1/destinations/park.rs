//! Parks one event: the one that blocks a stream, or one that is retried.

use axum::{Extension, extract::State, http::StatusCode};
use domain::ids::{DestinationId, Seq};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::Caller,
    error::ApiError,
    input::{InBody, InPath},
    services::Services,
};

/// The event to park.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ParkInput {
    /// Position of the event in the log: the `stuck_seq` of the stream's health, or that of an event that is retried.
    #[schema(minimum = 1)]
    seq: i64,
}

/// Park an event
///
/// For an event that the destination rejected and that is retried, or for a stream that backs off and whose probes fail with this event.
/// The event is stored as parked, with the reason of its last
/// failure, before the response is sent. The stream continues with the next event, including later events of the same entity.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/park", tag = "Streams", request_body = ParkInput,
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 204, description = "The event is parked"),
        (status = 404, description = "The destination does not exist"),
        (status = 409, description = "The event is not being retried, and the stream is not backing off, requests with this event alone have not failed, the event is \
            being sent, or too many events are rejected or parked"),
        (status = 422, description = "A field is invalid"),
        (status = 503, description = "Parking the event timed out. It may still be parked. Retry after the number of seconds in `Retry-After`"),
    ),
)]
pub(super) async fn park_event(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    InBody(input): InBody<ParkInput>,
) -> Result<StatusCode, ApiError> {
    let (id, seq) = (DestinationId::new(id), Seq::new(input.seq));
    services.engine.park_event(&caller.author, id, seq).await?;
    Ok(StatusCode::NO_CONTENT)
}
