//! Sending a part of the log to a destination once more.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderValue, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use domain::{
    destination::FilterKind,
    ids::{DestinationId, ReplayId},
    replay::{ReplayDraft, ReplayRequest},
    view::{ReplayCountView, ReplayView, warnings},
};
use engine::{Engine, ReplayStanding};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{answer::Listed, fields::refuse},
    find,
    input::check_event_types,
};
use crate::{
    auth::Caller,
    error::ApiError,
    input::{InBody, InPath, not_found},
    services::Services,
};

/// What is to be sent once more: what was created in a range of time, and the destination's filters admit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"created_after": "2026-02-01", "created_before": "2026-02-28", "event_types": ["user_created"]}))]
pub(super) struct ReplayInput {
    /// Created then or later: a time (RFC 3339), or a day in UTC.
    created_after: String,
    /// Created then or earlier: a time (RFC 3339), or a day in UTC, which counts whole. Up to now if it is not given.
    #[serde(default)]
    created_before: Option<String>,
    /// Only these types; all if there are none.
    #[serde(default)]
    event_types: Vec<String>,
}

impl ReplayInput {
    /// # Errors
    /// 422 at each field that is not right.
    fn parse(self, services: &Services) -> Result<ReplayRequest, ApiError> {
        check_event_types(FilterKind::Allow, &self.event_types)?;
        let draft = ReplayDraft {
            created_after: self.created_after,
            created_before: self.created_before.unwrap_or_default(),
            event_types: self.event_types,
        };
        let request = draft.parse(services.engine.clock().now());
        request.map_err(|errors| refuse(&errors))
    }
}

/// List replays
///
/// The one that runs, if any, and the last that have ended: 20 in all.
#[utoipa::path(get, path = "/api/v1/destinations/{id}/replays", tag = "Streams",
    params(("id" = i64, Path, description = "The destination's id", minimum = 1)),
    responses(
        (status = 200, description = "Replays, the newest first", body = Listed<ReplayView>),
        (status = 404, description = "There is no such destination"),
    ),
)]
pub(super) async fn list_replays(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
) -> Result<Json<Listed<ReplayView>>, ApiError> {
    let engine = &services.engine;
    let id = find(engine, id).await?.destination.id;
    let mut items = Vec::new();
    for replay in engine.list_replays(id).await? {
        items.push(view(engine, replay).await?);
    }
    Ok(Json(Listed { items }))
}

/// Count what a replay would send
///
/// Exact for the moment. Starting a replay counts once more.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/replays/count", tag = "Streams", request_body = ReplayInput,
    params(("id" = i64, Path, description = "The destination's id", minimum = 1)),
    responses(
        (status = 200, description = "How many events it would send", body = ReplayCountView),
        (status = 404, description = "There is no such destination"),
        (status = 422, description = "A field is not right"),
        (status = 503, description = "Too many read the log at once: `Retry-After` says when to come back"),
    ),
)]
pub(super) async fn count_replay(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
    InBody(input): InBody<ReplayInput>,
) -> Result<Json<ReplayCountView>, ApiError> {
    let request = input.parse(&services)?;
    let _permit = services.log_reads.permit().await?;
    let events = services.engine.count_replay(DestinationId::new(id), &request).await?;
    let unknown = services.engine.unknown_event_types(&request.types).await;
    Ok(Json(ReplayCountView {
        events,
        warnings: warnings(&request.types, &unknown?),
        from: request.range.from(),
        before: request.range.before(),
    }))
}

/// Start a replay
///
/// In the order of the log, one request at a time, beside the stream and never before it: while the stream backs off, or is paused,
/// inactive or behind, the replay waits. What it sends is marked: HTTP requests by the header `X-Audit-Streams-Replay`,
/// entries of Cloud Logging by the label `audit_streams_replay`, objects by the metadata `audit-streams-replay`, each with the
/// replay's id. One runs at a time.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/replays", tag = "Streams", request_body = ReplayInput,
    params(("id" = i64, Path, description = "The destination's id", minimum = 1)),
    responses(
        (status = 201, description = "Started", body = ReplayView,
            headers(("Location" = String, description = "Its address"))),
        (status = 404, description = "There is no such destination"),
        (status = 409, description = "Another replay to this destination is running"),
        (status = 422, description = "A field is not right"),
        (status = 503, description = "Too many read the log at once: `Retry-After` says when to come back"),
    ),
)]
pub(super) async fn start_replay(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    InBody(input): InBody<ReplayInput>,
) -> Result<Response, ApiError> {
    let request = input.parse(&services)?;
    let _permit = services.log_reads.permit().await?;
    let (engine, id) = (&services.engine, DestinationId::new(id));
    let started = engine.start_replay(&caller.author, id, &request).await?;
    let location = format!("/api/v1/destinations/{id}/replays/{}", started.replay.id);
    let view = view(engine, started).await?;
    let mut response = (StatusCode::CREATED, Json(view)).into_response();
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Show a replay
#[utoipa::path(get, path = "/api/v1/destinations/{id}/replays/{replay_id}", tag = "Streams",
    params(
        ("id" = i64, Path, description = "The destination's id", minimum = 1),
        ("replay_id" = i64, Path, description = "The replay's id", minimum = 1),
    ),
    responses(
        (status = 200, description = "The replay, and how far it is", body = ReplayView),
        (status = 404, description = "There is no such replay to this destination, or not any more"),
    ),
)]
pub(super) async fn show_replay(
    State(services): State<Services>,
    InPath((id, replay)): InPath<(i64, i64)>,
) -> Result<Json<ReplayView>, ApiError> {
    let (id, replay) = (DestinationId::new(id), ReplayId::new(replay));
    let found = services.engine.find_replay(id, replay).await?.ok_or_else(not_found)?;
    Ok(Json(view(&services.engine, found).await?))
}

/// Cancel a replay
///
/// Nothing more of it is begun. One that has ended stays as it is.
#[utoipa::path(delete, path = "/api/v1/destinations/{id}/replays/{replay_id}", tag = "Streams",
    params(
        ("id" = i64, Path, description = "The destination's id", minimum = 1),
        ("replay_id" = i64, Path, description = "The replay's id", minimum = 1),
    ),
    responses(
        (status = 200, description = "The replay, which does not run any more", body = ReplayView),
        (status = 404, description = "There is no such replay to this destination, or not any more"),
    ),
)]
pub(super) async fn cancel_replay(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath((id, replay)): InPath<(i64, i64)>,
) -> Result<Json<ReplayView>, ApiError> {
    let (id, replay) = (DestinationId::new(id), ReplayId::new(replay));
    let ended = services.engine.cancel_replay(&caller.author, id, replay).await?;
    Ok(Json(view(&services.engine, ended).await?))
}

/// # Errors
/// The log could not be read.
async fn view(engine: &Engine, standing: ReplayStanding) -> Result<ReplayView, ApiError> {
    let types = &standing.replay.request.types;
    let unknown = engine.unknown_event_types(types).await?;
    Ok(standing.view(&unknown))
}
