//! Changing a destination.

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
        fields::refuse,
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
/// A merge patch: what is absent stays as it is. It is in effect when it is answered. Without `If-Match` it is applied to whatever is
/// stored.
#[utoipa::path(patch, path = "/api/v1/destinations/{id}", tag = "Destinations", request_body = DestinationChange,
    params(
        ("id" = i64, Path, description = "The destination's id", minimum = 1),
        ("If-Match" = Option<String>, Header, description = "Only if this is still the version", example = "\"1\""),
    ),
    responses(
        (status = 200, description = "The destination as it is now", body = DestinationView,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 404, description = "There is no such destination"),
        (status = 409, description = "Others kept changing it meanwhile"),
        (status = 412, description = "Another version than `If-Match` names"),
        (status = 422, description = "A field is not right or taken"),
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
    let apply = |_: &_, draft: &mut _, stream_state: &mut _| change.apply(draft, stream_state);
    match edit(&services.engine, &caller.author, stored.id, expected, apply).await {
        Ok(state) => Ok(answer(StatusCode::OK, &state, &caller)),
        Err(EditError::Invalid(errors)) => Err(refuse(&errors)),
        Err(EditError::Update(AdminError::ChangedMeanwhile)) if expected.is_some() => Err(version_mismatch()),
        Err(EditError::Update(error)) => Err(error.into()),
    }
}
