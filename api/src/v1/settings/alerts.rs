//! When and how administrators are notified.

mod input;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::view::AlertSettingsView;
use engine::admin::AdminError;

use self::input::AlertChangeInput;
use super::{
    super::answer::{expected_version, version_mismatch, versioned},
    TRIES,
};
use crate::{auth::Caller, error::ApiError, input::InBody, services::Services};

/// Show the alert settings
#[utoipa::path(get, path = "/api/v1/settings/alerts", tag = "Settings", responses(
    (status = 200, description = "What holds now", body = AlertSettingsView,
        headers(("ETag" = String, description = "The version, for `If-Match`"))),
))]
pub(in crate::v1) async fn show_alert_settings(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, ApiError> {
    answer(&services, &caller).await
}

/// Change the alert settings
///
/// They hold at once. What could not be told yet is tried again at once.
#[utoipa::path(patch, path = "/api/v1/settings/alerts", tag = "Settings", request_body = AlertChangeInput,
    params(("If-Match" = Option<String>, Header, description = "Only if this is still the version", example = "\"1\"")),
    responses(
        (status = 200, description = "What holds now", body = AlertSettingsView,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 409, description = "Others kept changing it meanwhile"),
        (status = 412, description = "Another version than `If-Match` names"),
        (status = 422, description = "A field is not right"),
    ),
)]
pub(in crate::v1) async fn update_alert_settings(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    InBody(change): InBody<AlertChangeInput>,
) -> Result<Response, ApiError> {
    let mut tries = TRIES;
    loop {
        let current = services.engine.show_alert_settings(true).await?;
        let expected = expected_version(&headers, current.version)?;
        let parsed = change.apply(&current)?;
        let updated = services
            .engine
            .update_alert_settings(&caller.author, current.version, parsed);
        match updated.await {
            Err(AdminError::ChangedMeanwhile) if expected.is_none() && tries > 1 => tries -= 1,
            Err(AdminError::ChangedMeanwhile) if expected.is_some() => return Err(version_mismatch()),
            Err(error) => return Err(error.into()),
            Ok(()) => return answer(&services, &caller).await,
        }
    }
}

async fn answer(services: &Services, caller: &Caller) -> Result<Response, ApiError> {
    let view = services.engine.show_alert_settings(caller.is_admin()).await?;
    Ok(versioned(StatusCode::OK, view.version, &view))
}
