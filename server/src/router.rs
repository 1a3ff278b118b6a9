//! Everything the server answers.

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderValue, header::X_CONTENT_TYPE_OPTIONS},
    response::Response,
};

use crate::{api, assets, health, help, metrics, page, services::Services};

/// The routes of all parts. Each part brings the layers that it needs; ingest and health have none.
pub(crate) fn router(services: &Services) -> Router {
    let assets = assets::router().layer(axum::middleware::map_response(never_guess_types));
    let metrics = metrics::router().layer(axum::middleware::map_response(never_guess_types));
    Router::new()
        .merge(api::router(services))
        .merge(health::router())
        .merge(metrics)
        .method_not_allowed_fallback(api::answer_unknown_method)
        .with_state(Arc::clone(services))
        .merge(assets)
        .merge(help::router(services))
        .merge(page::router(services))
}

async fn never_guess_types(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
