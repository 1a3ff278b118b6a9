//! What programs use: ingest, REST under `/api/v1` with its OpenAPI document, GitLab's REST under `/api/v4`, GitLab's
//! GraphQL, health checks and metrics.
//!
//! Each handler authorises, parses, makes one call of `engine::admin`, and answers. Ingest takes an API token and nothing
//! else, and no layer lies over it: it does not pay for what it does not need. Everything else admits tokens and
//! administrators who are signed in: REST through one middleware (`auth::require_caller`), GraphQL by itself, because its
//! errors have a form of their own.
//!
//! `auth`, `limits`, `web` and `export` also serve the page, which is why they are public.

mod arrived;
pub mod auth;
mod body;
mod coding;
pub mod destinations;
mod error;
mod event_summary;
pub mod export;
mod fallback;
mod graphql;
mod health;
mod idempotency;
mod ingest;
mod input;
pub mod limits;
mod metrics;
mod openapi;
mod services;
mod v1;
mod v4;
pub mod web;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderValue, header::X_CONTENT_TYPE_OPTIONS},
    middleware::{from_fn, from_fn_with_state, map_response},
    response::Response,
    routing::{any, post},
};

use self::web::{log_failures, set_security_headers};
pub use self::{
    error::ApiError,
    event_summary::EventSummary,
    fallback::{answer_unknown_method, answer_unknown_path},
    graphql::schema_definition,
    openapi::document,
    services::{ApiConfig, Services, ServicesInner},
};

/// The routes of all APIs.
pub fn router(services: &Services) -> Router {
    let guarded = Router::from(v1::routes())
        .layer(from_fn(auth::refuse_unknown_query))
        .layer(from_fn_with_state(Arc::clone(services), auth::require_caller))
        .merge(v4::router(services))
        .route("/api/graphql", post(graphql::post_graphql))
        .layer(from_fn_with_state(Arc::clone(services), set_security_headers))
        .layer(from_fn_with_state(Arc::clone(services), log_failures));
    Router::from(ingest::route())
        .merge(guarded)
        .merge(openapi::router())
        // Mistyped paths are answered here, where no cookie counts and so no Origin is asked for.
        .route("/api/v1/{*path}", any(|| async { answer_unknown_path() }))
        .route("/api/v4/{*path}", any(|| async { v4::answer_unknown_path() }))
        .merge(health::router())
        .merge(metrics::router().layer(map_response(never_guess_types)))
        .method_not_allowed_fallback(answer_unknown_method)
        .with_state(Arc::clone(services))
}

/// Browsers must not guess the type of what these routes return.
async fn never_guess_types(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
