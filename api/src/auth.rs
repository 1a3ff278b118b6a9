//! Identifies the caller and authorises the request: API tokens, session cookies, scopes.

mod authorise;
mod bearer;
mod caller;
mod guard;
mod sent;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    authorise::authorise_ingest,
    caller::{Caller, authorise, peer_of},
    guard::{AUDIT_EVENTS, admit, refuse_unknown_query, require_caller},
};
