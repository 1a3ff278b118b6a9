//! Who may come in: passwords, sessions, API tokens, and how often somebody may try.

mod api_token;
mod bearer;
mod password;
mod random_text;
mod session;
mod session_cookie;
mod sign_in_attempts;
mod throttle;
mod token_cache;

pub(crate) use self::{
    api_token::{ApiToken, TokenHash},
    bearer::bearer_text,
    password::{PasswordError, Passwords},
    random_text::random_text,
    session::{SESSION_IDLE, SessionKey, find_session},
    session_cookie::SessionCookie,
    sign_in_attempts::{Attempt, SignInAttempts},
    throttle::{Left, Throttle, Wait},
    token_cache::TokenCache,
};
