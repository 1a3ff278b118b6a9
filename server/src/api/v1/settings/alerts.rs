//! When administrators are told of trouble, and how.

mod input;

use app::port::settings::{AlertSummary, EmailSummary, WebhookSummary};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::settings::SmtpSecurity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::input::AlertChangeInput;
use super::{
    super::answer::{expected_version, version_mismatch, versioned},
    TRIES,
};
use crate::{
    admin::{self, AdminError},
    api::{ApiError, caller::Caller, input::InBody},
    services::Services,
};

/// When administrators are told of trouble, and how. The password and the signing secret are not shown.
#[derive(Serialize, ToSchema)]
pub(in crate::api::v1) struct AlertSettingsView {
    version: i64,
    /// Minutes for which a stream has been failing when it is told.
    #[schema(example = 10)]
    failing_minutes: u32,
    /// What a stream is still owed, in per cent of the size that the log may have, when it is told.
    #[schema(example = 80)]
    log_share: u32,
    /// Null if no e-mail is sent.
    email: Option<EmailView>,
    /// Null if nothing is posted.
    webhook: Option<WebhookView>,
}

#[derive(Serialize, ToSchema)]
pub(in crate::api::v1) struct EmailView {
    #[schema(example = "smtp.example.com")]
    host: String,
    #[schema(example = 587)]
    port: u16,
    security: Security,
    /// Null for a server that asks for none.
    username: Option<String>,
    #[schema(example = "audit@example.com")]
    from: String,
    #[schema(example = json!(["ops@example.com"]))]
    to: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(in crate::api::v1) struct WebhookView {
    /// Only its origin unless an administrator asks: a path or a query may hold a secret.
    #[schema(example = "https://ops.example.com/alerts")]
    url: String,
    /// Whether what is posted is signed, as Standard Webhooks has it.
    signed: bool,
}

/// How the connection to the e-mail server is encrypted: begun in clear and encrypted before anything is sent, encrypted from
/// the start, or not at all.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::api::v1) enum Security {
    Starttls,
    Tls,
    None,
}

impl From<SmtpSecurity> for Security {
    fn from(security: SmtpSecurity) -> Self {
        match security {
            SmtpSecurity::StartTls => Self::Starttls,
            SmtpSecurity::Tls => Self::Tls,
            SmtpSecurity::None => Self::None,
        }
    }
}

/// Show the alert settings
#[utoipa::path(get, path = "/api/v1/settings/alerts", tag = "Settings", responses(
    (status = 200, description = "What holds now", body = AlertSettingsView,
        headers(("ETag" = String, description = "The version, for `If-Match`"))),
))]
pub(in crate::api::v1) async fn show_alert_settings(
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
pub(in crate::api::v1) async fn update_alert_settings(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    InBody(change): InBody<AlertChangeInput>,
) -> Result<Response, ApiError> {
    let mut tries = TRIES;
    loop {
        let current = admin::show_alerts(&services.engine).await?;
        let expected = expected_version(&headers, current.version)?;
        let parsed = change.apply(&current)?;
        match admin::update_alerts(&services.engine, &caller.author, current.version, parsed).await {
            Err(AdminError::ChangedMeanwhile) if expected.is_none() && tries > 1 => tries -= 1,
            Err(AdminError::ChangedMeanwhile) if expected.is_some() => return Err(version_mismatch()),
            Err(error) => return Err(error.into()),
            Ok(()) => return answer(&services, &caller).await,
        }
    }
}

async fn answer(services: &Services, caller: &Caller) -> Result<Response, ApiError> {
    let summary = admin::show_alerts(&services.engine).await?;
    let version = summary.version;
    Ok(versioned(StatusCode::OK, version, &view(summary, caller.is_admin)))
}

fn view(summary: AlertSummary, is_admin: bool) -> AlertSettingsView {
    let email = |email: EmailSummary| EmailView {
        host: email.host,
        port: email.port,
        security: email.security.into(),
        username: email.username,
        from: email.from,
        to: email.to,
    };
    let webhook = |webhook: WebhookSummary| WebhookView {
        url: if is_admin { webhook.url } else { webhook.origin },
        signed: webhook.is_signed,
    };
    AlertSettingsView {
        version: summary.version,
        failing_minutes: summary.thresholds.failing_minutes.get(),
        log_share: summary.thresholds.log_share.get(),
        email: summary.email.map(email),
        webhook: summary.webhook.map(webhook),
    }
}
