//! Changes a destination.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::view::DestinationView;
use engine::admin::AdminError;

use super::{
    super::{
        answer::{expected_version, version_mismatch},
        fields::{failed_of, refuse_of},
    },
    answer::answer,
    by_kind::ByKind,
    change::DestinationChange,
    find,
};
use crate::{
    auth::Caller,
    destinations::{EditError, edit},
    error::ApiError,
    input::{InBody, InPath},
    services::Services,
};

/// Change a destination
///
/// Applies a merge patch: omitted fields are left unchanged. The change is in effect when the response is sent. Without `If-Match`,
/// it is applied to the current version.
#[utoipa::path(patch, path = "/api/v1/destinations/{id}", tag = "Destinations", request_body = DestinationChange,
    params(
        ("id" = i64, Path, description = "Id of the destination", minimum = 1),
        ("If-Match" = Option<String>, Header, description = "Apply the change only if this is the current version", example = "\"1\""),
    ),
    responses(
        (status = 200, description = "The updated destination", body = DestinationView,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 404, description = "The destination does not exist"),
        (status = 409, description = "The resource was changed at the same time by someone else"),
        (status = 412, description = "The version is not the one in `If-Match`"),
        (status = 422, description = "A field is invalid or already taken"),
    ),
)]
pub(super) async fn update_destination(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
    headers: HeaderMap,
    InBody(change): InBody<ByKind<DestinationChange>>,
) -> Result<Response, ApiError> {
    let stored = find(&services.engine, id).await?.destination;
    let expected = expected_version(&headers, stored.version)?;
    change.check(&stored)?;
    let kind = stored.target.kind();
    let apply = |_: &_, draft: &mut _, stream_state: &mut _| change.apply(draft, stream_state);
    match edit(&services.engine, &caller.author, stored.id, expected, apply).await {
        Ok(state) => Ok(answer(StatusCode::OK, &state, &caller)),
        Err(EditError::Invalid(errors)) => Err(refuse_of(kind, &errors)),
        Err(EditError::Update(AdminError::ChangedMeanwhile)) if expected.is_some() => Err(version_mismatch()),
        Err(EditError::Update(error)) => Err(failed_of(kind, error)),
    }
}
