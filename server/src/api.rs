//! What programs use: ingest, REST under `/api/v1` with its OpenAPI document, GitLab's REST under `/api/v4`, and GitLab's
//! GraphQL.
//!
//! Ingest takes an API token and nothing else, and no layer lies over it: what it does not need, it does not pay for.
//! Everything else lets in tokens and administrators who are signed in: REST through one door (`guard`), GraphQL by itself,
//! since its errors have a shape of their own.

mod arrived;
mod authorise;
mod body;
mod caller;
mod coding;
mod error;
mod fallback;
mod graphql;
mod guard;
mod idempotency;
mod ingest;
mod input;
mod large_bodies;
mod limits;
mod log_reads;
mod openapi;
mod rate;
mod v1;
mod v4;

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    routing::{any, post},
};

pub(crate) use self::{
    caller::authorise_by_token,
    error::ApiError,
    fallback::{answer_unknown_method, answer_unknown_path},
    graphql::schema_definition,
    ingest::{AcceptedFigures, IngestFigures, Refusal},
    large_bodies::LargeBodies,
    limits::{FailedTokens, IngestRate, RefusalLog},
    log_reads::LogReads,
    openapi::document,
    rate::{ApiRate, RateHeaders},
};
use crate::{
    services::Services,
    web::{log_failures, set_security_headers},
};

/// The routes of all of it.
pub(crate) fn router(services: &Services) -> Router<Services> {
    let guarded = Router::from(v1::routes())
        .layer(from_fn(guard::refuse_unknown_query))
        .layer(from_fn_with_state(Arc::clone(services), guard::require_caller))
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
}
