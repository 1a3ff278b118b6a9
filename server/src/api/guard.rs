//! The door to everything of the API but ingest: who calls, whether that may be, and how many requests are left.
//!
//! What a request needs follows from its method and path alone, so that no handler can forget to ask.

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::access::Scope;

use super::{ApiError, body::drain, caller::authorise};
use crate::services::Services;

/// Reads that show what only an administrator may see.
const SECRETS: [&str; 1] = ["/api/v1/destinations/{id}/signing_secret"];

/// What a token has to allow: `read` for what changes nothing, `admin` for the rest.
pub(super) fn needed_scope(method: &Method, path: &str) -> Scope {
    let is_safe = matches!(*method, Method::GET | Method::HEAD);
    if path == super::AUDIT_EVENTS && !is_safe {
        Scope::Ingest
    } else if is_safe && !SECRETS.contains(&path) {
        Scope::Read
    } else {
        Scope::Admin
    }
}

/// Middleware: handlers find who calls in the extensions.
pub(super) async fn require_caller(state: State<Services>, request: Request, next: Next) -> Response {
    admit(&state.0, request, next)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

/// # Errors
/// Why nobody is let in.
pub(super) async fn admit(services: &Services, request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut parts, mut body) = request.into_parts();
    let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    let needed = needed_scope(&parts.method, path.unwrap_or_default());
    match authorise(services, &parts, needed).await {
        Ok(caller) => {
            let rate = caller.rate;
            parts.extensions.insert(caller);
            let mut response = next.run(Request::from_parts(parts, body)).await;
            rate.set(response.headers_mut());
            Ok(response)
        }
        Err(error) => {
            drain(&mut body).await;
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_read_needs_an_administrator() {
        assert_eq!(needed_scope(&Method::GET, "/api/v1/destinations"), Scope::Read);
        assert_eq!(needed_scope(&Method::HEAD, "/api/v1/audit_events"), Scope::Read);
        assert_eq!(needed_scope(&Method::POST, "/api/v1/audit_events"), Scope::Ingest);
        for method in [Method::POST, Method::PATCH, Method::DELETE, Method::PUT] {
            assert_eq!(needed_scope(&method, "/api/v1/destinations"), Scope::Admin);
        }
        assert_eq!(
            needed_scope(&Method::GET, "/api/v1/destinations/{id}/signing_secret"),
            Scope::Admin
        );
    }
}
