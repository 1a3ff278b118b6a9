//! Replays: sends a part of the log to a destination again.

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
    view::{ReplayCountView, ReplayView},
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

/// The events to send again: those that were created in a time range and match the filters of the destination.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"created_after": "2026-02-01", "created_before": "2026-02-28", "event_types": ["user_created"]}))]
pub(super) struct ReplayInput {
    /// Earliest creation time: a time (RFC 3339), or a day in UTC.
    created_after: String,
    /// Latest creation time: a time (RFC 3339), or a day in UTC, which includes the whole day. Defaults to now.
    #[serde(default)]
    created_before: Option<String>,
    /// Only these event types; all types if omitted or empty.
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
/// Lists the running replay, if there is one, and the last ones that have ended, up to 20 in total.
#[utoipa::path(get, path = "/api/v1/destinations/{id}/replays", tag = "Streams",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "Replays, newest first", body = Listed<ReplayView>),
        (status = 404, description = "The destination does not exist"),
    ),
)]
pub(super) async fn list_replays(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
) -> Result<Json<Listed<ReplayView>>, ApiError> {
    let engine = &services.engine;
    let id = find(engine, id).await?.destination.id;
    let items = engine.list_replay_views(id).await?;
    Ok(Json(Listed { items }))
}

/// Count the events of a replay
///
/// Counts the events that a replay would send now. Starting a replay counts again.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/replays/count", tag = "Streams", request_body = ReplayInput,
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "Number of events", body = ReplayCountView),
        (status = 404, description = "The destination does not exist"),
        (status = 422, description = "A field is invalid"),
        (status = 503, description = "Too many requests are reading the log. Retry after the number of seconds in `Retry-After`"),
    ),
)]
pub(super) async fn count_replay(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
    InBody(input): InBody<ReplayInput>,
) -> Result<Json<ReplayCountView>, ApiError> {
    let request = input.parse(&services)?;
    let _permit = services.log_reads.permit().await?;
    Ok(Json(
        services.engine.preview_replay(DestinationId::new(id), &request).await?,
    ))
}

/// Start a replay
///
/// Sends the events in addition to the stream, those of each entity in the order of the log, concurrently, within the limit that the
/// stream leaves free. While the stream is backing off, paused, inactive or behind, the replay waits. Its requests are marked with the
/// replay's id: HTTP requests with the header
/// `X-Audit-Streams-Replay`, entries of Cloud Logging with the label `audit_streams_replay`, objects with the metadata
/// `audit-streams-replay`. A destination can have one running replay.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/replays", tag = "Streams", request_body = ReplayInput,
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 201, description = "Started", body = ReplayView,
            headers(("Location" = String, description = "URL of the replay"))),
        (status = 404, description = "The destination does not exist"),
        (status = 409, description = "Another replay to this destination is running"),
        (status = 422, description = "A field is invalid"),
        (status = 503, description = "Too many requests are reading the log. Retry after the number of seconds in `Retry-After`"),
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
        ("id" = i64, Path, description = "Id of the destination", minimum = 1),
        ("replay_id" = i64, Path, description = "Id of the replay", minimum = 1),
    ),
    responses(
        (status = 200, description = "The replay and its progress", body = ReplayView),
        (status = 404, description = "The destination has no such replay, or it was removed"),
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
/// Starts no further requests. A replay that has ended is left unchanged.
#[utoipa::path(delete, path = "/api/v1/destinations/{id}/replays/{replay_id}", tag = "Streams",
    params(
        ("id" = i64, Path, description = "Id of the destination", minimum = 1),
        ("replay_id" = i64, Path, description = "Id of the replay", minimum = 1),
    ),
    responses(
        (status = 200, description = "The replay, which is no longer running", body = ReplayView),
        (status = 404, description = "The destination has no such replay, or it was removed"),
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
