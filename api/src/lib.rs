//! The HTTP APIs: ingest, REST under `/api/v1` with its OpenAPI document, GitLab's REST under `/api/v4`, GitLab's GraphQL, health
//! checks and metrics.
//!
//! Each handler authorises, parses, makes one call of `engine::admin`, and responds. Ingest accepts only API tokens and has no
//! middleware, which it would pay for with every request. All other APIs accept tokens and administrators who are signed in: REST
//! through one middleware (`auth::require_caller`), GraphQL by itself, because its errors have a different format.
//!
//! `web` and `export` are public because the page uses them, too.

mod arrived;
mod auth;
mod body;
mod coding;
mod destinations;
mod error;
pub mod export;
mod fallback;
#[cfg(feature = "fuzzing")]
pub mod fuzz;
mod graphql;
mod health;
mod idempotency;
mod ingest;
mod input;
mod limits;
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

pub use self::{
    error::ApiError,
    fallback::answer_unknown_path,
    graphql::schema_definition,
    openapi::document,
    services::{ApiConfig, Services, ServicesInner},
};
use self::{
    fallback::answer_unknown_method,
    web::{log_failures, set_security_headers},
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
        // Unknown paths are handled here, where cookies do not count, so `Origin` is not required.
        .route("/api/v1/{*path}", any(|| async { answer_unknown_path() }))
        .route("/api/v4/{*path}", any(|| async { v4::answer_unknown_path() }))
        .merge(health::router())
        .merge(metrics::router().layer(map_response(never_guess_types)))
        .method_not_allowed_fallback(answer_unknown_method)
        .with_state(Arc::clone(services))
}

/// Browsers must not guess the content type of these responses.
async fn never_guess_types(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
