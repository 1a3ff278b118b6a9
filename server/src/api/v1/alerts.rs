//! What administrators have been told and is not over.

use app::port::settings::OpenAlertSummary;
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{answer::Listed, moment::Moment};
use crate::{admin, api::ApiError, services::Services};

/// An alert that is not over.
#[derive(Serialize, ToSchema)]
pub(super) struct AlertView {
    /// The type of the audit event that told of it.
    #[serde(rename = "type")]
    kind: AlertKind,
    /// The stream that fails; null if it is about the log.
    destination: Option<AlertedDestination>,
    /// When the stream began to fail; null if it is about the log.
    since: Option<Moment>,
    /// When it was told.
    raised_at: Moment,
}

#[derive(Serialize, ToSchema)]
pub(super) enum AlertKind {
    #[serde(rename = "audit_event_stream_failing")]
    StreamFailing,
    #[serde(rename = "audit_event_log_nearing_limit")]
    LogNearingLimit,
}

#[derive(Serialize, ToSchema)]
pub(super) struct AlertedDestination {
    id: i64,
    name: String,
}

/// List open alerts
///
/// Trouble that has been told and is not over: streams that have been failing, and a log that nears its limit.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "Settings", responses(
    (status = 200, description = "By destination, then that of the log", body = Listed<AlertView>),
))]
pub(super) async fn list_alerts(State(services): State<Services>) -> Result<Json<Listed<AlertView>>, ApiError> {
    let open = admin::list_open_alerts(&services.engine).await?;
    Ok(Json(Listed::new(open, view)))
}

fn view(alert: OpenAlertSummary) -> AlertView {
    let raised_at = Moment(alert.raised_at);
    match alert.stream {
        Some(stream) => AlertView {
            kind: AlertKind::StreamFailing,
            destination: Some(AlertedDestination {
                id: stream.id.get(),
                name: stream.name,
            }),
            since: Some(Moment(stream.since)),
            raised_at,
        },
        None => AlertView {
            kind: AlertKind::LogNearingLimit,
            destination: None,
            since: None,
            raised_at,
        },
    }
}
