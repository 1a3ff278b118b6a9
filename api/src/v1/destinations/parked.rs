//! Refused events: lists of those that are retried and of parked ones; retry and discard a parked one.

use axum::{Extension, Json, extract::State, http::StatusCode};
use domain::{
    delivery::RefusedList,
    ids::{DestinationId, Seq},
    view::RefusedPage,
};
use engine::admin::AdminError;
use serde::Deserialize;
use utoipa::IntoParams;

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
pub(super) struct RefusedQuery {
    /// Maximum number of items.
    #[param(minimum = 1, maximum = 1000, default = 100, nullable = false)]
    limit: Option<u32>,
    /// Only events below this position: the `next_before` of the previous page.
    #[param(nullable = false)]
    before: Option<i64>,
}

/// List parked events
#[utoipa::path(get, path = "/api/v1/destinations/{id}/parked", tag = "Streams",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1), RefusedQuery),
    responses(
        (status = 200, description = "Parked events, newest first", body = RefusedPage),
        (status = 404, description = "The destination does not exist"),
        (status = 422, description = "A parameter is invalid"),
    ),
)]
pub(super) async fn list_parked(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
    InQuery(query): InQuery<RefusedQuery>,
) -> Result<Json<RefusedPage>, ApiError> {
    show_page(&services, id, RefusedList::Parked, &query).await
}

/// List events that are retried
///
/// Events that the destination rejected and that are retried by themselves.
#[utoipa::path(get, path = "/api/v1/destinations/{id}/retrying", tag = "Streams",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1), RefusedQuery),
    responses(
        (status = 200, description = "Rejected events that are retried, newest first", body = RefusedPage),
        (status = 404, description = "The destination does not exist"),
        (status = 422, description = "A parameter is invalid"),
    ),
)]
pub(super) async fn list_retrying(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
    InQuery(query): InQuery<RefusedQuery>,
) -> Result<Json<RefusedPage>, ApiError> {
    show_page(&services, id, RefusedList::Retrying, &query).await
}

async fn show_page(
    services: &Services,
    id: i64,
    list: RefusedList,
    query: &RefusedQuery,
) -> Result<Json<RefusedPage>, ApiError> {
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(refuse_one("limit", "limit: 1 to 1000."));
    }
    let (id, before) = (DestinationId::new(id), query.before.map(Seq::new));
    Ok(Json(services.engine.refused_page(id, list, before, limit).await?))
}

/// Retry a parked event
///
/// The event is retried like one that was rejected for the first time.
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
