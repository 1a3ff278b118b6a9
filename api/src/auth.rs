//! Who is calling, and whether the call is allowed: API tokens, session cookies, scopes.

mod authorise;
mod bearer;
mod caller;
mod guard;
mod session_cookie;

pub use engine::credentials::{SessionKey, TokenHash, random_text};

pub use self::session_cookie::SessionCookie;
pub(crate) use self::{
    authorise::authorise as authorise_ingest,
    caller::{Caller, authorise, authorise_by_token, peer_of},
    guard::{AUDIT_EVENTS, admit, needed_scope, refuse_unknown_query, require_caller},
};
