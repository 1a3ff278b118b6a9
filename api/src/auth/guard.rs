//! Middleware for all of the API except ingest: identifies the caller, authorises the operation and counts the request.
//!
//! What a request needs depends only on its method and route, so no handler can forget the check.

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::access::permissions;

use super::caller::authorise;
use crate::{
    body::drain,
    error::{ApiError, RefusedField},
    services::Services,
};

/// The path for posting and reading events.
pub(crate) const AUDIT_EVENTS: &str = "/api/v1/audit_events";

/// Paths with query parameters. On all other paths, a parameter is a mistake of the client.
const WITH_QUERY: [&str; 8] = [
    AUDIT_EVENTS,
    "/api/v1/audit_events.csv",
    "/api/v1/audit_events.jsonl",
    "/api/v1/destinations/{id}/activity",
    "/api/v1/destinations/{id}/attempts",
    "/api/v1/destinations/{id}/deliveries",
    "/api/v1/destinations/{id}/parked",
    "/api/v1/destinations/{id}/retrying",
];

/// Middleware: rejects query parameters on paths without any.
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
            let refusal = ApiError::invalid(vec![RefusedField { field: name, message }]);
            drain(&mut body, refusal.status()).await;
            refusal.into_response()
        }
        _ => next.run(request).await,
    }
}

/// Middleware: puts the caller into the extensions of the request.
pub(crate) async fn require_caller(state: State<Services>, request: Request, next: Next) -> Response {
    admit(&state.0, request, next)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

/// # Errors
/// Why a request is not authorised.
pub(crate) async fn admit(services: &Services, request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut parts, mut body) = request.into_parts();
    let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    let operation = permissions::name_of(parts.method.as_str(), path.unwrap_or_default());
    match authorise(services, &parts, &operation).await {
        Ok(caller) => {
            let rate = caller.rate;
            parts.extensions.insert(caller);
            let mut response = next.run(Request::from_parts(parts, body)).await;
            rate.set(response.headers_mut());
            Ok(response)
        }
        Err(error) => {
            drain(&mut body, error.status()).await;
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn parameters_are_accepted_where_they_are_documented() {
        let document: Value = serde_json::from_str(&crate::openapi::document()).unwrap();
        let takes_query = |item: &Value| {
            let mut operations = item.as_object().unwrap().values();
            operations.any(|operation| {
                let parameters = operation["parameters"].as_array();
                parameters.is_some_and(|all| all.iter().any(|parameter| parameter["in"] == "query"))
            })
        };
        let paths = document["paths"].as_object().unwrap().iter();
        let documented: BTreeSet<&str> = paths
            .filter(|(_, item)| takes_query(item))
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!(documented, BTreeSet::from(WITH_QUERY));
    }
}
