//! Events that a destination refused for good, and what becomes of them.

use axum::{Extension, Json, extract::State, http::StatusCode};
use domain::ids::{DestinationId, Seq};
use engine::store::ParkedEvent;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{answer::Listed, moment::Moment},
    find,
};
use crate::{
    admin::AdminError,
    api::{
        ApiError,
        caller::Caller,
        input::{InPath, not_found},
    },
    services::Services,
};

/// An event that is no longer tried.
#[derive(Serialize, ToSchema)]
pub(super) struct ParkedView {
    /// Its position in the log.
    seq: i64,
    tries: u32,
    reason: String,
    /// The start of the last answer.
    response: String,
    refused_at: Moment,
}

/// List parked events
#[utoipa::path(get, path = "/api/v1/destinations/{id}/parked", tag = "Streams",
    params(("id" = i64, Path, description = "The destination's id", minimum = 1)),
    responses(
        (status = 200, description = "Parked events, the newest first", body = Listed<ParkedView>),
        (status = 404, description = "There is no such destination"),
    ),
)]
pub(super) async fn list_parked(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
) -> Result<Json<Listed<ParkedView>>, ApiError> {
    let id = find(&services.engine, id).await?.destination.id;
    let parked = services.engine.list_parked(id).await.map_err(AdminError::from)?;
    Ok(Json(Listed::new(parked, view)))
}

/// Try a parked event again
///
/// On the schedule of a fresh refusal.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/parked/{seq}/retry", tag = "Streams",
    params(
        ("id" = i64, Path, description = "The destination's id", minimum = 1),
        ("seq" = i64, Path, description = "The event's position in the log", minimum = 1),
    ),
    responses(
        (status = 204, description = "It is due again"),
        (status = 404, description = "This event is not parked"),
    ),
)]
pub(super) async fn retry_parked(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath((id, seq)): InPath<(i64, i64)>,
) -> Result<StatusCode, ApiError> {
    let (id, seq) = (DestinationId::new(id), Seq::new(seq));
    done(services.engine.retry_parked(&caller.author, id, seq).await)
}

/// Discard a parked event
///
/// This destination will not get it. It stays in the log.
#[utoipa::path(delete, path = "/api/v1/destinations/{id}/parked/{seq}", tag = "Streams",
    params(
        ("id" = i64, Path, description = "The destination's id", minimum = 1),
        ("seq" = i64, Path, description = "The event's position in the log", minimum = 1),
    ),
    responses(
        (status = 204, description = "Given up"),
        (status = 404, description = "This event is not parked"),
    ),
)]
pub(super) async fn discard_parked(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath((id, seq)): InPath<(i64, i64)>,
) -> Result<StatusCode, ApiError> {
    let (id, seq) = (DestinationId::new(id), Seq::new(seq));
    done(services.engine.discard_parked(&caller.author, id, seq).await)
}

fn done(was_parked: Result<bool, engine::store::StoreError>) -> Result<StatusCode, ApiError> {
    if was_parked.map_err(AdminError::from)? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(not_found())
    }
}

fn view(parked: ParkedEvent) -> ParkedView {
    ParkedView {
        seq: parked.seq.get(),
        tries: parked.tries,
        reason: parked.reason,
        response: parked.response,
        refused_at: Moment(parked.refused_at),
    }
}
