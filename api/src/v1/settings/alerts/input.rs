//! Input of a change to the alert settings.

use domain::{
    settings::{
        AlertChange, AlertThresholds, EmailChange, EmailDraft, SmtpSecurity, ThresholdsDraft, WebhookChange,
        WebhookDraft,
    },
    view::{AlertSettingsView, EmailView, WebhookView},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::super::fields::{refuse, refuse_one};
use crate::{error::ApiError, input::given};

/// Omitted fields are left unchanged. `null` restores the default, or disables e-mail or the webhook.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"failing_minutes": 15, "webhook": {"url": "https://ops.example.com/alerts"}}))]
pub(in crate::v1) struct AlertChangeInput {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1440)]
    failing_minutes: Option<Option<u32>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 50, maximum = 99)]
    log_share: Option<Option<u32>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<EmailInput>)]
    email: Option<Option<EmailInput>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<WebhookInput>)]
    webhook: Option<Option<WebhookInput>>,
}

/// If e-mail is not configured yet, `host`, `from` and `to` are required.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct EmailInput {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = "smtp.example.com")]
    host: Option<String>,
    /// Defaults to 587.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 1)]
    port: Option<u16>,
    /// Defaults to `starttls`.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    security: Option<SmtpSecurity>,
    /// `null` if the server requires no authentication.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 255)]
    username: Option<Option<String>>,
    /// Write-only. Required again if `host` or `security` changes.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, write_only, max_length = 255)]
    password: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = "audit@example.com")]
    from: Option<String>,
    /// Replaces the whole list.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_items = 20)]
    to: Option<Vec<String>>,
}

/// If the webhook is not configured yet, `url` is required.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::v1) struct WebhookInput {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = "https://ops.example.com/alerts")]
    url: Option<String>,
    /// Write-only: `whsec_` and 24 to 64 bytes in base64. `null` to sign nothing.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, write_only)]
    secret: Option<Option<String>>,
}

impl AlertChangeInput {
    /// Applies the patch to the current settings.
    pub(super) fn apply(&self, current: &AlertSettingsView) -> Result<AlertChange, ApiError> {
        let email = self.email.as_ref().map(|email| {
            let applied = email.as_ref().map(|email| email.apply(current.email.as_ref()));
            applied.transpose()
        });
        let webhook = self.webhook.as_ref().map(|webhook| {
            let applied = webhook.as_ref().map(|webhook| webhook.apply(current.webhook.as_ref()));
            applied.transpose()
        });
        Ok(AlertChange {
            thresholds: self.apply_thresholds(current.thresholds())?,
            email: email.transpose()?,
            webhook: webhook.transpose()?,
        })
    }

    fn apply_thresholds(&self, current: AlertThresholds) -> Result<Option<AlertThresholds>, ApiError> {
        if self.failing_minutes.is_none() && self.log_share.is_none() {
            return Ok(None);
        }
        let text = |given: Option<Option<u32>>, current: u32| match given {
            None => current.to_string(),
            Some(None) => String::new(),
            Some(Some(number)) => number.to_string(),
        };
        let draft = ThresholdsDraft {
            failing_minutes: text(self.failing_minutes, current.failing_minutes.get()),
            log_share: text(self.log_share, current.log_share.get()),
        };
        draft.parse().map(Some).map_err(|errors| refuse(&errors))
    }
}

impl EmailInput {
    fn apply(&self, current: Option<&EmailView>) -> Result<EmailChange, ApiError> {
        let stored = |text: fn(&EmailView) -> String| current.map(text).unwrap_or_default();
        let username = || stored(|email| email.username.clone().unwrap_or_default());
        let draft = EmailDraft {
            host: self.host.clone().unwrap_or_else(|| stored(|email| email.host.clone())),
            port: self
                .port
                .map_or_else(|| stored(|email| email.port.to_string()), |port| port.to_string()),
            security: self.security.map_or_else(
                || stored(|email| email.security.as_str().to_owned()),
                |security| security.as_str().to_owned(),
            ),
            username: self.username.clone().map_or_else(username, Option::unwrap_or_default),
            password: self.password.clone().unwrap_or_default(),
            from: self.from.clone().unwrap_or_else(|| stored(|email| email.from.clone())),
            to: self
                .to
                .as_ref()
                .map_or_else(|| stored(|email| email.to.join("\n")), |to| to.join("\n")),
        };
        let parsed = draft.parse().map_err(|errors| refuse(&errors))?;
        parsed.ok_or_else(|| {
            refuse_one(
                "email.host",
                "Server: can't be blank. To disable e-mail, set email to null.",
            )
        })
    }
}

impl WebhookInput {
    fn apply(&self, current: Option<&WebhookView>) -> Result<WebhookChange, ApiError> {
        let stored = || current.map(|webhook| webhook.url.clone()).unwrap_or_default();
        let draft = WebhookDraft {
            url: self.url.clone().unwrap_or_else(stored),
            secret: self.secret.clone().flatten().unwrap_or_default(),
            removes_secret: self.secret == Some(None),
        };
        let parsed = draft.parse().map_err(|errors| refuse(&errors))?;
        parsed.ok_or_else(|| {
            refuse_one(
                "webhook.url",
                "URL: can't be blank. To disable the webhook, set webhook to null.",
            )
        })
    }
}
