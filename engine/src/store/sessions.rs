//! Signed-in browsers. Only the SHA-256 of a session's key is stored.

use domain::{
    Timestamp,
    ids::{SessionId, UserId},
};
use sqlx::Row;

use super::{Database, StoreError, own_events::insert_own_event};
use crate::own_events::Recorded;

/// A session about to be stored.
pub struct NewSession {
    pub user: UserId,
    pub key_hash: [u8; 32],
    pub ip_address: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A session that has not expired, with its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    pub id: SessionId,
    pub user: UserId,
    pub username: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Database {
    /// Stores a session together with the own event that tells of the sign-in; sessions that have expired go.
    pub async fn insert_session(&self, new: &NewSession, own_event: &Recorded) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM sessions WHERE expires_at <= ?")
            .bind(new.created_at.unix_ms())
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO sessions (user_id, key_hash, ip_address, created_at, last_seen_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(new.user.get())
        .bind(new.key_hash.as_slice())
        .bind(&new.ip_address)
        .bind(new.created_at.unix_ms())
        .bind(new.created_at.unix_ms())
        .bind(new.expires_at.unix_ms())
        .execute(&mut *transaction)
        .await?;
        insert_own_event(&mut transaction, own_event).await?;
        transaction.commit().await?;
        Ok(())
    }

    pub async fn find_session(&self, key_hash: [u8; 32], now: Timestamp) -> Result<Option<StoredSession>, StoreError> {
        let row = sqlx::query(
            "SELECT sessions.id, user_id, username, sessions.created_at, last_seen_at, expires_at \
             FROM sessions JOIN users ON users.id = user_id WHERE key_hash = ? AND expires_at > ?",
        )
        .bind(key_hash.as_slice())
        .bind(now.unix_ms())
        .fetch_optional(self.read())
        .await?;
        Ok(row.map(|row| StoredSession {
            id: SessionId::new(row.get("id")),
            user: UserId::new(row.get("user_id")),
            username: row.get("username"),
            created_at: Timestamp::from_unix_ms(row.get("created_at")),
            last_seen_at: Timestamp::from_unix_ms(row.get("last_seen_at")),
            expires_at: Timestamp::from_unix_ms(row.get("expires_at")),
        }))
    }

    /// Notes that a session was used, and until when it now lasts.
    pub async fn touch_session(&self, id: SessionId, now: Timestamp, expires_at: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE sessions SET last_seen_at = ?, expires_at = ? WHERE id = ?")
            .bind(now.unix_ms())
            .bind(expires_at.unix_ms())
            .bind(id.get())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Ends a session; the own event is stored with it.
    pub async fn delete_session(&self, id: SessionId, own_event: &Recorded) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM sessions WHERE id = ?")
            .bind(id.get())
            .execute(&mut *transaction)
            .await?;
        insert_own_event(&mut transaction, own_event).await?;
        transaction.commit().await?;
        Ok(())
    }
}
