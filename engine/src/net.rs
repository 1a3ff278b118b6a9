//! The only way out to hosts that a user named.
//!
//! A [`GuardedClient`] belongs to one host and port. Each address is checked when the name is resolved, and the connection
//! goes to the address that was checked, so a name that changes its mind between check and use gains nothing. A literal
//! address never reaches a resolver, so it is checked on its own. Redirects are not followed, and of proxies only those are used that
//! an operator or administrator has chosen, after a check of the host and of the proxy ([`tunnel`]).
//!
//! Clients come in two forms: pooled, for streams, and traced, for connection tests, which record each stage of each request.
//! Both connect and send by the same code ([`connect`], [`exchange`]) and trust the same certificates ([`trust_store`]).

mod ca_file;
mod certificate;
mod client;
mod connect;
mod exchange;
mod extra_roots;
mod mail;
mod outgoing;
mod pool;
mod proxy_error;
#[cfg(test)]
mod repeat_tests;
mod resolver;
mod route;
mod rules;
mod send_error;
mod server_certificates;
mod socks;
#[cfg(test)]
pub(crate) mod test_ca;
#[cfg(test)]
mod tests;
mod tls;
mod tls_options;
#[cfg(test)]
mod tls_tests;
#[cfg(test)]
mod tolerance_tests;
mod trace;
mod trust_store;
mod tunnel;
mod unverified;

pub use self::{
    ca_file::{CaFile, CaFileError},
    route::InstanceProxy,
};
pub(crate) use self::{
    certificate::{is_of_ca, is_version_3, validity_of},
    client::{ClientError, GuardedClient, GuardedClients},
    exchange::{BodyError, Response},
    mail::{MailError, MailServer},
    proxy_error::ProxyError,
    resolver::{Blocked, Unresolved},
    rules::{Forbidden, NetworkRules},
    send_error::{Identified, Late, NoConnection, SendError, whole_seconds},
    tls_options::{TlsError, TlsOptions, trusted_root},
    trace::{Trace, Traced},
};
