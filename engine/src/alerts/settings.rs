//! Changing when and how administrators are told, trying it, and what is wrong now.

use super::{LookError, NotTold, notices::test_notice};
use crate::{
    Engine, TestError,
    own_events::Recorded,
    sink::Signer,
    store::{Channel, StoreError, StoredAlertSettings, UpdateError},
};
use domain::{
    Field, FieldError, Timestamp,
    event::{Author, OwnEvent},
    ids::DestinationId,
    settings::{AlertChange, EmailSettings, MailAddress, WebhookSettings},
};

/// An alert about a stream that administrators were notified of and that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenAlert {
    pub destination: DestinationId,
    pub since: Timestamp,
    pub raised_at: Timestamp,
}

/// What has been told and is not over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenAlerts {
    pub streams: Vec<OpenAlert>,
    /// Streams with parked events; `since` is when administrators were notified.
    pub parked: Vec<OpenAlert>,
    /// When administrators were notified that events leave the log before the retention age.
    pub pruning_raised_at: Option<Timestamp>,
    /// When it was told that what is owed nears the limit of the log.
    pub log_raised_at: Option<Timestamp>,
}

impl Engine {
    /// # Errors
    /// [`StoreError`].
    pub async fn alert_settings(&self) -> Result<StoredAlertSettings, StoreError> {
        self.database().alert_settings().await
    }

    /// Changes the alert settings as they were at `version`. They hold at once.
    ///
    /// # Errors
    /// [`UpdateError`]; nothing was changed.
    pub async fn update_alert_settings(
        &self,
        author: &Author,
        version: i64,
        change: AlertChange,
    ) -> Result<(), UpdateError> {
        let before = self.alert_settings().await?;
        if before.version != version {
            return Err(UpdateError::ChangedMeanwhile);
        }
        let after = complete(&before, change)?;
        self.check_hosts(&before, &after)?;
        let told = self.alert_changes(author, &before, &after);
        self.database().update_alert_settings(&after, &told).await?;
        self.relay_own_events().await;
        self.alerts().wake.notify_one();
        Ok(())
    }

    /// Sends a test by what is stored, once and at once. That it is sent is recorded before.
    ///
    /// # Errors
    /// [`TestError`]; nothing was sent. Within, why the test did not arrive.
    pub async fn send_test_notice(&self, author: &Author, channel: Channel) -> Result<Result<(), NotTold>, TestError> {
        let _place = self.tests().try_acquire().map_err(|_| TestError::Busy)?;
        let settings = self.alert_settings().await?;
        let tested = match channel {
            Channel::Email => settings.email.as_ref().map(|email| ("alert_email", recipients(email))),
            Channel::Webhook => settings
                .webhook
                .as_ref()
                .map(|webhook| ("alert_webhook", webhook.url.origin())),
        };
        if let Some((setting, place)) = tested {
            let told = OwnEvent::AlertTested { setting, place };
            self.database().record(&self.recorded(told, author)).await?;
        }
        let notice = test_notice(channel, self.clock().now());
        let sent = self.alerts().tell(&notice, &settings).await;
        self.relay_own_events().await;
        Ok(sent)
    }

    /// What has been told and is not over, by destination.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_alerts(&self) -> Result<OpenAlerts, StoreError> {
        let open = self.database().open_troubles().await?;
        let streams = open.streams.into_iter().filter_map(|(destination, trouble)| {
            Some(OpenAlert {
                destination,
                since: trouble.since,
                raised_at: trouble.raised_at?,
            })
        });
        let parked = open.parked.into_iter().map(|(destination, alert)| OpenAlert {
            destination,
            since: alert.raised_at,
            raised_at: alert.raised_at,
        });
        Ok(OpenAlerts {
            streams: streams.collect(),
            parked: parked.collect(),
            pruning_raised_at: open.pruning.raised_at,
            log_raised_at: open.log_raised_at,
        })
    }

    /// One look at every stream and the log, as the engine does it by itself every other second.
    ///
    /// # Errors
    /// [`LookError`]; the next look makes good what was left undone.
    pub async fn look_for_alerts(&self) -> Result<(), LookError> {
        self.alerts().look().await
    }

    /// What the network rules say of new hosts without resolving them.
    fn check_hosts(&self, before: &StoredAlertSettings, after: &StoredAlertSettings) -> Result<(), UpdateError> {
        let place = |email: &EmailSettings| (email.host.clone(), email.port);
        let email = after.email.as_ref().map(place);
        if let Some((host, port)) = email.clone().filter(|_| email != before.email.as_ref().map(place)) {
            let host = host.as_str();
            let url = if host.contains(':') {
                format!("http://[{host}]:{port}")
            } else {
                format!("http://{host}:{port}")
            };
            self.check_url(&url, Field::EmailHost, "Server")?;
        }
        let url = |settings: &StoredAlertSettings| settings.webhook.as_ref().map(|webhook| webhook.url.clone());
        match url(after).filter(|_| url(after) != url(before)) {
            Some(url) => self.check_url(url.as_str(), Field::WebhookUrl, "URL"),
            None => Ok(()),
        }
    }

    /// What is told of a change; nothing secret.
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

/// With what is kept of what is stored.
fn complete(before: &StoredAlertSettings, change: AlertChange) -> Result<StoredAlertSettings, UpdateError> {
    let email = match change.email {
        None => before.email.clone(),
        Some(None) => None,
        Some(Some(email)) => {
            let completed = email.complete(before.email.as_ref());
            Some(completed.map_err(UpdateError::Refused)?)
        }
    };
    let webhook = match change.webhook {
        None => before.webhook.clone(),
        Some(webhook) => webhook.map(|webhook| webhook.complete(before.webhook.as_ref())),
    };
    let secret = webhook.as_ref().and_then(|webhook| webhook.secret.as_ref());
    if secret.is_some_and(|secret| Signer::new(secret.expose()).is_none()) {
        let rule = "Signing secret: the part after whsec_ is no base64.";
        return Err(UpdateError::Refused(FieldError::new(Field::WebhookSecret, rule)));
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
