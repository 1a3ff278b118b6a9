//! `GET /metrics`, for Prometheus.
//!
//! Nothing is counted here. A scrape reads the counters of the engine and of ingest (`reading`), converts them to metrics
//! (`collector`) and encodes these in the requested format (`format`). It takes no lock that a delivery waits for. Every name is in
//! `docs/metrics.md`, which a test compares with the response. No label contains a URL, a token or a header.

mod access;
mod collector;
mod families;
mod format;
mod reading;

use axum::{
    Router,
    extract::{Request, State},
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE, VARY},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::registry::Registry;

use self::{format::Format, reading::Reading};
use crate::{error::ApiError, services::Services};

/// The route of the metrics.
pub(crate) fn router() -> Router<Services> {
    Router::new().route("/metrics", get(show_metrics))
}

async fn show_metrics(State(services): State<Services>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let rate = access::authorise(&services, &parts).await?;
    let format = Format::of(&parts.headers);
    let reading = Reading::take(&services).await?;
    let mut registry = Registry::default();
    registry.register_collector(Box::new(reading));
    let text = format
        .encode(&registry)
        .map_err(|error| ApiError::internal("The metrics could not be encoded.", &error))?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(format.content_type())),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (VARY, HeaderValue::from_static("Accept")),
    ];
    let mut response = (headers, text).into_response();
    rate.set(response.headers_mut());
    Ok(response)
}
