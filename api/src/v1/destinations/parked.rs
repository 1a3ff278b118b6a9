//! Parked events: list, retry, discard.

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

/// The requested events.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ParkedQuery {
    /// Maximum number of items.
    #[param(minimum = 1, maximum = 1000, default = 100, nullable = false)]
    limit: Option<u32>,
    /// Only events below this position: the `next_before` of the previous page.
    #[param(nullable = false)]
    before: Option<i64>,
}

/// A page of parked events.
#[derive(Serialize, ToSchema)]
pub(super) struct ParkedPage {
    items: Vec<ParkedView>,
    /// The `before` of the next page. Null on the last page.
    next_before: Option<i64>,
}

/// List parked events
#[utoipa::path(get, path = "/api/v1/destinations/{id}/parked", tag = "Streams",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1), ParkedQuery),
    responses(
        (status = 200, description = "Parked events, newest first", body = ParkedPage),
        (status = 404, description = "The destination does not exist"),
        (status = 422, description = "A parameter is invalid"),
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
    // One more than is returned shows whether there are others.
    let mut items = services.engine.list_parked(id, before, limit + 1).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_more = items.len() > shown;
    items.truncate(shown);
    let next_before = items.last().filter(|_| is_more).map(|last| last.seq.get());
    Ok(Json(ParkedPage { items, next_before }))
}

/// Retry a parked event
///
/// The event is retried like one that was refused for the first time.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/parked/{seq}/retry", tag = "Streams",
    params(
        ("id" = i64, Path, description = "Id of the destination", minimum = 1),
        ("seq" = i64, Path, description = "Position of the event in the log", minimum = 1),
    ),
    responses(
        (status = 204, description = "The event is being retried"),
        (status = 404, description = "The event is not parked"),
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
/// The event is not delivered to this destination, and is removed from the log like other events.
#[utoipa::path(delete, path = "/api/v1/destinations/{id}/parked/{seq}", tag = "Streams",
    params(
        ("id" = i64, Path, description = "Id of the destination", minimum = 1),
        ("seq" = i64, Path, description = "Position of the event in the log", minimum = 1),
    ),
    responses(
        (status = 204, description = "The event is discarded"),
        (status = 404, description = "The event is not parked"),
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
