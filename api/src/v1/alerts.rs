//! Alerts that are open.

use axum::{Json, extract::State};
use domain::view::AlertView;

use super::answer::Listed;
use crate::{error::ApiError, services::Services};

/// List open alerts
///
/// What administrators were notified of and is not over: streams that have been failing, parked events, a log that nears its
/// limit, and events that leave it before the retention age.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "Settings", responses(
    (status = 200, description = "Streams that fail, then those with parked events, then those of the log", body = Listed<AlertView>),
))]
pub(super) async fn list_alerts(State(services): State<Services>) -> Result<Json<Listed<AlertView>>, ApiError> {
    let items = services.engine.list_alerts().await?;
    Ok(Json(Listed { items }))
}
