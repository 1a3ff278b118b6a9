//! Alerts: when and how administrators are notified, and the alerts that are open.

use domain::{
    Field, FieldError, FieldErrors,
    alerts::InstanceCertificate,
    ids::DestinationId,
    instance_event::{Action, Author, InstanceEvent, Subject},
    settings::{AlertChange, AlertChannel, EmailSettings, MailAddress, WebhookSettings},
    view::{AlertKind, AlertSettingsView, AlertView, AlertedDestination, EmailView, WebhookView},
};

use super::AdminError;
use crate::{
    Engine,
    alerts::{ExpiringInstanceCertificate, test_notice},
    instance_events::Recorded,
    sink::Signer,
    store::StoredAlertSettings,
};

impl Engine {
    /// The alert settings as stored, with their secrets.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub(crate) async fn alert_settings(&self) -> Result<StoredAlertSettings, AdminError> {
        Ok(self.database().alert_settings().await?)
    }

    /// The alert settings, with the whole URL of the webhook or its origin alone.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn show_alert_settings(&self, whole_url: bool) -> Result<AlertSettingsView, AdminError> {
        let settings = self.alert_settings().await?;
        let webhook = settings.webhook.as_ref();
        Ok(AlertSettingsView {
            version: settings.version,
            failing_minutes: settings.thresholds.failing_minutes,
            log_share: settings.thresholds.log_share,
            webhook: webhook.map(|webhook| WebhookView::of(webhook, whole_url)),
            email: settings.email.map(EmailView::of),
        })
    }

    /// Changes the alert settings as they were at `version`. Changes take effect immediately.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was changed.
    pub async fn update_alert_settings(
        &self,
        author: &Author,
        version: i64,
        change: AlertChange,
    ) -> Result<(), AdminError> {
        let before = self.alert_settings().await?;
        if before.version != version {
            return Err(AdminError::ChangedMeanwhile);
        }
        let after = complete(&before, change)?;
        self.check_hosts(&before, &after)?;
        let changes = self.alert_changes(author, &before, &after);
        self.database().update_alert_settings(&after, &changes).await?;
        self.relay_instance_events().await;
        self.alerts().wake.notify_one();
        Ok(())
    }

    /// Sends a test with the stored settings, once. The test is recorded before it is sent.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] at the field of the server or the URL if the test did not arrive.
    pub async fn send_test_alert(&self, author: &Author, channel: AlertChannel) -> Result<(), AdminError> {
        let _place = self.tests().try_acquire().map_err(|_| AdminError::Busy)?;
        let settings = self.alert_settings().await?;
        let (email, webhook) = (settings.email.as_ref(), settings.webhook.as_ref());
        let (field, tested) = match channel {
            AlertChannel::Email => (Field::EmailHost, email.map(|email| ("alert_email", recipients(email)))),
            AlertChannel::Webhook => (
                Field::WebhookUrl,
                webhook.map(|webhook| ("alert_webhook", webhook.url.origin())),
            ),
        };
        if let Some((setting, place)) = tested {
            let event = InstanceEvent::new(Subject::Setting(setting), Action::AlertTested { place });
            self.database().record(&self.recorded(event, author)).await?;
        }
        let notice = test_notice(channel, &self.alerts().public_url, self.clock().now());
        let sent = self.alerts().tell(&notice, &settings).await;
        self.relay_instance_events().await;
        sent.map_err(|not_sent| {
            let error = FieldError::new(field, not_sent.to_string());
            match not_sent.setting {
                Some(setting) => error.allowed_by(setting).into(),
                None => error.into(),
            }
        })
    }

    /// The open alerts: streams that fail, then those with parked events, then certificates, then those of the log.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn list_alerts(&self) -> Result<Vec<AlertView>, AdminError> {
        let (open, destinations) = (self.open_alerts().await?, self.database().list_destinations().await?);
        let failing = open.streams.into_iter().map(|alert| (AlertKind::StreamFailing, alert));
        let parked = open.parked.into_iter().map(|alert| (AlertKind::EventsParked, alert));
        let named = |id: DestinationId| {
            let destination = destinations.iter().find(|destination| destination.id == id)?;
            Some(AlertedDestination {
                id,
                name: destination.name.to_string(),
            })
        };
        let streams = failing.chain(parked).filter_map(|(kind, alert)| {
            Some(AlertView {
                destination: Some(named(alert.destination)?),
                since: Some(alert.since),
                ..AlertView::new(kind, alert.raised_at)
            })
        });
        let certificates = open.certificates.into_iter().filter_map(|certificate| {
            let alert = certificate.alert;
            Some(AlertView {
                destination: Some(named(certificate.destination)?),
                since: Some(alert.raised_at),
                certificate: Some(certificate.holder),
                expires_at: Some(alert.expires_at),
                ..AlertView::new(AlertKind::CertificateExpiring, alert.raised_at)
            })
        });
        let of_instance = open.instance_certificates.into_iter().map(of_instance);
        let of_log = [
            (AlertKind::LogNearingLimit, open.log_raised_at),
            (AlertKind::EventsPrunedEarly, open.pruning_raised_at),
        ];
        let of_log = of_log
            .into_iter()
            .filter_map(|(kind, raised_at)| Some(AlertView::new(kind, raised_at?)));
        Ok(streams.chain(certificates).chain(of_instance).chain(of_log).collect())
    }

    /// The certificates that belong to the whole instance: that of the listener, and those of the operator's CA file.
    pub fn instance_certificates(&self) -> Vec<InstanceCertificate> {
        self.alerts().certificates.all()
    }

    /// What the network rules say of new hosts without resolving them.
    fn check_hosts(&self, before: &StoredAlertSettings, after: &StoredAlertSettings) -> Result<(), AdminError> {
        let mut errors = FieldErrors::default();
        let place = |email: &EmailSettings| (email.host.clone(), email.port);
        let email = after.email.as_ref().map(place);
        if let Some((host, port)) = email.clone().filter(|_| email != before.email.as_ref().map(place)) {
            let host = host.as_str();
            let url = if host.contains(':') {
                format!("http://[{host}]:{port}")
            } else {
                format!("http://{host}:{port}")
            };
            errors.collect(self.check_url(&url, Field::EmailHost, "Server"));
        }
        let url = |settings: &StoredAlertSettings| settings.webhook.as_ref().map(|webhook| webhook.url.clone());
        if let Some(url) = url(after).filter(|_| url(after) != url(before)) {
            errors.collect(self.check_url(url.as_str(), Field::WebhookUrl, "URL"));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
    }

    /// The audit events of a change. They contain no secrets.
    fn alert_changes(
        &self,
        author: &Author,
        before: &StoredAlertSettings,
        after: &StoredAlertSettings,
    ) -> Vec<Recorded> {
        let (from, to) = (before.thresholds, after.thresholds);
        let values = [
            (
                "alert_failing_minutes",
                from.failing_minutes.to_string(),
                to.failing_minutes.to_string(),
            ),
            ("alert_log_share", from.log_share.to_string(), to.log_share.to_string()),
            (
                "alert_email",
                described(before.email.as_ref()),
                described(after.email.as_ref()),
            ),
            (
                "alert_webhook",
                origin(before.webhook.as_ref()),
                origin_after(before.webhook.as_ref(), after.webhook.as_ref()),
            ),
        ];
        let login = |settings: &StoredAlertSettings| settings.email.clone().and_then(|email| email.login);
        let password = |settings| login(settings).map(|login| login.password.expose().to_owned());
        let secret = |settings: &StoredAlertSettings| settings.webhook.clone().and_then(|webhook| webhook.secret);
        let secret = |settings| secret(settings).map(|secret| secret.expose().to_owned());
        let secrets = [
            ("alert_email_password", password(before), password(after)),
            ("alert_webhook_secret", secret(before), secret(after)),
        ];
        let secrets = secrets.into_iter().map(|(setting, from, to)| {
            let words = secret_change(from.as_deref(), to.as_deref());
            (setting, words.0.to_owned(), words.1.to_owned())
        });
        let changed = values.into_iter().chain(secrets);
        changed
            .filter_map(|(setting, from, to)| self.changed(author, setting, from, to))
            .collect()
    }
}

/// An alert about a certificate that belongs to no destination.
fn of_instance(ExpiringInstanceCertificate { holder, name, alert }: ExpiringInstanceCertificate) -> AlertView {
    AlertView {
        since: Some(alert.raised_at),
        certificate: Some(holder),
        certificate_name: Some(name),
        expires_at: Some(alert.expires_at),
        ..AlertView::new(AlertKind::CertificateExpiring, alert.raised_at)
    }
}

/// With what is kept of what is stored.
fn complete(before: &StoredAlertSettings, change: AlertChange) -> Result<StoredAlertSettings, AdminError> {
    let email = match change.email {
        None => before.email.clone(),
        Some(None) => None,
        Some(Some(email)) => {
            let completed = email.complete(before.email.as_ref());
            Some(completed?)
        }
    };
    let webhook = match change.webhook {
        None => before.webhook.clone(),
        Some(webhook) => webhook.map(|webhook| webhook.complete(before.webhook.as_ref())),
    };
    let secret = webhook.as_ref().and_then(|webhook| webhook.secret.as_ref());
    if secret.is_some_and(|secret| Signer::new(secret.expose()).is_none()) {
        let rule = "Signing secret: the part after whsec_ must be valid base64, for example what openssl rand -base64 32 prints.";
        return Err(AdminError::refused(Field::WebhookSecret, rule));
    }
    Ok(StoredAlertSettings {
        version: before.version,
        thresholds: change.thresholds.unwrap_or(before.thresholds),
        email,
        webhook,
    })
}

fn recipients(email: &EmailSettings) -> String {
    let to: Vec<&str> = email.to.iter().map(MailAddress::as_str).collect();
    to.join(", ")
}

fn described(email: Option<&EmailSettings>) -> String {
    let Some(email) = email else {
        return "off".to_owned();
    };
    let to = recipients(email);
    let login = email.login.as_ref();
    let login = login.map_or_else(String::new, |login| format!(", user {}", login.username));
    format!(
        "from {} to {} by {}:{} ({}{login})",
        email.from,
        to,
        email.host,
        email.port,
        email.security.as_str(),
    )
}

/// Path and query of a URL may hold a secret.
fn origin(webhook: Option<&WebhookSettings>) -> String {
    webhook.map_or_else(|| "off".to_owned(), |webhook| webhook.url.origin())
}

fn origin_after(before: Option<&WebhookSettings>, after: Option<&WebhookSettings>) -> String {
    let (from, to) = (origin(before), origin(after));
    let is_same = before.map(|webhook| &webhook.url) == after.map(|webhook| &webhook.url);
    if from == to && !is_same {
        return format!("{to} (another path)");
    }
    to
}

/// What it was and what it is, in words that differ if it has changed.
fn secret_change(from: Option<&str>, to: Option<&str>) -> (&'static str, &'static str) {
    match (from, to) {
        (None, None) => ("none", "none"),
        (None, Some(_)) => ("none", "one"),
        (Some(_), None) => ("one", "none"),
        (Some(from), Some(to)) if from == to => ("one", "one"),
        (Some(_), Some(_)) => ("one", "another"),
    }
}
