//! Looking up sessions and API tokens, and noting that they were used.

use std::sync::Arc;

use domain::{
    access::{CertificateName, SignedIn},
    ids::{SessionId, TokenId},
};

use super::{Passwords, SessionKey, TokenHash, session::find_session, token_cache::TokenKey};
use crate::{
    Engine,
    store::{StoreError, StoredToken},
};

impl Engine {
    /// Hashing and checking of passwords.
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
        let key = TokenKey::Secret(hash);
        self.credentials().tokens.find(self.database(), &key).await
    }

    /// The API token that one of the names of a client certificate stands for, including expired ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_token_of_certificate(
        &self,
        names: &Arc<[CertificateName]>,
    ) -> Result<Option<Arc<StoredToken>>, StoreError> {
        let key = TokenKey::Certificate(Arc::clone(names));
        self.credentials().tokens.find(self.database(), &key).await
    }

    /// Whether this API token is neither revoked nor expired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_token(&self, id: TokenId) -> Result<bool, StoreError> {
        let found = self.database().find_token_with_id(id).await?;
        Ok(found.is_some_and(|token| token.is_valid(self.clock().now())))
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
