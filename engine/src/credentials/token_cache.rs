//! API tokens in memory, so that a request costs no query.
//!
//! What is in here is at most [`FRESH_FOR`] old: a token that another process revokes (the command line does) is refused
//! within that time, and one that this process revokes at once ([`TokenCache::forget`]). Expiry is exact, because it is
//! checked against the clock at each use. Only tokens that exist are kept; when they were last used is gathered here and
//! stored now and then, and at the end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use domain::{Timestamp, access::CertificateName, ids::TokenId};

use super::TokenHash;
use crate::store::{Database, StoreError, StoredToken};

/// How long a token is taken as it was read.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// Tokens kept; more than any instance has.
const MAX_TOKENS: usize = 10_000;

/// The tokens that are in use.
#[derive(Default)]
pub(crate) struct TokenCache {
    tokens: RwLock<Tokens>,
    /// Held by the one who reads a token anew; the others wait for what it finds.
    reading: tokio::sync::Mutex<()>,
    used: Mutex<HashMap<TokenId, Timestamp>>,
}

/// By what a token is looked up.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum TokenKey {
    Secret(TokenHash),
    /// The names of a client certificate, the first of which counts first.
    Certificate(Arc<[CertificateName]>),
}

#[derive(Default)]
struct Tokens {
    by_key: HashMap<TokenKey, Cached>,
    /// How often something was forgotten: what was being read then may be out of date and is not kept.
    forgotten: u64,
}

struct Cached {
    token: Arc<StoredToken>,
    read_at: Instant,
}

impl TokenCache {
    /// The token with this key, expired ones too, and by its secret also revoked ones.
    ///
    /// # Errors
    /// [`StoreError`] if it had to be read and could not be.
    pub(crate) async fn find(
        &self,
        database: &Database,
        key: &TokenKey,
    ) -> Result<Option<Arc<StoredToken>>, StoreError> {
        if let Some(token) = self.fresh(key) {
            return Ok(Some(token));
        }
        // Only tokens that exist wait for one another: any number of made-up ones can't get in their way.
        let _reading = match self.is_known(key) {
            true => Some(self.reading.lock().await),
            false => None,
        };
        if let Some(token) = self.fresh(key) {
            return Ok(Some(token));
        }
        let read_at = Instant::now();
        let forgotten = self.tokens.read().unwrap_or_else(PoisonError::into_inner).forgotten;
        let found = match key {
            TokenKey::Secret(hash) => database.find_token(hash.0).await?,
            TokenKey::Certificate(names) => database.find_token_of_certificate(names).await?,
        };
        let found = found.map(Arc::new);
        self.keep(key, found.clone(), read_at, forgotten);
        Ok(found)
    }

    /// The token was changed in the store: whoever asks from now on learns what stands there.
    pub(crate) fn forget(&self, id: TokenId) {
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        tokens.by_key.retain(|_, cached| cached.token.id != id);
        tokens.forgotten = tokens.forgotten.wrapping_add(1);
    }

    /// Notes that a token was used.
    pub(crate) fn note_use(&self, id: TokenId, now: Timestamp) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
    }

    /// Stores when tokens were last used. What can't be stored is kept for the next time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn store_uses(&self, database: &Database) -> Result<(), StoreError> {
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        if used.is_empty() {
            return Ok(());
        }
        let uses: Vec<(TokenId, Timestamp)> = used.into_iter().collect();
        let stored = database.touch_tokens(&uses).await;
        if stored.is_err() {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            for (id, used_at) in uses {
                used.entry(id).or_insert(used_at);
            }
        }
        stored
    }

    fn fresh(&self, key: &TokenKey) -> Option<Arc<StoredToken>> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let cached = tokens.by_key.get(key)?;
        (cached.read_at.elapsed() < FRESH_FOR).then(|| Arc::clone(&cached.token))
    }

    fn is_known(&self, key: &TokenKey) -> bool {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        tokens.by_key.contains_key(key)
    }

    fn keep(&self, key: &TokenKey, found: Option<Arc<StoredToken>>, read_at: Instant, forgotten: u64) {
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        if tokens.forgotten != forgotten {
            return;
        }
        let tokens = &mut tokens.by_key;
        let Some(token) = found else {
            tokens.remove(key);
            return;
        };
        if tokens.len() >= MAX_TOKENS {
            tokens.retain(|_, cached| cached.read_at.elapsed() < FRESH_FOR);
        }
        tokens.insert(key.clone(), Cached { token, read_at });
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        access::{Scope, TokenName},
        instance_event::{Action, Author, InstanceEvent, Subject},
    };

    use super::*;
    use crate::{credentials::ApiToken, instance_events::Recorded, store::NewToken, vault::Vault};

    async fn database(folder: &tempfile::TempDir) -> Database {
        let vault = Vault::for_tests();
        Database::open(&folder.path().join("audit-streams.db"), vault)
            .await
            .unwrap()
    }

    fn recorded(token: TokenId) -> Recorded {
        let event = InstanceEvent::new(Subject::token(token, "x"), Action::TokenRevoked);
        Recorded::new(event, &Author::command_line(), Timestamp::from_unix_ms(0))
    }

    async fn add_token(database: &Database) -> (TokenKey, TokenId) {
        let (key, id) = add_token_of(database, "x", None).await;
        (TokenKey::Secret(key), id)
    }

    async fn add_token_of(database: &Database, name: &str, certificate: Option<&str>) -> (TokenHash, TokenId) {
        let hash = ApiToken::generate().unwrap().hash();
        let new = NewToken {
            name: TokenName::parse(name).unwrap(),
            key_hash: hash.0,
            scopes: vec![Scope::Ingest],
            created_at: Timestamp::from_unix_ms(0),
            expires_at: None,
            client_certificate: certificate.map(|name| CertificateName::parse(name).unwrap()),
        };
        (hash, database.insert_token(&new, recorded).await.unwrap())
    }

    #[tokio::test]
    async fn a_token_is_read_once_while_it_is_fresh() {
        let folder = tempfile::tempdir().unwrap();
        let (database, cache) = (database(&folder).await, TokenCache::default());
        let (hash, id) = add_token(&database).await;
        let first = cache.find(&database, &hash).await.unwrap().unwrap();
        assert_eq!(first.id, id);
        database.close().await;
        let again = cache.find(&database, &hash).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&first, &again), "the closed database was not asked");
    }

    #[tokio::test]
    async fn what_was_forgotten_is_asked_for_again_even_if_it_was_just_being_read() {
        let folder = tempfile::tempdir().unwrap();
        let (database, cache) = (database(&folder).await, TokenCache::default());
        let (hash, id) = add_token(&database).await;
        let read = cache.find(&database, &hash).await.unwrap();
        database
            .revoke_token_with_id(id, Timestamp::from_unix_ms(1), |_| recorded(id))
            .await
            .unwrap();
        cache.forget(id);
        // As a request would that had read the token before it was revoked.
        cache.keep(&hash, read, Instant::now(), 0);
        let again = cache.find(&database, &hash).await.unwrap().unwrap();
        assert_eq!(again.revoked_at, Some(Timestamp::from_unix_ms(1)));
    }

    #[tokio::test]
    async fn a_certificate_stands_for_the_token_of_its_first_name_that_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let (database, cache) = (database(&folder).await, TokenCache::default());
        let (_, first) = add_token_of(&database, "first", Some("app.example.com")).await;
        let (_, second) = add_token_of(&database, "second", Some("CN=app")).await;
        let find = async |names: &[&str]| {
            let names = names.iter().map(|name| CertificateName::parse(name).unwrap());
            let key = TokenKey::Certificate(names.collect());
            let found = cache.find(&database, &key).await.unwrap();
            found.map(|token| token.id)
        };
        assert_eq!(find(&["CN=app", "app.example.com"]).await, Some(second));
        assert_eq!(find(&["CN=other", "app.example.com"]).await, Some(first));
        assert_eq!(find(&["CN=other"]).await, None);
        assert_eq!(find(&[]).await, None);
        let now = Timestamp::from_unix_ms(1);
        database
            .revoke_token_with_id(second, now, |_| recorded(second))
            .await
            .unwrap();
        cache.forget(second);
        assert_eq!(find(&["CN=app", "app.example.com"]).await, Some(first));
        let (_, third) = add_token_of(&database, "third", Some("CN=app")).await;
        assert_eq!(find(&["CN=app"]).await, Some(third));
    }

    #[tokio::test]
    async fn what_was_not_there_is_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let (database, cache) = (database(&folder).await, TokenCache::default());
        let (hash, _) = add_token(&database).await;
        let unknown = TokenKey::Secret(TokenHash([7; 32]));
        assert!(cache.find(&database, &unknown).await.unwrap().is_none());
        assert!(cache.find(&database, &hash).await.unwrap().is_some());
        database.close().await;
        assert!(cache.find(&database, &unknown).await.is_err());
    }

    #[tokio::test]
    async fn uses_are_stored_and_none_is_lost_to_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let (open, cache) = (database(&folder).await, TokenCache::default());
        let (_, id) = add_token(&open).await;
        let (early, late) = (Timestamp::from_unix_ms(5), Timestamp::from_unix_ms(9));
        cache.note_use(id, early);
        open.close().await;
        assert!(cache.store_uses(&open).await.is_err());
        let reopened = database(&folder).await;
        cache.store_uses(&reopened).await.unwrap();
        assert_eq!(reopened.list_tokens().await.unwrap()[0].last_used_at, Some(early));
        cache.note_use(id, late);
        cache.store_uses(&reopened).await.unwrap();
        cache.store_uses(&reopened).await.unwrap();
        assert_eq!(reopened.list_tokens().await.unwrap()[0].last_used_at, Some(late));
    }
}
