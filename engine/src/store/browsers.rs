//! Browsers from which a user has signed in. The cookie that identifies one is encrypted with the instance's key, so a forged
//! cookie costs no query. Whether it is still valid is stored: it expires, only the newest of a user are kept, and all of a
//! user's are revoked when the password changes, when all sessions of the user are ended, and when the user is disabled. The
//! browser in which users change their own password becomes known under a new id in the same transaction.

use domain::{Timestamp, access::BROWSER_KNOWN_FOR, ids::UserId};
use sqlx::{Sqlite, Transaction};

use super::{Database, StoreError};
use crate::vault::{KeyError, Place};

const PLACE: Place<'static> = Place {
    table: "known_browsers",
    column: "id",
    row: 0,
};

/// Browsers kept for each user: those used last.
const BROWSERS_PER_USER: u32 = 20;

/// What the cookie of a browser says: whose it is, and its id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KnownBrowser {
    /// Random text without a colon.
    pub(crate) id: String,
    pub(crate) username: String,
}

impl Database {
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub(crate) fn seal_browser(&self, browser: &KnownBrowser) -> Result<Vec<u8>, KeyError> {
        self.vault.seal(PLACE, &format!("{}:{}", browser.id, browser.username))
    }

    /// `None` if it was not encrypted by this instance. Reads nothing from the store.
    pub(crate) fn open_browser(&self, sealed: &[u8]) -> Option<KnownBrowser> {
        let text = self.vault.open(PLACE, sealed).ok()?;
        let (id, username) = text.split_once(':')?;
        Some(KnownBrowser {
            id: id.to_owned(),
            username: username.to_owned(),
        })
    }

    /// Whether the user has signed in from this browser, and it has neither expired nor been revoked since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn knows_browser(&self, browser: &KnownBrowser, now: Timestamp) -> Result<bool, StoreError> {
        let found = sqlx::query(
            "SELECT 1 FROM known_browsers JOIN users ON users.id = user_id \
             WHERE known_browsers.id = ? AND username = ? AND last_used_at > ?",
        )
        .bind(&browser.id)
        .bind(&browser.username)
        .bind(now.minus(BROWSER_KNOWN_FOR).unix_ms())
        .fetch_optional(self.read()?)
        .await?;
        Ok(found.is_some())
    }
}

/// Stores that the user has signed in from this browser. Deletes browsers that have expired, and the user's oldest ones beyond
/// the limit.
pub(super) async fn remember_browser(
    transaction: &mut Transaction<'static, Sqlite>,
    user: UserId,
    id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO known_browsers (id, user_id, last_used_at) VALUES (?, ?, ?) \
         ON CONFLICT (id) DO UPDATE SET last_used_at = excluded.last_used_at",
    )
    .bind(id)
    .bind(user.get())
    .bind(now.unix_ms())
    .execute(&mut **transaction)
    .await?;
    sqlx::query(
        "DELETE FROM known_browsers WHERE last_used_at <= ?1 OR user_id = ?2 AND id <> ?3 AND id NOT IN \
         (SELECT id FROM known_browsers WHERE user_id = ?2 AND id <> ?3 ORDER BY last_used_at DESC, id LIMIT ?4)",
    )
    .bind(now.minus(BROWSER_KNOWN_FOR).unix_ms())
    .bind(user.get())
    .bind(id)
    .bind(BROWSERS_PER_USER - 1)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Revokes all browsers of a user and returns how many.
pub(super) async fn forget_browsers(
    transaction: &mut Transaction<'static, Sqlite>,
    user: UserId,
) -> Result<u64, StoreError> {
    let deleted = sqlx::query("DELETE FROM known_browsers WHERE user_id = ?")
        .bind(user.get())
        .execute(&mut **transaction)
        .await?;
    Ok(deleted.rows_affected())
}
