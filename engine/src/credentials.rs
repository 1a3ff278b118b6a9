//! What lets a client in: passwords, sessions and API tokens.

mod api_token;
mod lookup;
mod password;
mod random_text;
mod session;
mod token_cache;

use self::token_cache::TokenCache;
pub use self::{
    api_token::{ApiToken, TokenHash},
    password::{PasswordError, Passwords},
    random_text::random_text,
    session::{SESSION_IDLE, SessionKey},
};
pub use crate::store::{StoreError, StoredToken};

/// What checking credentials needs besides the store.
#[derive(Default)]
pub(crate) struct Credentials {
    pub(crate) passwords: Passwords,
    pub(crate) tokens: TokenCache,
}
