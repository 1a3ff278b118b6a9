//! The only way out to hosts that a user named.
//!
//! A [`GuardedClient`] belongs to one host and port. Each address is checked when the name is resolved, and the connection
//! goes to the address that was checked, so a name that changes its mind between check and use gains nothing. A literal
//! address never reaches a resolver, so it is checked on its own. Redirects are not followed, and proxies from the
//! environment are not used: either would lead around the check.
//!
//! Clients come in two forms: pooled, for streams, and traced, for tests, which write down each stage of each request.

mod certificate;
mod client;
mod mail;
mod resolver;
mod rules;
mod tls;
mod trace;
mod traced;
mod traced_body;

pub use domain::settings::AllowEntry;

pub(crate) use self::mail::MailServer;
pub use self::{
    client::{ClientError, GuardedClient, GuardedClients},
    mail::MailError,
    resolver::{Blocked, Unresolved},
    rules::{Explained, Forbidden, NetworkRules, Verdict},
    trace::Trace,
};
pub(crate) use self::{
    client::{Late, NoConnection},
    trace::Traced,
};
