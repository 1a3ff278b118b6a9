//! When and how administrators are notified; the password and the signing secret are encrypted.

use domain::{
    destination::DestinationUrl,
    settings::{
        AlertThresholds, EmailSettings, FailingMinutes, LogShare, MailAddress, SmtpHost, SmtpLogin, SmtpPassword,
        SmtpSecurity, WebhookSecret, WebhookSettings,
    },
};
use sqlx::{Row, sqlite::SqliteRow};

use super::{
    super::{Database, StoreError, UpdateError, instance_events::insert_instance_events},
    Channel,
    notices::{forget_notices, hurry_notices},
};
use crate::{
    instance_events::Recorded,
    vault::{Place, Vault},
};

const PASSWORD: &str = "email_password";
const SECRET: &str = "webhook_secret";
const URL: &str = "webhook_url";

/// When administrators are notified, and through which channels; `None` for a channel that is off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredAlertSettings {
    /// Grows with every change.
    pub version: i64,
    pub thresholds: AlertThresholds,
    pub email: Option<EmailSettings>,
    pub webhook: Option<WebhookSettings>,
}

impl StoredAlertSettings {
    pub(crate) const fn has(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => self.email.is_some(),
            Channel::Webhook => self.webhook.is_some(),
        }
    }
}

impl Database {
    pub(crate) async fn alert_settings(&self) -> Result<StoredAlertSettings, StoreError> {
        let row = sqlx::query("SELECT * FROM alert_settings")
            .fetch_one(self.read()?)
            .await?;
        self.read_alert_settings(&row)
    }

    /// Stores settings in the place of those at `new.version`, with the instance events that describe it. Notifications that
    /// are still unsent are retried at once, or discarded if their channel is off.
    ///
    /// # Errors
    /// [`UpdateError::ChangedMeanwhile`], or the store's failure; nothing was stored.
    pub(crate) async fn update_alert_settings(
        &self,
        new: &StoredAlertSettings,
        instance_events: &[Recorded],
    ) -> Result<(), UpdateError> {
        let mut transaction = self.write().await?;
        let (email, webhook) = (new.email.as_ref(), new.webhook.as_ref());
        let login = email.and_then(|email| email.login.as_ref());
        let password = login.map(|login| self.seal_alert(PASSWORD, login.password.expose()));
        let secret = webhook.and_then(|webhook| webhook.secret.as_ref());
        let secret = secret.map(|secret| self.seal_alert(SECRET, secret.expose()));
        let webhook_url = webhook.map(|webhook| SealedWebhookUrl::seal(&self.vault, &webhook.url));
        let webhook_url = webhook_url.transpose()?;
        let updated = sqlx::query(
            "UPDATE alert_settings SET version = version + 1, failing_minutes = ?, log_share = ?, email_host = ?, \
             email_port = ?, email_security = ?, email_username = ?, email_password_sealed = ?, email_from = ?, \
             email_to = ?, webhook_origin = ?, webhook_url_sealed = ?, webhook_secret_sealed = ? WHERE version = ?",
        )
        .bind(new.thresholds.failing_minutes.get())
        .bind(new.thresholds.log_share.get())
        .bind(email.map(|email| email.host.as_str()))
        .bind(email.map(|email| email.port))
        .bind(email.map(|email| email.security.as_str()))
        .bind(login.map(|login| login.username.as_str()))
        .bind(password.transpose()?)
        .bind(email.map(|email| email.from.as_str()))
        .bind(email.map(|email| print_addresses(&email.to)))
        .bind(webhook_url.as_ref().map(|url| url.origin.as_str()))
        .bind(webhook_url.as_ref().map(|url| url.ciphertext.as_slice()))
        .bind(secret.transpose()?)
        .bind(new.version)
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::from)?;
        if updated.rows_affected() == 0 {
            return Err(UpdateError::ChangedMeanwhile);
        }
        for channel in Channel::ALL {
            if new.has(channel) {
                hurry_notices(&mut transaction, channel).await?;
            } else {
                forget_notices(&mut transaction, channel).await?;
            }
        }
        insert_instance_events(&mut transaction, instance_events).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(())
    }

    fn seal_alert(&self, column: &'static str, secret: &str) -> Result<Vec<u8>, StoreError> {
        Ok(self.vault.seal(place(column), secret)?)
    }

    fn read_alert_settings(&self, row: &SqliteRow) -> Result<StoredAlertSettings, StoreError> {
        let minutes = FailingMinutes::new(row.get("failing_minutes")).ok_or(unreadable("minutes"))?;
        let share = LogShare::new(row.get("log_share")).ok_or(unreadable("share"))?;
        Ok(StoredAlertSettings {
            version: row.get("version"),
            thresholds: AlertThresholds {
                failing_minutes: minutes,
                log_share: share,
            },
            email: self.read_email(row)?,
            webhook: self.read_webhook(row)?,
        })
    }

    fn read_email(&self, row: &SqliteRow) -> Result<Option<EmailSettings>, StoreError> {
        let Some(host) = row.get::<Option<&str>, _>("email_host") else {
            return Ok(None);
        };
        Ok(Some(EmailSettings {
            host: SmtpHost::parse(host).map_err(|_| unreadable("host"))?,
            port: row.get("email_port"),
            security: SmtpSecurity::parse(row.get("email_security")).ok_or(unreadable("security"))?,
            login: self.read_login(row)?,
            from: MailAddress::parse(row.get("email_from")).ok_or(unreadable("from"))?,
            to: read_addresses(row.get("email_to")).ok_or(unreadable("to"))?,
        }))
    }

    fn read_login(&self, row: &SqliteRow) -> Result<Option<SmtpLogin>, StoreError> {
        let Some(username) = row.get("email_username") else {
            return Ok(None);
        };
        let password = self.vault.open(place(PASSWORD), row.get("email_password_sealed"))?;
        Ok(Some(SmtpLogin {
            username,
            password: SmtpPassword::parse(&password).map_err(|_| unreadable("password"))?,
        }))
    }

    fn read_webhook(&self, row: &SqliteRow) -> Result<Option<WebhookSettings>, StoreError> {
        let Some(sealed_url) = row.get::<Option<&[u8]>, _>("webhook_url_sealed") else {
            return Ok(None);
        };
        let url = self.vault.open(place(URL), sealed_url)?;
        let sealed: Option<&[u8]> = row.get("webhook_secret_sealed");
        let secret = sealed
            .map(|sealed| self.vault.open(place(SECRET), sealed))
            .transpose()?;
        let secret = secret.map(|secret| WebhookSecret::parse(&secret)).transpose();
        Ok(Some(WebhookSettings {
            url: DestinationUrl::parse(&url).map_err(|_| unreadable(URL))?,
            secret: secret.map_err(|_| unreadable("secret"))?,
        }))
    }
}

/// The webhook's URL as it is stored: its path and query may hold keys.
struct SealedWebhookUrl {
    origin: String,
    ciphertext: Vec<u8>,
}

impl SealedWebhookUrl {
    fn seal(vault: &Vault, url: &DestinationUrl) -> Result<Self, StoreError> {
        Ok(Self {
            origin: url.origin(),
            ciphertext: vault.seal(place(URL), url.as_str())?,
        })
    }
}

fn print_addresses(addresses: &[MailAddress]) -> String {
    let addresses: Vec<&str> = addresses.iter().map(MailAddress::as_str).collect();
    addresses.join("\n")
}

fn read_addresses(text: &str) -> Option<Vec<MailAddress>> {
    text.lines().map(MailAddress::parse).collect()
}

const fn place(column: &'static str) -> Place<'static> {
    Place {
        table: "alert_settings",
        column,
        row: 1,
    }
}

const fn unreadable(what: &'static str) -> StoreError {
    StoreError::Unreadable {
        table: "alert_settings",
        id: 1,
        what,
    }
}
