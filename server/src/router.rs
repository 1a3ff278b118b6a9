//! Everything the server answers.

use api::Services;
use axum::Router;

use crate::{help, page};

/// The routes of all parts. Each part brings the layers that it needs; ingest and health have none.
pub(crate) fn router(services: &Services) -> Router {
    Router::new()
        .merge(api::router(services))
        .merge(assets::router())
        .merge(help::router(services))
        .merge(page::router(services))
}
