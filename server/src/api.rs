//! What programs use: requests with an API token, answers in JSON. A session cookie means nothing here.

mod authorise;
mod body;
mod coding;
mod error;
mod fallback;
mod ingest;
mod large_bodies;
mod limits;

use axum::{
    Router,
    routing::{any, post},
};

pub(crate) use self::{
    error::ApiError,
    fallback::{answer_unknown_method, answer_unknown_path},
    large_bodies::LargeBodies,
    limits::{FailedTokens, IngestRate, RefusalLog},
};
use crate::services::Services;

/// The routes. Nothing is layered over them: what ingest does not need, it does not pay for.
pub(crate) fn router() -> Router<Services> {
    Router::new()
        .route("/api/v1/audit_events", post(ingest::post_audit_events))
        // Mistyped paths are answered here, where no cookie counts and so no Origin is asked for.
        .route("/api/v1/{*path}", any(|| async { answer_unknown_path() }))
}
