//! GitLab's REST API for audit events, so that programs which poll a GitLab instance can poll this one. It also has the endpoints
//! that such clients call first: the current user and the version.
//!
//! Names, parameters, headers and errors are GitLab's: <https://docs.gitlab.com/api/audit_events/> and
//! <https://docs.gitlab.com/api/rest/#pagination>. The `id` of an event is its position in the log, which is an increasing number,
//! so pages by `id` miss no event, however late it arrives. Unknown parameters are ignored, as in GitLab.

mod audit_events;
mod error;
mod event;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzz;
mod instance;
mod moment;
mod pagination;
mod parted;
mod query;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};

use self::error::GitlabError;
use crate::{auth::admit, services::Services};

/// The routes of GitLab's REST.
pub(crate) fn router(services: &Services) -> Router<Services> {
    let routes = routes().into_iter();
    routes
        .fold(Router::new(), |router, (path, method)| router.route(path, method))
        .layer(from_fn_with_state(Arc::clone(services), require_caller))
}

/// Each route and its handler.
fn routes() -> [(&'static str, MethodRouter<Services>); 5] {
    [
        ("/api/v4/audit_events", get(audit_events::list_audit_events)),
        ("/api/v4/audit_events/{id}", get(audit_events::show_audit_event)),
        ("/api/v4/user", get(instance::show_user)),
        ("/api/v4/version", get(instance::show_version)),
        ("/api/v4/metadata", get(instance::show_metadata)),
    ]
}

/// The paths, for the test of the table of permissions.
#[cfg(test)]
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    routes().into_iter().map(|(path, _)| path)
}

async fn require_caller(State(services): State<Services>, request: Request, next: Next) -> Response {
    let admitted = admit(&services, request, next).await;
    admitted.unwrap_or_else(|error| GitlabError::from(error).into_response())
}

/// Unknown path below `/api/v4`.
pub(crate) fn answer_unknown_path() -> Response {
    GitlabError::error(StatusCode::NOT_FOUND, "404 Not Found").into_response()
}

/// The path does not support the method.
pub(crate) fn answer_unknown_method() -> Response {
    GitlabError::error(StatusCode::METHOD_NOT_ALLOWED, "405 Not Allowed").into_response()
}
