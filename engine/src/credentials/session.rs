//! Sessions: the key in the cookie, and how long a session lasts.

use std::time::Duration;

use domain::{Timestamp, access::SignedIn};
use sha2::{Digest, Sha256};

use super::random_text;
use crate::{
    store::{Database, StoreError, StoredSession},
    vault::KeyError,
};

/// A session that nobody uses ends after this time.
pub(crate) const SESSION_IDLE: Duration = Duration::from_secs(12 * 60 * 60);

/// However much it is used, a session ends after this time.
const SESSION_AT_MOST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How exactly the last use is known: noting each would be a write for each request.
const TOUCH_AFTER: Duration = Duration::from_secs(60);

/// What the cookie holds: 256 random bits as text.
pub struct SessionKey(String);

impl SessionKey {
    const LENGTH: usize = 43;

    /// # Errors
    /// [`KeyError::NoRandomness`] if the operating system has none to give.
    pub fn generate() -> Result<Self, KeyError> {
        Ok(Self(random_text::<32>()?))
    }

    /// `None` if no key could look like this.
    pub fn of_sent(text: &str) -> Option<Self> {
        let is_possible = text.len() == Self::LENGTH && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_possible.then(|| Self(text.to_owned()))
    }

    /// The key itself. It must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// Who holds this key, if the session has not ended. Its last use is noted.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn find_session(
    database: &Database,
    key: &SessionKey,
    ip_address: &str,
    now: Timestamp,
) -> Result<Option<SignedIn>, StoreError> {
    let Some(session) = database.find_session(key.hash(), now).await? else {
        return Ok(None);
    };
    if now.since(session.last_seen_at) >= TOUCH_AFTER {
        database
            .touch_session(session.id, ip_address, now, lasts_until(&session, now))
            .await?;
    }
    let ip_address = ip_address.to_owned();
    Ok(Some(SignedIn {
        session: session.id,
        user: session.user,
        username: session.username,
        ip_address,
    }))
}

fn lasts_until(session: &StoredSession, now: Timestamp) -> Timestamp {
    now.plus(SESSION_IDLE).min(session.created_at.plus(SESSION_AT_MOST))
}

#[cfg(test)]
mod tests {
    use domain::ids::{SessionId, UserId};

    use super::*;

    fn session(created_at: Timestamp) -> StoredSession {
        StoredSession {
            id: SessionId::new(1),
            user: UserId::new(1),
            username: "root".into(),
            created_at,
            last_seen_at: created_at,
            expires_at: created_at.plus(SESSION_IDLE),
        }
    }

    #[test]
    fn a_key_is_kept_as_a_hash_alone() {
        let key = SessionKey::generate().unwrap();
        let sent = SessionKey::of_sent(key.expose()).unwrap();
        assert_eq!(sent.hash(), key.hash());
        assert!(SessionKey::of_sent("short").is_none());
        assert!(SessionKey::of_sent(&"ü".repeat(22)).is_none());
    }

    #[test]
    fn use_prolongs_a_session_but_not_for_ever() {
        let created_at = Timestamp::from_unix_ms(0);
        let hour = |hours: u64| created_at.plus(Duration::from_secs(hours * 3_600));
        assert_eq!(lasts_until(&session(created_at), hour(1)), hour(13));
        assert_eq!(lasts_until(&session(created_at), hour(160)), hour(168));
    }
}
