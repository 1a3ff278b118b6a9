//! Signed-in browsers. Only the SHA-256 of a session's key is stored.

use domain::{
    Timestamp,
    ids::{SessionId, UserId},
};
use sqlx::Row;

use super::{
    Database, StoreError,
    browsers::{forget_browsers, remember_browser},
    instance_events::insert_instance_event,
};
use crate::instance_events::Recorded;

/// A session about to be stored.
pub(crate) struct NewSession {
    pub user: UserId,
    /// The id of the browser that signs in: the user is known there from now on.
    pub known_browser: String,
    pub key_hash: [u8; 32],
    pub ip_address: String,
    /// The browser and its system, for people.
    pub browser: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A session that has not expired, with its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredSession {
    pub id: SessionId,
    pub user: UserId,
    pub username: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A session as its owner sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedSession {
    pub id: SessionId,
    pub browser: String,
    /// From where it was last used.
    pub ip_address: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
}

impl Database {
    /// Stores a session together with the instance event about the sign-in; sessions that have expired go. False, and
    /// nothing stored, if the user was disabled or got another password since `password_hash` was read.
    pub(crate) async fn insert_session(
        &self,
        new: &NewSession,
        password_hash: &str,
        instance_event: &Recorded,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let admitted = sqlx::query(
            "UPDATE users SET last_signed_in_at = ? WHERE id = ? AND password_hash = ? AND disabled_at IS NULL",
        )
        .bind(new.created_at.unix_ms())
        .bind(new.user.get())
        .bind(password_hash)
        .execute(&mut *transaction)
        .await?;
        if admitted.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("DELETE FROM sessions WHERE expires_at <= ?")
            .bind(new.created_at.unix_ms())
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO sessions (user_id, key_hash, ip_address, browser, created_at, last_seen_at, expires_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.user.get())
        .bind(new.key_hash.as_slice())
        .bind(&new.ip_address)
        .bind(&new.browser)
        .bind(new.created_at.unix_ms())
        .bind(new.created_at.unix_ms())
        .bind(new.expires_at.unix_ms())
        .execute(&mut *transaction)
        .await?;
        remember_browser(&mut transaction, new.user, &new.known_browser, new.created_at).await?;
        insert_instance_event(&mut transaction, instance_event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Sessions of a user that have not expired, the one used last first.
    pub(crate) async fn list_sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<ListedSession>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, browser, ip_address, created_at, last_seen_at FROM sessions WHERE user_id = ? AND expires_at > ? \
             ORDER BY last_seen_at DESC, id DESC",
        )
        .bind(user.get())
        .bind(now.unix_ms())
        .fetch_all(self.read()?)
        .await?;
        let listed = rows.iter().map(|row| ListedSession {
            id: SessionId::new(row.get("id")),
            browser: row.get("browser"),
            ip_address: row.get("ip_address"),
            created_at: Timestamp::from_unix_ms(row.get("created_at")),
            last_seen_at: Timestamp::from_unix_ms(row.get("last_seen_at")),
        });
        Ok(listed.collect())
    }

    pub(crate) async fn find_session(
        &self,
        key_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<StoredSession>, StoreError> {
        let row = sqlx::query(
            "SELECT sessions.id, user_id, username, sessions.created_at, last_seen_at, expires_at \
             FROM sessions JOIN users ON users.id = user_id WHERE key_hash = ? AND expires_at > ? AND disabled_at IS NULL",
        )
        .bind(key_hash.as_slice())
        .bind(now.unix_ms())
        .fetch_optional(self.read()?)
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

    /// Whether this session has not ended, and its user may still come in.
    pub(crate) async fn has_session(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let found = sqlx::query(
            "SELECT 1 FROM sessions JOIN users ON users.id = user_id \
             WHERE sessions.id = ? AND expires_at > ? AND disabled_at IS NULL",
        )
        .bind(id.get())
        .bind(now.unix_ms())
        .fetch_optional(self.read()?)
        .await?;
        Ok(found.is_some())
    }

    /// Notes that a session was used, from where, and until when it now lasts.
    pub(crate) async fn touch_session(
        &self,
        id: SessionId,
        ip_address: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE sessions SET ip_address = ?, last_seen_at = ?, expires_at = ? WHERE id = ?")
            .bind(ip_address)
            .bind(now.unix_ms())
            .bind(expires_at.unix_ms())
            .bind(id.get())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Ends a session; the instance event is stored with it.
    pub(crate) async fn delete_session(&self, id: SessionId, instance_event: &Recorded) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM sessions WHERE id = ?")
            .bind(id.get())
            .execute(&mut *transaction)
            .await?;
        insert_instance_event(&mut transaction, instance_event).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Ends one session of this user, or all of them, and returns how many. Ending all of them revokes the browsers that are
    /// known to be the user's, too. The instance event, made from the number, is stored with it; nothing is stored if nothing
    /// changed.
    pub(crate) async fn delete_sessions(
        &self,
        user: UserId,
        only: Option<SessionId>,
        instance_event: impl FnOnce(u64) -> Recorded + Send,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.write().await?;
        let deleted = sqlx::query("DELETE FROM sessions WHERE user_id = ?1 AND (?2 IS NULL OR id = ?2)")
            .bind(user.get())
            .bind(only.map(SessionId::get))
            .execute(&mut *transaction)
            .await?;
        let count = deleted.rows_affected();
        let forgotten = match only {
            Some(_) => 0,
            None => forget_browsers(&mut transaction, user).await?,
        };
        if count > 0 || forgotten > 0 {
            insert_instance_event(&mut transaction, &instance_event(count)).await?;
            transaction.commit().await?;
        }
        Ok(count)
    }
}
