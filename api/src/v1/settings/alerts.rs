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
    (status = 200, description = "The current settings", body = AlertSettingsView,
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
/// Takes effect immediately. Notifications that failed are retried immediately.
#[utoipa::path(patch, path = "/api/v1/settings/alerts", tag = "Settings", request_body = AlertChangeInput,
    params(("If-Match" = Option<String>, Header, description = "Apply the change only if this is the current version", example = "\"1\"")),
    responses(
        (status = 200, description = "The current settings", body = AlertSettingsView,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 409, description = "The resource was changed at the same time by someone else"),
        (status = 412, description = "The version is not the one in `If-Match`"),
        (status = 422, description = "A field is invalid"),
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
