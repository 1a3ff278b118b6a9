//! The Log as a file, for who is signed in.

use api::{
    ApiError, Services,
    export::{Credential, Format, export},
};
use app::{model::log_location::LogLocation, port::SignedIn};
use axum::{
    Extension,
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};

use super::filter::event_filter;

pub(in crate::page) async fn export_csv(
    State(services): State<Services>,
    Extension(signed_in): Extension<SignedIn>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    export_filtered(services, &signed_in, query, Format::Csv).await
}

pub(in crate::page) async fn export_json_lines(
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
    let location = LogLocation::from_query(&query.unwrap_or_default());
    let filter = event_filter(&location.filter, services.engine.clock().now())
        .map_err(|error| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", error.to_string()))?;
    export(services, Credential::Session(signed_in.session), filter, format).await
}
