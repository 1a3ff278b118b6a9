//! What lets a client in: passwords, sessions and API tokens.

mod api_token;
mod password;
mod random_text;
mod session;
mod token_cache;

use std::sync::Arc;

use domain::{
    access::SignedIn,
    ids::{SessionId, TokenId},
};

pub use self::{
    api_token::{ApiToken, TokenHash},
    password::{PasswordError, Passwords},
    random_text::random_text,
    session::{SESSION_IDLE, SessionKey},
};
use self::{session::find_session, token_cache::TokenCache};
use crate::Engine;
pub use crate::store::{StoreError, StoredToken};

/// What checking credentials needs besides the store.
#[derive(Default)]
pub(crate) struct Credentials {
    pub(crate) passwords: Passwords,
    pub(crate) tokens: TokenCache,
}

impl Engine {
    pub fn passwords(&self) -> &Passwords {
        &self.credentials().passwords
    }

    /// The session with this key, unless it has ended. That it was used is stored, within a minute.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_session(&self, key: &SessionKey, ip_address: &str) -> Result<Option<SignedIn>, StoreError> {
        find_session(self.database(), key, ip_address, self.clock().now()).await
    }

    /// Whether this session has not ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_session(&self, id: SessionId) -> Result<bool, StoreError> {
        self.database().has_session(id, self.clock().now()).await
    }

    /// The API token with this hash, including revoked and expired ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_token(&self, hash: TokenHash) -> Result<Option<Arc<StoredToken>>, StoreError> {
        self.credentials().tokens.find(self.database(), hash).await
    }

    /// Notes in memory that a token was used.
    pub fn note_token_use(&self, id: TokenId) {
        self.credentials().tokens.note_use(id, self.clock().now());
    }

    /// Stores when tokens were last used.
    ///
    /// # Errors
    /// [`StoreError`]; the next call stores it.
    pub async fn store_token_uses(&self) -> Result<(), StoreError> {
        self.credentials().tokens.store_uses(self.database()).await
    }
}
