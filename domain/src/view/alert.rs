//! Alerts, and when and how administrators are notified.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    alerts::CertificateHolder,
    destination::DestinationUrl,
    ids::DestinationId,
    settings::{AlertThresholds, EmailSettings, FailingMinutes, LogShare, SmtpSecurity, WebhookSettings},
};

/// When and how administrators are notified of problems. The password and the signing secret are not included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertSettingsView {
    /// Version of the alert settings. It increases with every change.
    pub version: i64,
    /// Number of minutes for which a stream must fail before an alert is raised.
    #[cfg_attr(feature = "openapi", schema(value_type = u32, example = 10))]
    pub failing_minutes: FailingMinutes,
    /// Size of a stream's undelivered events at which an alert is raised, in per cent of the size limit of the log.
    #[cfg_attr(feature = "openapi", schema(value_type = u32, example = 80))]
    pub log_share: LogShare,
    /// Null if e-mail is disabled.
    pub email: Option<EmailView>,
    /// Null if the webhook is disabled.
    pub webhook: Option<WebhookView>,
}

/// The settings of e-mail, without the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmailView {
    /// Name or address of the SMTP server.
    #[cfg_attr(feature = "openapi", schema(example = "smtp.example.com"))]
    pub host: String,
    /// Port of the SMTP server.
    #[cfg_attr(feature = "openapi", schema(example = 587))]
    pub port: u16,
    /// How the connection is encrypted.
    pub security: SmtpSecurity,
    /// Null if the server requires no authentication.
    pub username: Option<String>,
    /// Address of the sender.
    #[cfg_attr(feature = "openapi", schema(example = "audit@example.com"))]
    pub from: String,
    /// Addresses of the recipients.
    #[cfg_attr(feature = "openapi", schema(example = json!(["ops@example.com"])))]
    pub to: Vec<String>,
}

/// The settings of the webhook, without the signing secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookView {
    /// The complete URL for administrators, otherwise only its origin, because the path and the query can contain secrets.
    #[cfg_attr(feature = "openapi", schema(example = "https://ops.example.com/alerts"))]
    pub url: String,
    /// Whether requests are signed as in Standard Webhooks.
    pub signed: bool,
}

/// An open alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertView {
    /// Type of the audit event that was recorded for the alert.
    #[serde(rename = "type")]
    pub kind: AlertKind,
    /// The destination of the stream. Null for alerts about the log and about certificates of the instance.
    pub destination: Option<AlertedDestination>,
    /// When the stream started to fail, or when administrators were notified of parked events or of a certificate. Null for alerts about the log.
    pub since: Option<Timestamp>,
    /// When administrators were notified.
    pub raised_at: Timestamp,
    /// Whose certificate is about to expire. Null for other alerts.
    pub certificate: Option<CertificateHolder>,
    /// What the certificate is for, or the subject of the CA. Null for certificates of destinations and for other alerts.
    pub certificate_name: Option<String>,
    /// When the certificate expires. Null for other alerts.
    pub expires_at: Option<Timestamp>,
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AlertKind {
    #[serde(rename = "audit_event_stream_failing")]
    StreamFailing,
    #[serde(rename = "audit_events_parked")]
    EventsParked,
    #[serde(rename = "audit_event_certificate_expiring")]
    CertificateExpiring,
    #[serde(rename = "audit_event_log_nearing_limit")]
    LogNearingLimit,
    #[serde(rename = "audit_events_pruned_early")]
    EventsPrunedEarly,
}

/// The destination that an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertedDestination {
    /// Id of the destination.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: DestinationId,
    /// Name of the destination.
    pub name: String,
}

impl AlertView {
    /// One that is about nothing in particular.
    pub const fn new(kind: AlertKind, raised_at: Timestamp) -> Self {
        Self {
            kind,
            destination: None,
            since: None,
            raised_at,
            certificate: None,
            certificate_name: None,
            expires_at: None,
        }
    }
}

impl AlertSettingsView {
    /// The thresholds together.
    pub const fn thresholds(&self) -> AlertThresholds {
        AlertThresholds {
            failing_minutes: self.failing_minutes,
            log_share: self.log_share,
        }
    }
}

impl EmailView {
    /// What is shown of the settings.
    pub fn of(settings: EmailSettings) -> Self {
        Self {
            host: settings.host.to_string(),
            port: settings.port,
            security: settings.security,
            username: settings.login.map(|login| login.username),
            from: settings.from.to_string(),
            to: settings.to.iter().map(ToString::to_string).collect(),
        }
    }
}

impl WebhookView {
    /// With the complete URL, or only its origin.
    pub fn of(settings: &WebhookSettings, whole_url: bool) -> Self {
        let whole = |url: &DestinationUrl| if whole_url { url.to_string() } else { url.origin() };
        Self {
            url: whole(&settings.url),
            signed: settings.secret.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{EmailDraft, WebhookDraft};

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn secrets_are_not_shown() {
        let draft = EmailDraft {
            host: "smtp.example.com".into(),
            username: "audit".into(),
            password: "correct horse".into(),
            from: "audit@example.com".into(),
            to: "ops@example.com".into(),
            ..EmailDraft::default()
        };
        let email = EmailView::of(draft.parse().unwrap().unwrap().complete(None).unwrap());
        let draft = WebhookDraft {
            url: "https://ops.example.com/hook?key=1".into(),
            secret: SECRET.into(),
            ..WebhookDraft::default()
        };
        let webhook = draft.parse().unwrap().unwrap().complete(None);
        let view = |whole_url| AlertSettingsView {
            version: 1,
            failing_minutes: FailingMinutes::DEFAULT,
            log_share: LogShare::DEFAULT,
            email: Some(email.clone()),
            webhook: Some(WebhookView::of(&webhook, whole_url)),
        };
        let text = serde_json::to_string(&view(true)).unwrap();
        assert!(
            !text.contains("horse") && !text.contains("whsec_") && text.contains("key=1"),
            "{text}"
        );
        assert!(text.contains(r#""security":"starttls","username":"audit""#), "{text}");
        assert_eq!(serde_json::from_str::<AlertSettingsView>(&text).unwrap(), view(true));
        let text = serde_json::to_string(&view(false)).unwrap();
        assert!(text.contains(r#""url":"https://ops.example.com""#), "{text}");
    }
}
