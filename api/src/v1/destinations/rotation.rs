//! Rotates the secrets that the server makes, and ends rotations.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::{
    destination::RotatedSecret,
    view::{DestinationView, NewSecretView},
};
use engine::admin::AdminError;

use super::{
    super::answer::{expected_version, version_mismatch, versioned},
    answer::answer,
    find,
};
use crate::{auth::Caller, error::ApiError, input::InPath, services::Services};

/// Rotate the signing secret of an HTTP destination
///
/// Replaces the signing secret by a new one. For 24 hours, requests are signed with both: `webhook-signature` has the signature by the new
/// secret and then that by the previous one. While a rotation is in progress, there can't be another one.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/signing_secret/rotate", tag = "Destinations",
    params(
        ("id" = i64, Path, description = "Id of the destination", minimum = 1),
        ("If-Match" = Option<String>, Header, description = "Apply the change only if this is the current version", example = "\"1\""),
    ),
    responses(
        (status = 200, description = "The new secret", body = NewSecretView,
            headers(("ETag" = String, description = "The version of the destination, for `If-Match`"))),
        (status = 404, description = "The destination does not exist, or has no signing secret"),
        (status = 409, description = "A rotation is in progress"),
        (status = 412, description = "The version is not the one in `If-Match`"),
    ),
)]
pub(super) async fn rotate_signing_secret(
    services: State<Services>,
    caller: Extension<Caller>,
    id: InPath<i64>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    rotate(services, caller, id, RotatedSecret::SigningSecret, &headers).await
}

/// End the rotation of the signing secret
///
/// Requests are no longer signed with the previous secret.
#[utoipa::path(delete, path = "/api/v1/destinations/{id}/signing_secret/previous", tag = "Destinations",
    params(
        ("id" = i64, Path, description = "Id of the destination", minimum = 1),
        ("If-Match" = Option<String>, Header, description = "Apply the change only if this is the current version", example = "\"1\""),
    ),
    responses(
        (status = 200, description = "The updated destination", body = DestinationView,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 404, description = "The destination does not exist, or its signing secret is not being rotated"),
        (status = 412, description = "The version is not the one in `If-Match`"),
    ),
)]
pub(super) async fn end_signing_secret_rotation(
    services: State<Services>,
    caller: Extension<Caller>,
    id: InPath<i64>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    end(services, caller, id, RotatedSecret::SigningSecret, &headers).await
}

/// Rotate the verification token of an HTTP destination
///
/// Generates a new verification token, which is sent in 24 hours or when the rotation is ended. Until then, the previous token is sent, so
/// that receivers can be given the new one first. While a rotation is in progress, there can't be another one.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/verification_token/rotate", tag = "Destinations",
    params(
        ("id" = i64, Path, description = "Id of the destination", minimum = 1),
        ("If-Match" = Option<String>, Header, description = "Apply the change only if this is the current version", example = "\"1\""),
    ),
    responses(
        (status = 200, description = "The new token", body = NewSecretView,
            headers(("ETag" = String, description = "The version of the destination, for `If-Match`"))),
        (status = 404, description = "The destination does not exist, or has no verification token"),
        (status = 409, description = "A rotation is in progress"),
        (status = 412, description = "The version is not the one in `If-Match`"),
    ),
)]
pub(super) async fn rotate_verification_token(
    services: State<Services>,
    caller: Extension<Caller>,
    id: InPath<i64>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    rotate(services, caller, id, RotatedSecret::VerificationToken, &headers).await
}

/// End the rotation of the verification token
///
/// The new token is sent from now on.
#[utoipa::path(delete, path = "/api/v1/destinations/{id}/verification_token/previous", tag = "Destinations",
    params(
        ("id" = i64, Path, description = "Id of the destination", minimum = 1),
        ("If-Match" = Option<String>, Header, description = "Apply the change only if this is the current version", example = "\"1\""),
    ),
    responses(
        (status = 200, description = "The updated destination", body = DestinationView,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 404, description = "The destination does not exist, or its verification token is not being rotated"),
        (status = 412, description = "The version is not the one in `If-Match`"),
    ),
)]
pub(super) async fn end_verification_token_rotation(
    services: State<Services>,
    caller: Extension<Caller>,
    id: InPath<i64>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    end(services, caller, id, RotatedSecret::VerificationToken, &headers).await
}

async fn rotate(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    secret: RotatedSecret,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let (engine, stored) = (&services.engine, find(&services.engine, id).await?.destination);
    let expected = expected_version(headers, stored.version)?;
    let rotated = engine.rotate_secret(&caller.author, stored.id, secret, expected).await;
    let (state, new) = rotated.map_err(|error| failed(error, expected))?;
    Ok(versioned(StatusCode::OK, state.destination.version, &new))
}

async fn end(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    secret: RotatedSecret,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let (engine, stored) = (&services.engine, find(&services.engine, id).await?.destination);
    let expected = expected_version(headers, stored.version)?;
    let ended = engine.end_rotation(&caller.author, stored.id, secret, expected).await;
    let state = ended.map_err(|error| failed(error, expected))?;
    Ok(answer(StatusCode::OK, &state, &caller))
}

fn failed(error: AdminError, expected: Option<i64>) -> ApiError {
    match error {
        AdminError::ChangedMeanwhile if expected.is_some() => version_mismatch(),
        error => error.into(),
    }
}
