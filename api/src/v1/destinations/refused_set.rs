//! Several refused events at once: park, retry, discard.

use axum::{Extension, Json, extract::State};
use domain::{
    delivery::{
        RefusedChange::{self, Discard, Park, Retry},
        RefusedChoice,
        RefusedList::{self, Parked, Retrying},
    },
    ids::{DestinationId, Seq},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::fields::refuse_one;
use crate::{
    auth::Caller,
    error::ApiError,
    input::{InBody, InOptionalBody, InPath},
    services::Services,
};

const MOST: usize = 1_000;

/// The events to retry. Without `seqs`: all parked events.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryInput {
    /// Positions of the events in the log.
    #[schema(min_items = 1, max_items = 1000, nullable = false)]
    seqs: Option<Vec<i64>>,
}

/// The events to change: either `seqs` or `all`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChosenInput {
    /// Positions of the events in the log.
    #[schema(min_items = 1, max_items = 1000, nullable = false)]
    seqs: Option<Vec<i64>>,
    /// `true` for all events of the list.
    #[serde(default)]
    all: bool,
}

/// Events that are being retried.
#[derive(Serialize, ToSchema)]
pub(super) struct RetriedView {
    /// Number of retried events.
    retried: u64,
}

/// Events that are now parked.
#[derive(Serialize, ToSchema)]
pub(super) struct ParkedCountView {
    /// Number of events that were parked by this request.
    parked: u64,
}

/// Discarded events.
#[derive(Serialize, ToSchema)]
pub(super) struct DiscardedView {
    /// Number of discarded events.
    discarded: u64,
}

/// Retry several parked events
///
/// Retries the events in `seqs`, or all parked events without `seqs`. They are retried like events that were rejected for the first
/// time. Events that are not parked are ignored.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/parked/retry", tag = "Streams", request_body = Option<RetryInput>,
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "The events are being retried", body = RetriedView),
        (status = 404, description = "The destination does not exist"),
        (status = 422, description = "A field is invalid"),
    ),
)]
pub(super) async fn retry_several(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    InOptionalBody(input): InOptionalBody<RetryInput>,
) -> Result<Json<RetriedView>, ApiError> {
    let seqs = input.and_then(|input| input.seqs);
    let choice = seqs.map_or(Ok(RefusedChoice::All), chosen)?;
    let retried = change(&services, &caller, id, Parked, Retry, choice).await?;
    Ok(Json(RetriedView { retried }))
}

/// Discard several parked events
///
/// Discards the events in `seqs`, or all parked events with `all`. They are not delivered to this destination, and are removed from
/// the log like other events. Events that are not parked are ignored.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/parked/discard", tag = "Streams", request_body = ChosenInput,
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "The events are discarded", body = DiscardedView),
        (status = 404, description = "The destination does not exist"),
        (status = 422, description = "A field is invalid"),
    ),
)]
pub(super) async fn discard_several(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    InBody(input): InBody<ChosenInput>,
) -> Result<Json<DiscardedView>, ApiError> {
    let discarded = change(&services, &caller, id, Parked, Discard, either(input)?).await?;
    Ok(Json(DiscardedView { discarded }))
}

/// Park events that are retried
///
/// Parks the events in `seqs`, or all events that are retried with `all`. They are kept and no longer retried. Events that are not
/// being retried are ignored. An event that is being sent at this moment is delivered if the destination accepts it.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/retrying/park", tag = "Streams", request_body = ChosenInput,
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "The events are parked", body = ParkedCountView),
        (status = 404, description = "The destination does not exist"),
        (status = 422, description = "A field is invalid"),
    ),
)]
pub(super) async fn park_retrying(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    InBody(input): InBody<ChosenInput>,
) -> Result<Json<ParkedCountView>, ApiError> {
    let parked = change(&services, &caller, id, Retrying, Park, either(input)?).await?;
    Ok(Json(ParkedCountView { parked }))
}

/// Retry rejected events now
///
/// Retries the events in `seqs`, or all events that are retried with `all`, immediately and then like events that were rejected for
/// the first time. Events that are not being retried are ignored.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/retrying/retry", tag = "Streams", request_body = ChosenInput,
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "The events are being retried", body = RetriedView),
        (status = 404, description = "The destination does not exist"),
        (status = 422, description = "A field is invalid"),
    ),
)]
pub(super) async fn retry_retrying(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    InBody(input): InBody<ChosenInput>,
) -> Result<Json<RetriedView>, ApiError> {
    let retried = change(&services, &caller, id, Retrying, Retry, either(input)?).await?;
    Ok(Json(RetriedView { retried }))
}

/// Discard events that are retried
///
/// Discards the events in `seqs`, or all events that are retried with `all`. They are not delivered to this destination, and are
/// removed from the log like other events. Events that are not being retried are ignored. An event that is being sent at this
/// moment is delivered if the destination accepts it.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/retrying/discard", tag = "Streams", request_body = ChosenInput,
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "The events are discarded", body = DiscardedView),
        (status = 404, description = "The destination does not exist"),
        (status = 422, description = "A field is invalid"),
    ),
)]
pub(super) async fn discard_retrying(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    InBody(input): InBody<ChosenInput>,
) -> Result<Json<DiscardedView>, ApiError> {
    let discarded = change(&services, &caller, id, Retrying, Discard, either(input)?).await?;
    Ok(Json(DiscardedView { discarded }))
}

fn either(input: ChosenInput) -> Result<RefusedChoice, ApiError> {
    match (input.seqs, input.all) {
        (Some(seqs), false) => chosen(seqs),
        (None, true) => Ok(RefusedChoice::All),
        _ => Err(refuse_one("seqs", "seqs: either seqs or all must be given.")),
    }
}

fn chosen(seqs: Vec<i64>) -> Result<RefusedChoice, ApiError> {
    if !(1..=MOST).contains(&seqs.len()) {
        return Err(refuse_one("seqs", "seqs: 1 to 1000 positions."));
    }
    Ok(RefusedChoice::At(seqs.into_iter().map(Seq::new).collect()))
}

async fn change(
    services: &Services,
    caller: &Caller,
    id: i64,
    list: RefusedList,
    change: RefusedChange,
    choice: RefusedChoice,
) -> Result<u64, ApiError> {
    let (engine, id) = (&services.engine, DestinationId::new(id));
    Ok(engine.change_refused(&caller.author, id, list, change, &choice).await?)
}
