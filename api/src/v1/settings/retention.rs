//! Retention age and size limit of the log.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::{
    settings::{RetentionChange, RetentionDraft},
    view::RetentionView,
};
use engine::{Origin, RetentionSettings, Setting, admin::AdminError};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{expected_version, version_mismatch, versioned},
        fields::refuse,
    },
    TRIES, refuse_fixed,
};
use crate::{
    auth::Caller,
    error::ApiError,
    input::{InBody, given},
    services::Services,
};

/// Omitted fields are left unchanged. `null` restores the default.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"days": 90, "log_size": "50GiB"}))]
pub(in crate::v1) struct RetentionChangeInput {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 36500)]
    days: Option<Option<u32>>,
    /// At least 64MiB.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    log_size: Option<Option<String>>,
}

/// Show the retention settings
#[utoipa::path(get, path = "/api/v1/settings/retention", tag = "Settings", responses(
    (status = 200, description = "The current settings", body = RetentionView,
        headers(("ETag" = String, description = "The version, for `If-Match`"))),
))]
pub(in crate::v1) async fn show_retention_settings(State(services): State<Services>) -> Result<Response, ApiError> {
    answer(&services).await
}

/// Change the retention settings
#[utoipa::path(patch, path = "/api/v1/settings/retention", tag = "Settings", request_body = RetentionChangeInput,
    params(("If-Match" = Option<String>, Header, description = "Apply the change only if this is the current version", example = "\"1\"")),
    responses(
        (status = 200, description = "The current settings", body = RetentionView,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 409, description = "The resource was changed at the same time by someone else"),
        (status = 412, description = "The version is not the one in `If-Match`"),
        (status = 422, description = "A field is invalid, or cannot be changed here"),
    ),
)]
pub(in crate::v1) async fn update_retention_settings(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    InBody(change): InBody<RetentionChangeInput>,
) -> Result<Response, ApiError> {
    let mut tries = TRIES;
    loop {
        let current = services.engine.retention_settings();
        let expected = expected_version(&headers, current.version)?;
        let parsed = change.apply(&current)?;
        let updated = services
            .engine
            .update_retention(&caller.author, current.version, parsed);
        match updated.await {
            Err(AdminError::ChangedMeanwhile) if expected.is_none() && tries > 1 => tries -= 1,
            Err(AdminError::ChangedMeanwhile) if expected.is_some() => return Err(version_mismatch()),
            Err(error) => return Err(error.into()),
            Ok(()) => return answer(&services).await,
        }
    }
}

impl RetentionChangeInput {
    fn apply(&self, current: &RetentionSettings) -> Result<RetentionChange, ApiError> {
        if self.days.is_some() && current.days.is_fixed() {
            return Err(refuse_fixed("days"));
        }
        if self.log_size.is_some() && current.log_size.is_fixed() {
            return Err(refuse_fixed("log_size"));
        }
        let draft = RetentionDraft {
            days: self.days.flatten().map(|days| days.to_string()).unwrap_or_default(),
            log_size: self.log_size.clone().flatten().unwrap_or_default(),
        };
        let parsed = draft.parse().map_err(|errors| refuse(&errors))?;
        Ok(RetentionChange {
            days: if self.days.is_some() {
                parsed.days
            } else {
                chosen(current.days.clone())
            },
            log_size: if self.log_size.is_some() {
                parsed.log_size
            } else {
                chosen(current.log_size.clone())
            },
        })
    }
}

/// The administrator's choice; `None` for the default.
fn chosen<T>(setting: Setting<T>) -> Option<T> {
    (setting.origin == Origin::Page).then_some(setting.value)
}

async fn answer(services: &Services) -> Result<Response, ApiError> {
    let view = services.engine.show_retention().await?;
    Ok(versioned(StatusCode::OK, view.version, &view))
}
