//! What administrators have been told and is not over.

use app::port::settings::{OpenAlertKind, OpenAlertSummary};
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
    /// The stream that it is about; null if it is about the log.
    destination: Option<AlertedDestination>,
    /// When the stream began to fail, or when administrators were notified of parked events; null if it is about the log.
    since: Option<Moment>,
    /// When it was told.
    raised_at: Moment,
}

#[derive(Serialize, ToSchema)]
pub(super) enum AlertKind {
    #[serde(rename = "audit_event_stream_failing")]
    StreamFailing,
    #[serde(rename = "audit_events_parked")]
    EventsParked,
    #[serde(rename = "audit_event_log_nearing_limit")]
    LogNearingLimit,
    #[serde(rename = "audit_events_pruned_early")]
    EventsPrunedEarly,
}

#[derive(Serialize, ToSchema)]
pub(super) struct AlertedDestination {
    id: i64,
    name: String,
}

/// List open alerts
///
/// What administrators were notified of and is not over: streams that have been failing, parked events, a log that nears its
/// limit, and events that leave it before the retention age.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "Settings", responses(
    (status = 200, description = "Streams that fail, then those with parked events, then those of the log", body = Listed<AlertView>),
))]
pub(super) async fn list_alerts(State(services): State<Services>) -> Result<Json<Listed<AlertView>>, ApiError> {
    let open = admin::list_open_alerts(&services.engine).await?;
    Ok(Json(Listed::new(open, view)))
}

fn view(alert: OpenAlertSummary) -> AlertView {
    let kind = match alert.kind {
        OpenAlertKind::StreamFailing => AlertKind::StreamFailing,
        OpenAlertKind::EventsParked => AlertKind::EventsParked,
        OpenAlertKind::LogNearingLimit => AlertKind::LogNearingLimit,
        OpenAlertKind::EventsPrunedEarly => AlertKind::EventsPrunedEarly,
    };
    AlertView {
        kind,
        since: alert.stream.as_ref().map(|stream| Moment(stream.since)),
        destination: alert.stream.map(|stream| AlertedDestination {
            id: stream.id.get(),
            name: stream.name,
        }),
        raised_at: Moment(alert.raised_at),
    }
}
