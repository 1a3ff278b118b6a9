//! Failed attempts.

use axum::{Json, extract::State};
use domain::view::AttemptView;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    super::{answer::Listed, fields::refuse_one},
    find,
};
use crate::{
    error::ApiError,
    input::{InPath, InQuery},
    services::Services,
};

const LIMIT: u32 = 100;
const MOST: u32 = 1_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AttemptsQuery {
    /// Maximum number of items. The last 1,000 are kept.
    #[param(minimum = 1, maximum = 1000, default = 100, nullable = false)]
    limit: Option<u32>,
}

/// List failed attempts
#[utoipa::path(get, path = "/api/v1/destinations/{id}/attempts", tag = "Streams",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1), AttemptsQuery),
    responses(
        (status = 200, description = "Failed attempts, newest first", body = Listed<AttemptView>),
        (status = 404, description = "The destination does not exist"),
        (status = 422, description = "A parameter is invalid"),
    ),
)]
pub(super) async fn list_attempts(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
    InQuery(query): InQuery<AttemptsQuery>,
) -> Result<Json<Listed<AttemptView>>, ApiError> {
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(refuse_one("limit", "limit: 1 to 1000."));
    }
    let id = find(&services.engine, id).await?.destination.id;
    let items = services.engine.list_attempts(id, limit).await?;
    Ok(Json(Listed { items }))
}
