//! How a browser shows its session, where a request carries its token, and how often a client may try.

mod bearer;
mod session_cookie;
mod sign_in_attempts;
mod throttle;

pub(crate) use engine::credentials::{SessionKey, TokenHash, random_text};

pub(crate) use self::{
    bearer::bearer_text,
    session_cookie::SessionCookie,
    sign_in_attempts::{Attempt, SignInAttempts},
    throttle::{Left, Throttle, Wait},
};
