//! Browsers that are signed in.

use app::port::settings::SessionSummary;
use axum::{Extension, Json, extract::State, http::StatusCode};
use domain::ids::{SessionId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{answer::Listed, moment::Moment},
    find,
};
use crate::{
    admin,
    api::{
        ApiError,
        caller::Caller,
        input::{InPath, not_found},
    },
    services::Services,
};

/// A browser that is signed in.
#[derive(Serialize, ToSchema)]
pub(in crate::api::v1) struct SessionView {
    id: i64,
    /// From where it was last used.
    #[schema(example = "192.0.2.10")]
    ip_address: String,
    first_seen_at: Moment,
    last_seen_at: Moment,
}

/// List the sessions of a user
#[utoipa::path(get, path = "/api/v1/users/{id}/sessions", tag = "Users",
    params(("id" = i64, Path, description = "The user's id", minimum = 1)),
    responses(
        (status = 200, description = "Browsers that are signed in, the last used first", body = Listed<SessionView>),
        (status = 404, description = "There is no such user"),
    ),
)]
pub(in crate::api::v1) async fn list_sessions(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
) -> Result<Json<Listed<SessionView>>, ApiError> {
    let user = find(&services, UserId::new(id)).await?;
    let sessions = admin::list_sessions(&services.engine, user.id).await?;
    Ok(Json(Listed::new(sessions, view)))
}

/// Sign a user out everywhere
#[utoipa::path(delete, path = "/api/v1/users/{id}/sessions", tag = "Users",
    params(("id" = i64, Path, description = "The user's id", minimum = 1)),
    responses(
        (status = 204, description = "No browser of theirs is signed in"),
        (status = 404, description = "There is no such user"),
    ),
)]
pub(in crate::api::v1) async fn end_sessions(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
) -> Result<StatusCode, ApiError> {
    end(&services, &caller, id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign a user out of one browser
#[utoipa::path(delete, path = "/api/v1/users/{id}/sessions/{session}", tag = "Users",
    params(
        ("id" = i64, Path, description = "The user's id", minimum = 1),
        ("session" = i64, Path, description = "The session's id", minimum = 1),
    ),
    responses(
        (status = 204, description = "Signed out"),
        (status = 404, description = "There is no such user, or no such session"),
    ),
)]
pub(in crate::api::v1) async fn end_session(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath((id, session)): InPath<(i64, i64)>,
) -> Result<StatusCode, ApiError> {
    match end(&services, &caller, id, Some(SessionId::new(session))).await? {
        0 => Err(not_found()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

async fn end(services: &Services, caller: &Caller, id: i64, only: Option<SessionId>) -> Result<u64, ApiError> {
    let user = find(services, UserId::new(id)).await?;
    let ended = admin::end_sessions(&services.engine, &caller.author, user.id, &user.username, only).await;
    Ok(ended?)
}

fn view(session: SessionSummary) -> SessionView {
    SessionView {
        id: session.id.get(),
        ip_address: session.ip_address,
        first_seen_at: Moment(session.first_seen_at),
        last_seen_at: Moment(session.last_seen_at),
    }
}
