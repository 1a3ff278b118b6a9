//! Logs failed requests: method, path, status and duration, but never a query, a header or a body.
//!
//! Anyone can send requests that are rejected, so the number of lines per minute is limited for each status; the next line says how
//! many were omitted.

use std::time::Instant;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use crate::services::Services;

/// Middleware: logs error responses.
pub async fn log_failures(State(services): State<Services>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let status = response.status();
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let is_failure = status.is_server_error() || status.is_client_error();
    let line = is_failure.then(|| {
        services
            .refusal_log
            .admits(status.canonical_reason().unwrap_or("other"))
    });
    let status = status.as_u16();
    match line {
        None => tracing::debug!(%method, path, status, duration_ms, "A request succeeded."),
        Some(None) => {}
        Some(Some(left_out)) if status >= 500 => {
            tracing::warn!(%method, path, status, duration_ms, left_out, "A request failed.");
        }
        Some(Some(left_out)) => {
            tracing::info!(%method, path, status, duration_ms, left_out, "A request was rejected.");
        }
    }
    response
}
