//! Audit events as a file.

use axum::{Extension, extract::State, response::Response};

use super::query::ExportQuery;
use crate::{
    auth::Caller,
    error::ApiError,
    export::{Format, export},
    input::InQuery,
    services::Services,
};

/// Export audit events as CSV
///
/// With GitLab's columns, the oldest first, without a limit, up to the newest when it was asked for. It ends with the token that asked:
/// then, and when something fails, the connection is broken off.
#[utoipa::path(get, path = "/api/v1/audit_events.csv", tag = "Audit events", params(ExportQuery), responses(
    (status = 200, description = "A header and a line for each event", body = String, content_type = "text/csv"),
    (status = 422, description = "A parameter is not right"),
))]
pub(in crate::v1) async fn export_csv(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InQuery(query): InQuery<ExportQuery>,
) -> Result<Response, ApiError> {
    export(services, caller.pass, query.parse()?, Format::Csv).await
}

/// Export audit events as JSON Lines
///
/// Each event as it is delivered, the oldest first, without a limit, up to the newest when it was asked for. It ends with the token that
/// asked: then, and when something fails, the connection is broken off.
#[utoipa::path(get, path = "/api/v1/audit_events.jsonl", tag = "Audit events", params(ExportQuery), responses(
    (status = 200, description = "A line for each event", body = String, content_type = "application/jsonl"),
    (status = 422, description = "A parameter is not right"),
))]
pub(in crate::v1) async fn export_json_lines(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InQuery(query): InQuery<ExportQuery>,
) -> Result<Response, ApiError> {
    export(services, caller.pass, query.parse()?, Format::JsonLines).await
}
