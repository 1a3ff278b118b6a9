//! The Log as a file, for who is signed in.

use api::{
    ApiError, Services,
    export::{Credential, Format, export},
};
use app::log::{EXPORT_KEY, LogLocation, event_filter};
use axum::{
    Extension,
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use domain::access::SignedIn;

pub(super) async fn export_csv(
    State(services): State<Services>,
    Extension(signed_in): Extension<SignedIn>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    export_filtered(services, &signed_in, query, Format::Csv).await
}

pub(super) async fn export_json_lines(
    State(services): State<Services>,
    Extension(signed_in): Extension<SignedIn>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    export_filtered(services, &signed_in, query, Format::JsonLines).await
}

async fn export_filtered(
    services: Services,
    signed_in: &SignedIn,
    query: Option<String>,
    format: Format,
) -> Result<Response, ApiError> {
    let query = query.unwrap_or_default();
    let location = LogLocation::from_query(&query);
    let progress = services.engine.watch_export(signed_in.session, &progress_key(&query));
    let filter = event_filter(&location.filter, services.engine.clock().now()).map_err(|error| {
        if let Some(progress) = &progress {
            progress.reject(&error.to_string());
        }
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", error.to_string())
    })?;
    export(
        services,
        Credential::Session(signed_in.session),
        filter,
        format,
        progress,
    )
    .await
}

/// The key by which the page asks how far the export is; empty if it does not.
fn progress_key(query: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(name, _)| name == EXPORT_KEY)
        .map(|(_, key)| key.into_owned())
        .unwrap_or_default()
}
