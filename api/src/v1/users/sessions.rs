//! Sessions of users.

use axum::{Extension, Json, extract::State, http::StatusCode};
use domain::{
    ids::{SessionId, UserId},
    view::SessionView,
};

use super::{super::answer::Listed, find};
use crate::{
    auth::Caller,
    error::ApiError,
    input::{InPath, not_found},
    services::Services,
};

/// List the sessions of a user
#[utoipa::path(get, path = "/api/v1/users/{id}/sessions", tag = "Users",
    params(("id" = i64, Path, description = "The user's id", minimum = 1)),
    responses(
        (status = 200, description = "The sessions of the user, most recently used first", body = Listed<SessionView>),
        (status = 404, description = "The user does not exist"),
    ),
)]
pub(in crate::v1) async fn list_sessions(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
) -> Result<Json<Listed<SessionView>>, ApiError> {
    let user = find(&services, UserId::new(id)).await?;
    let items = services.engine.list_sessions(user.id).await?;
    Ok(Json(Listed { items }))
}

/// End all sessions of a user
#[utoipa::path(delete, path = "/api/v1/users/{id}/sessions", tag = "Users",
    params(("id" = i64, Path, description = "The user's id", minimum = 1)),
    responses(
        (status = 204, description = "All sessions of the user are ended"),
        (status = 404, description = "The user does not exist"),
    ),
)]
pub(in crate::v1) async fn end_sessions(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
) -> Result<StatusCode, ApiError> {
    end(&services, &caller, id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End a session of a user
#[utoipa::path(delete, path = "/api/v1/users/{id}/sessions/{session}", tag = "Users",
    params(
        ("id" = i64, Path, description = "The user's id", minimum = 1),
        ("session" = i64, Path, description = "The session's id", minimum = 1),
    ),
    responses(
        (status = 204, description = "The session is ended"),
        (status = 404, description = "The user or the session does not exist"),
    ),
)]
pub(in crate::v1) async fn end_session(
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
    let engine = &services.engine;
    Ok(engine
        .end_sessions(&caller.author, user.id, &user.username, only)
        .await?)
}
