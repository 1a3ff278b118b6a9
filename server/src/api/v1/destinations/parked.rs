//! Events that a destination refused for good, and what becomes of them.

use axum::{Extension, Json, extract::State, http::StatusCode};
use domain::{
    Timestamp,
    delivery::advice,
    destination::DestinationKind,
    ids::{DestinationId, Seq},
};
use engine::{admin::AdminError, store::ParkedEvent};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{super::fields::refuse_one, find};
use crate::{
    api::{
        ApiError,
        caller::Caller,
        input::{InPath, InQuery, not_found},
    },
    services::Services,
};

const LIMIT: u32 = 100;
const MOST: u32 = 1_000;

/// An event that is no longer tried.
#[derive(Serialize, ToSchema)]
pub(super) struct ParkedView {
    /// Its position in the log.
    seq: i64,
    tries: u32,
    reason: String,
    /// The start of the last answer; empty unless it is among the newest 1,000 refused events of the destination.
    response: String,
    /// What an administrator can do.
    next_step: &'static str,
    refused_at: Timestamp,
}

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
    let destination = find(&services.engine, id).await?.destination;
    let (id, kind) = (destination.id, destination.target.kind());
    let before = query.before.map(Seq::new);
    // One more than is shown tells whether there are others.
    let parked = services.engine.database().list_parked(id, before, limit + 1).await;
    let mut items: Vec<ParkedView> = parked
        .map_err(AdminError::from)?
        .into_iter()
        .map(|parked| view(kind, parked))
        .collect();
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_more = items.len() > shown;
    items.truncate(shown);
    let next_before = items.last().filter(|_| is_more).map(|last| last.seq);
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

fn done(was_parked: Result<bool, engine::store::StoreError>) -> Result<StatusCode, ApiError> {
    if was_parked.map_err(AdminError::from)? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(not_found())
    }
}

fn view(kind: DestinationKind, parked: ParkedEvent) -> ParkedView {
    ParkedView {
        seq: parked.seq.get(),
        tries: parked.tries,
        reason: parked.reason,
        response: parked.response,
        next_step: advice(kind, parked.refusal.into()),
        refused_at: parked.refused_at,
    }
}
