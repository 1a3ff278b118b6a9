//! Why there is no answer.

use std::io;

use super::{Blocked, Unresolved};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("the network rules forbid it")]
    Blocked(#[source] Blocked),
    #[error("the URL is not that of a request")]
    Malformed(#[source] http::Error),
    #[error("the URL is not that of a request")]
    Url(#[source] url::ParseError),
    /// The resolver has checked names for another port.
    #[error("the request is for another port than its client")]
    OtherPort,
    #[error("the host has no address")]
    Unresolved(#[source] Unresolved),
    #[error("there is no connection")]
    Unconnected(#[source] NoConnection),
    #[error("the exchange failed")]
    Exchange(#[source] hyper::Error),
    #[error("the request took too long")]
    Late(#[source] Late),
}

/// No connection came about: no TCP, no TLS, or neither in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection")]
pub(crate) struct NoConnection(#[source] pub(super) io::Error);

/// The deadline of the whole request has passed.
#[derive(Debug, thiserror::Error)]
#[error("operation timed out")]
pub(crate) struct Late;
