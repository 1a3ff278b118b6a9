//! Exports audit events as a file.

use axum::{Extension, extract::State, response::Response};

use super::{
    filter_query::{FilterQuery, InFilter},
    query::NoPage,
};
use crate::{
    auth::Caller,
    error::ApiError,
    export::{Format, export},
    services::Services,
};

/// Export audit events as CSV
///
/// Exports all matching events with GitLab's columns, oldest first, without a limit, up to the newest event at the time of the
/// request. If the token expires or is revoked, or an error occurs, the connection is closed before the end of the file.
#[utoipa::path(get, path = "/api/v1/audit_events.csv", tag = "Audit events", params(FilterQuery), responses(
    (status = 200, description = "A header line, then one line per event", body = String, content_type = "text/csv"),
    (status = 422, description = "A parameter is invalid"),
))]
pub(in crate::v1) async fn export_csv(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InFilter(filter, NoPage {}): InFilter<NoPage>,
) -> Result<Response, ApiError> {
    export(services, caller.credential, filter.parse(false)?, Format::Csv, None).await
}

/// Export audit events as JSON Lines
///
/// Exports all matching events as they are delivered, oldest first, without a limit, up to the newest event at the time of the
/// request. If the token expires or is revoked, or an error occurs, the connection is closed before the end of the file.
#[utoipa::path(get, path = "/api/v1/audit_events.jsonl", tag = "Audit events", params(FilterQuery), responses(
    (status = 200, description = "One line per event", body = String, content_type = "application/jsonl"),
    (status = 422, description = "A parameter is invalid"),
))]
pub(in crate::v1) async fn export_json_lines(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InFilter(filter, NoPage {}): InFilter<NoPage>,
) -> Result<Response, ApiError> {
    export(
        services,
        caller.credential,
        filter.parse(false)?,
        Format::JsonLines,
        None,
    )
    .await
}
