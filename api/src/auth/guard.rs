//! The door to everything of the API but ingest: who calls, whether that may be, and how many requests are left.
//!
//! What a request needs follows from its method and path alone, so that no handler can forget to ask.

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::caller::authorise;
use crate::{
    body::drain,
    error::{ApiError, RefusedField},
    services::Services,
};

/// Where events are posted, and read.
pub(crate) const AUDIT_EVENTS: &str = "/api/v1/audit_events";

/// Where a query is read. Elsewhere there is none, and one that is given says that something is misunderstood.
const WITH_QUERY: [&str; 6] = [
    AUDIT_EVENTS,
    "/api/v1/audit_events.csv",
    "/api/v1/audit_events.jsonl",
    "/api/v1/destinations/{id}/activity",
    "/api/v1/destinations/{id}/attempts",
    "/api/v1/destinations/{id}/parked",
];

/// The name of an operation in the table of permissions. HEAD needs what GET needs.
pub(crate) fn operation(method: &Method, path: &str) -> String {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    format!("{method} {path}")
}

/// Middleware: refuses parameters where there are none.
pub(crate) async fn refuse_unknown_query(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let query = request.uri().query().unwrap_or_default();
    let name = url::form_urlencoded::parse(query.as_bytes())
        .next()
        .map(|(name, _)| name.into_owned());
    match name {
        Some(name) if path.is_none_or(|path| !WITH_QUERY.contains(&path)) => {
            let message = format!("{name}: unknown parameter; this endpoint accepts no query parameters.");
            let (_, mut body) = request.into_parts();
            drain(&mut body).await;
            ApiError::invalid(vec![RefusedField { field: name, message }]).into_response()
        }
        _ => next.run(request).await,
    }
}

/// Middleware: handlers find who calls in the extensions.
pub(crate) async fn require_caller(state: State<Services>, request: Request, next: Next) -> Response {
    admit(&state.0, request, next)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

/// # Errors
/// Why nobody is let in.
pub(crate) async fn admit(services: &Services, request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut parts, mut body) = request.into_parts();
    let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    let operation = operation(&parts.method, path.unwrap_or_default());
    match authorise(services, &parts, &operation).await {
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
