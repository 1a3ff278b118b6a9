//! Recent requests of a stream, including those that succeeded.

use axum::{Json, extract::State};
use domain::{ids::DestinationId, view::RecentDeliveryView};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::super::{answer::Listed, fields::refuse_one};
use crate::{
    error::ApiError,
    input::{InPath, InQuery},
    services::Services,
};

const LIMIT: u32 = 100;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveriesQuery {
    /// Only requests with this outcome.
    #[param(inline, nullable = false)]
    outcome: Option<OutcomeName>,
    /// Maximum number of items.
    #[param(minimum = 1, maximum = 100, default = 100, nullable = false)]
    limit: Option<u32>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OutcomeName {
    Failed,
}

/// List recent deliveries
///
/// The last requests of a stream, whether they succeeded or failed. Failed requests are stored. Successful ones are kept in
/// memory, and are forgotten when the server restarts.
#[utoipa::path(get, path = "/api/v1/destinations/{id}/deliveries", tag = "Streams",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1), DeliveriesQuery),
    responses(
        (status = 200, description = "Deliveries, newest first", body = Listed<RecentDeliveryView>),
        (status = 404, description = "The destination does not exist"),
        (status = 422, description = "A parameter is invalid"),
    ),
)]
pub(super) async fn list_recent_deliveries(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
    InQuery(query): InQuery<DeliveriesQuery>,
) -> Result<Json<Listed<RecentDeliveryView>>, ApiError> {
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT).contains(&limit) {
        return Err(refuse_one("limit", "limit: 1 to 100."));
    }
    let (id, only_failed) = (DestinationId::new(id), query.outcome.is_some());
    let items = services.engine.list_recent_deliveries(id, only_failed, limit).await?;
    Ok(Json(Listed { items }))
}
