//! Identifies the caller and authorises the request: API tokens, session cookies, scopes.

mod authorise;
mod bearer;
mod caller;
mod guard;
mod session_cookie;
#[cfg(test)]
mod tests;

pub use engine::credentials::{SessionKey, TokenHash, random_text};

pub use self::session_cookie::SessionCookie;
pub(crate) use self::{
    authorise::authorise_ingest,
    caller::{Caller, authorise, peer_of},
    guard::{AUDIT_EVENTS, admit, operation, refuse_unknown_query, require_caller},
};
