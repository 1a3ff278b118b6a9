//! People who sign in.

use domain::{
    Timestamp,
    ids::{SessionId, UserId},
};
use sqlx::{Row, Sqlite, Transaction};

use super::{
    Database, StoreError,
    browsers::{forget_browsers, remember_browser},
    error::is_taken,
    instance_events::insert_instance_event,
};
use crate::instance_events::Recorded;

/// A user as stored. The hash is argon2's encoded form.
#[derive(Clone)]
pub(crate) struct StoredUser {
    pub id: UserId,
    pub username: String,
    pub password_hash: String,
    pub disabled_at: Option<Timestamp>,
}

/// A user in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedUser {
    pub id: UserId,
    pub username: String,
    pub created_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
    pub last_signed_in_at: Option<Timestamp>,
    /// Sessions that have not expired.
    pub sessions: u64,
}

/// The session that a change of the password leaves, and the id under which its browser is known from then on.
pub(crate) struct KeptSession<'kept> {
    pub session: SessionId,
    pub browser: &'kept str,
    pub now: Timestamp,
}

/// Why a user was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    #[error("there is no such user")]
    NotFound,
    #[error("another user has this name")]
    Taken,
    /// Somebody else did it first.
    #[error("the user was changed in the meantime")]
    ChangedMeanwhile,
    /// Nobody could sign in any more.
    #[error("this is the last user who can sign in")]
    LastEnabled,
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for UserError {
    fn from(error: sqlx::Error) -> Self {
        if is_taken(&error, "users.username") {
            Self::Taken
        } else {
            Self::Store(error.into())
        }
    }
}

impl Database {
    pub(crate) async fn find_user(&self, username: &str) -> Result<Option<StoredUser>, StoreError> {
        let row = sqlx::query("SELECT id, username, password_hash, disabled_at FROM users WHERE username = ?")
            .bind(username)
            .fetch_optional(self.read()?)
            .await?;
        Ok(row.map(|row| StoredUser {
            id: UserId::new(row.get("id")),
            username: row.get("username"),
            password_hash: row.get("password_hash"),
            disabled_at: row.get::<Option<i64>, _>("disabled_at").map(Timestamp::from_unix_ms),
        }))
    }

    /// Every user, oldest first.
    pub(crate) async fn list_users(&self, now: Timestamp) -> Result<Vec<ListedUser>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, username, created_at, disabled_at, last_signed_in_at, \
             (SELECT count(*) FROM sessions WHERE user_id = users.id AND expires_at > ?) AS sessions \
             FROM users ORDER BY id",
        )
        .bind(now.unix_ms())
        .fetch_all(self.read()?)
        .await?;
        let moment = |at: Option<i64>| at.map(Timestamp::from_unix_ms);
        let listed = rows.iter().map(|row| ListedUser {
            id: UserId::new(row.get("id")),
            username: row.get("username"),
            created_at: Timestamp::from_unix_ms(row.get("created_at")),
            disabled_at: moment(row.get("disabled_at")),
            last_signed_in_at: moment(row.get("last_signed_in_at")),
            sessions: u64::try_from(row.get::<i64, _>("sessions")).unwrap_or(0),
        });
        Ok(listed.collect())
    }

    /// Whether anybody can sign in at all.
    pub(crate) async fn has_users(&self) -> Result<bool, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
            .fetch_one(self.read()?)
            .await?;
        Ok(count > 0)
    }

    /// Adds a user; false, and nothing changed, if the name is taken. For the first user, about whom there is no audit event.
    pub(crate) async fn insert_user(
        &self,
        username: &str,
        password_hash: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
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

    /// Adds a user together with the instance event made from the id.
    ///
    /// # Errors
    /// [`UserError::Taken`], or the store's failure; nothing was stored.
    pub(crate) async fn add_user(
        &self,
        username: &str,
        password_hash: &str,
        at: Timestamp,
        instance_event: impl FnOnce(UserId) -> Recorded + Send,
    ) -> Result<UserId, UserError> {
        let mut transaction = self.write().await?;
        let inserted = sqlx::query("INSERT INTO users (username, password_hash, created_at) VALUES (?, ?, ?)")
            .bind(username)
            .bind(password_hash)
            .bind(at.unix_ms())
            .execute(&mut *transaction)
            .await?;
        let id = UserId::new(inserted.last_insert_rowid());
        insert_instance_event(&mut transaction, &instance_event(id)).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Lets a user sign in, or no longer: then the user's sessions end. Returns the name, from which the instance event is made.
    ///
    /// # Errors
    /// [`UserError`]; nothing was changed.
    pub(crate) async fn set_user_enabled(
        &self,
        user: UserId,
        is_enabled: bool,
        now: Timestamp,
        instance_event: impl FnOnce(&str) -> Recorded + Send,
    ) -> Result<String, UserError> {
        let mut transaction = self.write().await?;
        let row = sqlx::query("SELECT username, disabled_at IS NULL AS is_enabled FROM users WHERE id = ?")
            .bind(user.get())
            .fetch_optional(&mut *transaction)
            .await?
            .ok_or(UserError::NotFound)?;
        if row.get::<bool, _>("is_enabled") == is_enabled {
            return Err(UserError::ChangedMeanwhile);
        }
        sqlx::query("UPDATE users SET disabled_at = ? WHERE id = ?")
            .bind((!is_enabled).then_some(now.unix_ms()))
            .bind(user.get())
            .execute(&mut *transaction)
            .await?;
        let enabled: i64 = sqlx::query_scalar("SELECT count(*) FROM users WHERE disabled_at IS NULL")
            .fetch_one(&mut *transaction)
            .await?;
        if enabled == 0 {
            return Err(UserError::LastEnabled);
        }
        if !is_enabled {
            end_sessions(&mut transaction, user, None).await?;
        }
        let username: String = row.get("username");
        insert_instance_event(&mut transaction, &instance_event(&username)).await?;
        transaction.commit().await?;
        Ok(username)
    }

    /// Sets a new password in the place of the one that was checked, and ends this user's sessions but the one that is kept. The
    /// instance event is stored with it. False, and nothing is changed, if the password was reset or the user disabled meanwhile.
    pub(crate) async fn change_password(
        &self,
        user: UserId,
        checked_hash: &str,
        password_hash: &str,
        kept: &KeptSession<'_>,
        instance_event: &Recorded,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let changed = sqlx::query(
            "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ? AND disabled_at IS NULL",
        )
        .bind(password_hash)
        .bind(user.get())
        .bind(checked_hash)
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        end_sessions(&mut transaction, user, Some(kept.session)).await?;
        remember_browser(&mut transaction, user, kept.browser, kept.now).await?;
        insert_instance_event(&mut transaction, instance_event).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Sets a new password and ends this user's sessions. The instance event is stored with it.
    pub(crate) async fn update_password(
        &self,
        user: UserId,
        password_hash: &str,
        instance_event: &Recorded,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        set_password(&mut transaction, user, password_hash).await?;
        end_sessions(&mut transaction, user, None).await?;
        insert_instance_event(&mut transaction, instance_event).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Sets a new password for somebody else and ends all sessions of that user. Returns the name, from which the instance event
    /// is made.
    ///
    /// # Errors
    /// [`UserError`]; nothing was changed.
    pub(crate) async fn reset_password(
        &self,
        user: UserId,
        password_hash: &str,
        instance_event: impl FnOnce(&str) -> Recorded + Send,
    ) -> Result<String, UserError> {
        let mut transaction = self.write().await?;
        let username: Option<String> = sqlx::query_scalar("SELECT username FROM users WHERE id = ?")
            .bind(user.get())
            .fetch_optional(&mut *transaction)
            .await?;
        let username = username.ok_or(UserError::NotFound)?;
        set_password(&mut transaction, user, password_hash).await?;
        end_sessions(&mut transaction, user, None).await?;
        insert_instance_event(&mut transaction, &instance_event(&username)).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(username)
    }
}

async fn set_password(
    transaction: &mut Transaction<'static, Sqlite>,
    user: UserId,
    password_hash: &str,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE users SET password_hash = ? WHERE id = ?")
        .bind(password_hash)
        .bind(user.get())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Ends the sessions of a user, but `kept`, and revokes the browsers that are known to be the user's.
async fn end_sessions(
    transaction: &mut Transaction<'static, Sqlite>,
    user: UserId,
    kept: Option<SessionId>,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE user_id = ? AND id IS NOT ?")
        .bind(user.get())
        .bind(kept.map(SessionId::get))
        .execute(&mut **transaction)
        .await?;
    forget_browsers(transaction, user).await?;
    Ok(())
}
