//! Events that a destination refused for good, and what becomes of them.

use axum::{Extension, Json, extract::State, http::StatusCode};
use domain::{
    ids::{DestinationId, Seq},
    view::ParkedView,
};
use engine::admin::AdminError;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::fields::refuse_one;
use crate::{
    auth::Caller,
    error::ApiError,
    input::{InPath, InQuery, not_found},
    services::Services,
};

const LIMIT: u32 = 100;
const MOST: u32 = 1_000;

/// Which of them are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ParkedQuery {
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 100, nullable = false)]
    limit: Option<u32>,
    /// Only those below this position: the `next_before` of the page before.
    #[param(nullable = false)]
    before: Option<i64>,
}

/// Some of the parked events.
#[derive(Serialize, ToSchema)]
pub(super) struct ParkedPage {
    items: Vec<ParkedView>,
    /// The `before` of the next page; null at the end.
    next_before: Option<i64>,
}

/// List parked events
#[utoipa::path(get, path = "/api/v1/destinations/{id}/parked", tag = "Streams",
    params(("id" = i64, Path, description = "The destination's id", minimum = 1), ParkedQuery),
    responses(
        (status = 200, description = "Parked events, the newest first", body = ParkedPage),
        (status = 404, description = "There is no such destination"),
        (status = 422, description = "A parameter is not right"),
    ),
)]
pub(super) async fn list_parked(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
    InQuery(query): InQuery<ParkedQuery>,
) -> Result<Json<ParkedPage>, ApiError> {
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(refuse_one("limit", "limit: 1 to 1000."));
    }
    let id = DestinationId::new(id);
    let before = query.before.map(Seq::new);
    // One more than is shown tells whether there are others.
    let mut items = services.engine.list_parked(id, before, limit + 1).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_more = items.len() > shown;
    items.truncate(shown);
    let next_before = items.last().filter(|_| is_more).map(|last| last.seq.get());
    Ok(Json(ParkedPage { items, next_before }))
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
/// This destination will not get it, and the log keeps it no longer than other events.
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

fn done(was_parked: Result<bool, AdminError>) -> Result<StatusCode, ApiError> {
    if was_parked? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(not_found())
    }
}
