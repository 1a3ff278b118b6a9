//! Attempts that failed.

use axum::{Json, extract::State};
use domain::Timestamp;
use engine::{admin::AdminError, store::Attempt};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    super::{answer::Listed, fields::refuse_one},
    find,
};
use crate::{
    api::{
        ApiError,
        input::{InPath, InQuery},
    },
    services::Services,
};

const LIMIT: u32 = 100;
const MOST: u32 = 1_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AttemptsQuery {
    /// How many at most; the last 1,000 are kept.
    #[param(minimum = 1, maximum = 1000, default = 100, nullable = false)]
    limit: Option<u32>,
}

/// An attempt to deliver that failed.
#[derive(Serialize, ToSchema)]
pub(super) struct AttemptView {
    /// Position of the first event that it carried.
    seq: i64,
    /// How many it carried.
    events: u32,
    /// How many times that event had been tried by then, this attempt included.
    number: u32,
    started_at: Timestamp,
    duration_ms: u32,
    /// Null if there was no answer.
    status: Option<u16>,
    reason: String,
    /// The start of the answer.
    response: String,
}

/// List failed attempts
#[utoipa::path(get, path = "/api/v1/destinations/{id}/attempts", tag = "Streams",
    params(("id" = i64, Path, description = "The destination's id", minimum = 1), AttemptsQuery),
    responses(
        (status = 200, description = "Failed attempts, the newest first", body = Listed<AttemptView>),
        (status = 404, description = "There is no such destination"),
        (status = 422, description = "A parameter is not right"),
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
    let attempts = services.engine.database().list_attempts(id, limit).await;
    Ok(Json(Listed::new(attempts.map_err(AdminError::from)?, view)))
}

fn view(attempt: Attempt) -> AttemptView {
    AttemptView {
        seq: attempt.seq.get(),
        events: attempt.events,
        number: attempt.number,
        started_at: attempt.started_at,
        duration_ms: attempt.duration_ms,
        status: attempt.status,
        reason: attempt.reason,
        response: attempt.response,
    }
}
