//! Destinations: list, change, test, and the health of each stream.

mod activity;
mod answer;
mod attempts;
mod by_kind;
mod change;
mod create;
mod deliveries;
mod find;
mod health;
mod input;
mod park;
mod parked;
mod refused_set;
mod replays;
mod retry;
mod rotation;
mod test;
mod update;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::{Field, view::DestinationView};
use engine::admin::AdminError;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use self::by_kind::describe_kinds;
use self::{answer::answer, find::find};
use super::answer::{Listed, expected_version, version_mismatch};
use crate::{
    auth::Caller,
    error::ApiError,
    input::{InPath, not_found},
    services::Services,
};

pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(list_destinations, create::create_destination))
        .routes(routes!(
            show_destination,
            update::update_destination,
            delete_destination
        ))
        .routes(routes!(show_signing_secret))
        .routes(routes!(rotation::rotate_signing_secret))
        .routes(routes!(rotation::end_signing_secret_rotation))
        .routes(routes!(rotation::rotate_verification_token))
        .routes(routes!(rotation::end_verification_token_rotation))
        .routes(routes!(test::test_new_destination))
        .routes(routes!(test::test_destination))
        .routes(routes!(health::show_health))
        .routes(routes!(activity::show_activity))
        .routes(routes!(retry::retry_destination))
        .routes(routes!(park::park_event))
        .routes(routes!(attempts::list_attempts))
        .routes(routes!(parked::list_parked))
        .routes(routes!(parked::list_retrying))
        .routes(routes!(refused_set::park_retrying))
        .routes(routes!(refused_set::retry_retrying))
        .routes(routes!(refused_set::discard_retrying))
        .routes(routes!(deliveries::list_recent_deliveries))
        .routes(routes!(refused_set::retry_several))
        .routes(routes!(refused_set::discard_several))
        .routes(routes!(parked::discard_parked))
        .routes(routes!(parked::retry_parked))
        .routes(routes!(replays::list_replays, replays::start_replay))
        .routes(routes!(replays::count_replay))
        .routes(routes!(replays::show_replay, replays::cancel_replay))
}

/// The secret that signs deliveries.
#[derive(Serialize, ToSchema)]
struct SigningSecretView {
    /// The secret in the format of Standard Webhooks.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    signing_secret: String,
}

/// List destinations
#[utoipa::path(get, path = "/api/v1/destinations", tag = "Destinations", responses(
    (status = 200, description = "All destinations, oldest first", body = Listed<DestinationView>),
))]
async fn list_destinations(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Listed<DestinationView>>, ApiError> {
    let states = services.engine.list_destinations().await?;
    Ok(Json(Listed::new(states, |state| state.view(caller.visibility()))))
}

/// Show a destination
#[utoipa::path(get, path = "/api/v1/destinations/{id}", tag = "Destinations",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "The destination", body = DestinationView,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 404, description = "The destination does not exist"),
    ),
)]
async fn show_destination(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
) -> Result<Response, ApiError> {
    let state = find(&services.engine, id).await?;
    Ok(answer(StatusCode::OK, &state, &caller))
}

/// Delete a destination
///
/// Ends the stream. Undelivered events are no longer sent, but stay in the log.
#[utoipa::path(delete, path = "/api/v1/destinations/{id}", tag = "Destinations",
    params(
        ("id" = i64, Path, description = "Id of the destination", minimum = 1),
        ("If-Match" = Option<String>, Header, description = "Apply the change only if this is the current version", example = "\"1\""),
    ),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "The destination does not exist"),
        (status = 412, description = "The version is not the one in `If-Match`"),
    ),
)]
async fn delete_destination(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let (engine, stored) = (&services.engine, find(&services.engine, id).await?.destination);
    let id = stored.id;
    let deleted = match expected_version(&headers, stored.version)? {
        Some(version) => engine.delete_destination_version(&caller.author, id, version).await,
        None => engine.delete_destination(&caller.author, id).await,
    };
    deleted.map_err(|error| match error {
        AdminError::ChangedMeanwhile => version_mismatch(),
        error => error.into(),
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show the signing secret of an HTTP destination
#[utoipa::path(get, path = "/api/v1/destinations/{id}/signing_secret", tag = "Destinations",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "The secret", body = SigningSecretView),
        (status = 404, description = "The destination does not exist, or has no signing secret"),
    ),
)]
async fn show_signing_secret(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
) -> Result<Json<SigningSecretView>, ApiError> {
    let stored = find(&services.engine, id).await?.destination;
    let secret = stored.target.values.get(Field::SigningSecret);
    Ok(Json(SigningSecretView {
        signing_secret: secret.ok_or_else(not_found)?.to_owned(),
    }))
}
