//! The only way out to hosts that a user named.
//!
//! A [`GuardedClient`] belongs to one host and port. Each address is checked when the name is resolved, and the connection
//! goes to the address that was checked, so a name that changes its mind between check and use gains nothing. A literal
//! address never reaches a resolver, so it is checked on its own. Redirects are not followed, and proxies from the
//! environment are not used: either would lead around the check.
//!
//! Clients come in two forms: pooled, for streams, and traced, for connection tests, which record each stage of each request.
//! Both connect and send by the same code ([`connect`], [`exchange`]) and trust the same certificates ([`trust_store`]).

mod certificate;
mod client;
mod connect;
mod exchange;
mod mail;
mod outgoing;
mod pool;
#[cfg(test)]
mod repeat_tests;
mod resolver;
mod rules;
mod send_error;
#[cfg(test)]
mod tests;
mod tls;
#[cfg(test)]
mod tls_tests;
#[cfg(test)]
mod tolerance_tests;
mod trace;
mod trust_store;

pub(crate) use self::{
    client::{ClientError, GuardedClient, GuardedClients},
    exchange::{BodyError, Response},
    mail::{MailError, MailServer},
    resolver::{Blocked, Unresolved},
    rules::{Forbidden, NetworkRules},
    send_error::{Late, NoConnection},
    trace::{Trace, Traced},
};
