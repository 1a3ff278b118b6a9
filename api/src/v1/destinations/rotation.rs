//! Rotates the secrets that the server makes, and ends rotations.

use axum::{Extension, Json, extract::State, http::StatusCode, response::Response};
use domain::{
    destination::RotatedSecret,
    ids::DestinationId,
    view::{DestinationView, NewSecretView},
};

use super::answer::answer;
use crate::{auth::Caller, error::ApiError, input::InPath, services::Services};

/// Rotate the signing secret of an HTTP destination
///
/// Replaces the signing secret by a new one. For 24 hours, requests are signed with both: `webhook-signature` has the signature by the new
/// secret and then that by the previous one. If a rotation is in progress already, the previous secret stays valid for another 24 hours,
/// and the one that replaced it is no longer valid.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/signing_secret/rotate", tag = "Destinations",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "The new secret", body = NewSecretView),
        (status = 404, description = "The destination does not exist, or has no signing secret"),
    ),
)]
pub(super) async fn rotate_signing_secret(
    services: State<Services>,
    caller: Extension<Caller>,
    id: InPath<i64>,
) -> Result<Json<NewSecretView>, ApiError> {
    rotate(services, caller, id, RotatedSecret::SigningSecret).await
}

/// End the rotation of the signing secret
///
/// Requests are no longer signed with the previous secret.
#[utoipa::path(delete, path = "/api/v1/destinations/{id}/signing_secret/previous", tag = "Destinations",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "The updated destination", body = DestinationView,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 404, description = "The destination does not exist, or its signing secret is not being rotated"),
    ),
)]
pub(super) async fn end_signing_secret_rotation(
    services: State<Services>,
    caller: Extension<Caller>,
    id: InPath<i64>,
) -> Result<Response, ApiError> {
    end(services, caller, id, RotatedSecret::SigningSecret).await
}

/// Rotate the verification token of an HTTP destination
///
/// Generates a new verification token, which is sent in 24 hours or when the rotation is ended. Until then, the previous token is sent, so
/// that receivers can be given the new one first. If a rotation is in progress already, the token that is sent stays the same for another
/// 24 hours, and the one that was to replace it is never sent.
#[utoipa::path(post, path = "/api/v1/destinations/{id}/verification_token/rotate", tag = "Destinations",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "The new token", body = NewSecretView),
        (status = 404, description = "The destination does not exist, or has no verification token"),
    ),
)]
pub(super) async fn rotate_verification_token(
    services: State<Services>,
    caller: Extension<Caller>,
    id: InPath<i64>,
) -> Result<Json<NewSecretView>, ApiError> {
    rotate(services, caller, id, RotatedSecret::VerificationToken).await
}

/// End the rotation of the verification token
///
/// The new token is sent from now on.
#[utoipa::path(delete, path = "/api/v1/destinations/{id}/verification_token/previous", tag = "Destinations",
    params(("id" = i64, Path, description = "Id of the destination", minimum = 1)),
    responses(
        (status = 200, description = "The updated destination", body = DestinationView,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 404, description = "The destination does not exist, or its verification token is not being rotated"),
    ),
)]
pub(super) async fn end_verification_token_rotation(
    services: State<Services>,
    caller: Extension<Caller>,
    id: InPath<i64>,
) -> Result<Response, ApiError> {
    end(services, caller, id, RotatedSecret::VerificationToken).await
}

async fn rotate(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    secret: RotatedSecret,
) -> Result<Json<NewSecretView>, ApiError> {
    let rotated = services
        .engine
        .rotate_secret(&caller.author, DestinationId::new(id), secret)
        .await;
    let (_, new) = rotated?;
    Ok(Json(new))
}

async fn end(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    secret: RotatedSecret,
) -> Result<Response, ApiError> {
    let ended = services
        .engine
        .end_rotation(&caller.author, DestinationId::new(id), secret)
        .await;
    Ok(answer(StatusCode::OK, &ended?, &caller))
}
