//! Notices: notifications that are still to be sent.

use domain::Timestamp;
pub(crate) use domain::settings::AlertChannel as Channel;
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};

use super::super::{Database, StoreError};

/// Read at a time.
const MOST: u32 = 50;

/// A notification through one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The same on each attempt, so that recipients recognise a repeat.
    pub id: String,
    pub channel: Channel,
    pub subject: String,
    /// The text of an e-mail, the JSON of a webhook.
    pub body: String,
    pub created_at: Timestamp,
    /// How often it was tried in vain.
    pub tries: u32,
}

/// Nothing is stored for a channel that has been switched off by now.
pub(super) async fn insert_notice(
    transaction: &mut Transaction<'static, Sqlite>,
    notice: &Notice,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO alert_notices (id, channel, subject, body, created_at, due_at, tries) \
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 FROM alert_settings \
         WHERE CASE ?2 WHEN 'email' THEN email_host ELSE webhook_origin END IS NOT NULL",
    )
    .bind(&notice.id)
    .bind(notice.channel.as_str())
    .bind(&notice.subject)
    .bind(&notice.body)
    .bind(notice.created_at.unix_ms())
    .bind(notice.created_at.unix_ms())
    .bind(notice.tries)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

impl Database {
    /// What is due in one way, the oldest first, at most 50.
    pub(crate) async fn due_notices(&self, channel: Channel, now: Timestamp) -> Result<Vec<Notice>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM alert_notices WHERE channel = ? AND due_at <= ? ORDER BY created_at, id LIMIT ?",
        )
        .bind(channel.as_str())
        .bind(now.unix_ms())
        .bind(MOST)
        .fetch_all(self.read()?)
        .await?;
        Ok(rows.iter().map(|row| read_notice(row, channel)).collect())
    }

    /// It has been sent, or given up.
    pub(crate) async fn remove_notice(&self, id: &str) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM alert_notices WHERE id = ?")
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// This one is not tried before `due_at`.
    pub(crate) async fn postpone_notice(&self, id: &str, due_at: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE alert_notices SET tries = tries + 1, due_at = ? WHERE id = ?")
            .bind(due_at.unix_ms())
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Nothing that is due in this way is tried before `due_at`.
    pub(crate) async fn postpone_notices(
        &self,
        channel: Channel,
        now: Timestamp,
        due_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE alert_notices SET tries = tries + 1, due_at = ? WHERE channel = ? AND due_at <= ?")
            .bind(due_at.unix_ms())
            .bind(channel.as_str())
            .bind(now.unix_ms())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Drops the notifications of channels that are off.
pub(super) async fn forget_notices(
    transaction: &mut Transaction<'static, Sqlite>,
    channel: Channel,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM alert_notices WHERE channel = ?")
        .bind(channel.as_str())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// After a change of the settings everything is tried at once.
pub(super) async fn hurry_notices(
    transaction: &mut Transaction<'static, Sqlite>,
    channel: Channel,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE alert_notices SET due_at = created_at WHERE channel = ?")
        .bind(channel.as_str())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

fn read_notice(row: &SqliteRow, channel: Channel) -> Notice {
    Notice {
        id: row.get("id"),
        channel,
        subject: row.get("subject"),
        body: row.get("body"),
        created_at: Timestamp::from_unix_ms(row.get("created_at")),
        tries: row.get("tries"),
    }
}
