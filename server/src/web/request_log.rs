//! One line in the log for each request that failed: method, path, status, time. Never a query, a header or a body.

use std::time::Instant;

use axum::{extract::Request, middleware::Next, response::Response};

/// Middleware: logs answers that are errors.
pub(crate) async fn log_failures(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let status = response.status();
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    if status.is_server_error() {
        tracing::warn!(%method, path, status = status.as_u16(), duration_ms, "A request failed.");
    } else if status.is_client_error() {
        tracing::info!(%method, path, status = status.as_u16(), duration_ms, "A request was refused.");
    } else {
        tracing::debug!(%method, path, status = status.as_u16(), duration_ms, "A request was answered.");
    }
    response
}
