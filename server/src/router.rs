//! Everything the server answers.

use api::Services;
use axum::{
    Router,
    http::{HeaderValue, header::X_CONTENT_TYPE_OPTIONS},
    response::Response,
};

use crate::{help, page};

/// The routes of all parts. Each part brings the layers that it needs; ingest and health have none.
pub(crate) fn router(services: &Services) -> Router {
    let assets = assets::router().layer(axum::middleware::map_response(never_guess_types));
    Router::new()
        .merge(api::router(services))
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
