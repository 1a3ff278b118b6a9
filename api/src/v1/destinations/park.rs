//! Parking the event that a stream is stuck at.

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

/// Which event is to be parked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ParkInput {
    /// Its position in the log: the `stuck_seq` of the stream's health.
    #[schema(minimum = 1)]
    seq: i64,
}

/// Park the event that a stream is stuck at
///
/// For a stream that backs off and whose probes fail with this event. The event is stored as parked, with the reason of its last failure, before
/// the answer is sent; the destination is then tried with the next event. Later events of the same entity go on.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/park", tag = "Streams", request_body = ParkInput,
    params(("id" = i64, Path, description = "The destination's id", minimum = 1)),
    responses(
        (status = 204, description = "It is parked"),
        (status = 404, description = "There is no such destination"),
        (status = 409, description = "The stream does not back off, requests with this event alone have not failed, it is being sent right \
            now, or too many events are refused or parked"),
        (status = 422, description = "A field is not right"),
        (status = 503, description = "It was not stored in time, and may be parked later: `Retry-After` says when to come back"),
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
