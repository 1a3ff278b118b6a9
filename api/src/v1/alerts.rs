//! Open alerts.

use axum::{Json, extract::State};
use domain::view::AlertView;

use super::answer::Listed;
use crate::{error::ApiError, services::Services};

/// List open alerts
///
/// Lists open alerts: failing streams, parked events, a log close to its size limit, and events removed before the retention age.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "Settings", responses(
    (status = 200, description = "Open alerts: failing streams first, then parked events, then the log", body = Listed<AlertView>),
))]
pub(super) async fn list_alerts(State(services): State<Services>) -> Result<Json<Listed<AlertView>>, ApiError> {
    let items = services.engine.list_alerts().await?;
    Ok(Json(Listed { items }))
}
