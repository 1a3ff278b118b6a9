//! People who sign in.

use domain::{Timestamp, ids::UserId};
use sqlx::Row;

use super::{Database, StoreError, own_events::insert_own_event};
use crate::own_events::Recorded;

/// A user as stored. The hash is argon2's encoded form.
#[derive(Clone)]
pub struct StoredUser {
    pub id: UserId,
    pub username: String,
    pub password_hash: String,
}

impl Database {
    pub async fn find_user(&self, username: &str) -> Result<Option<StoredUser>, StoreError> {
        let row = sqlx::query("SELECT id, username, password_hash FROM users WHERE username = ?")
            .bind(username)
            .fetch_optional(self.read())
            .await?;
        Ok(row.map(|row| StoredUser {
            id: UserId::new(row.get("id")),
            username: row.get("username"),
            password_hash: row.get("password_hash"),
        }))
    }

    /// Whether anybody can sign in at all.
    pub async fn has_users(&self) -> Result<bool, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
            .fetch_one(self.read())
            .await?;
        Ok(count > 0)
    }

    /// Adds a user; false, and nothing changed, if the name is taken.
    pub async fn insert_user(&self, username: &str, password_hash: &str, at: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let inserted = sqlx::query(
            "INSERT INTO users (username, password_hash, created_at) VALUES (?, ?, ?) ON CONFLICT (username) DO NOTHING",
        )
        .bind(username)
        .bind(password_hash)
        .bind(at.unix_ms())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(inserted.rows_affected() == 1)
    }

    /// Sets a new password and ends this user's sessions but `kept_session`. The own event is stored with it.
    pub async fn update_password(
        &self,
        user: UserId,
        password_hash: &str,
        kept_session: Option<domain::ids::SessionId>,
        own_event: &Recorded,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE users SET password_hash = ? WHERE id = ?")
            .bind(password_hash)
            .bind(user.get())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM sessions WHERE user_id = ? AND id IS NOT ?")
            .bind(user.get())
            .bind(kept_session.map(domain::ids::SessionId::get))
            .execute(&mut *transaction)
            .await?;
        insert_own_event(&mut transaction, own_event).await?;
        transaction.commit().await?;
        Ok(())
    }
}
