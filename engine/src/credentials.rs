//! What lets a client in: passwords, sessions and API tokens; and how often it may try.

mod api_token;
mod lookup;
mod password;
mod random_text;
mod session;
mod sign_in_attempts;
mod throttle;
mod token_cache;

pub use self::{
    api_token::{ApiToken, TokenHash},
    password::{PasswordError, Passwords},
    random_text::random_text,
    session::SessionKey,
    throttle::{Remaining, Throttle, Wait},
};
pub(crate) use self::{session::SESSION_IDLE, sign_in_attempts::Attempt};
use self::{sign_in_attempts::SignInAttempts, token_cache::TokenCache};
pub use crate::store::{StoreError, StoredToken};

/// What checking credentials needs besides the store.
#[derive(Default)]
pub(crate) struct Credentials {
    pub(crate) passwords: Passwords,
    pub(crate) tokens: TokenCache,
    pub(crate) attempts: SignInAttempts,
}
