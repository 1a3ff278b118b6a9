//! All streams and the log, now and in the last hour.

use axum::{Json, extract::State};
use domain::view::OverviewView;

use crate::{error::ApiError, services::Services};

/// Show how the instance is doing
#[utoipa::path(get, path = "/api/v1/overview", tag = "Instance", responses(
    (status = 200, description = "The state of all streams and of the log", body = OverviewView),
))]
pub(super) async fn show_overview(State(services): State<Services>) -> Result<Json<OverviewView>, ApiError> {
    Ok(Json(services.engine.overview().await?.view))
}
