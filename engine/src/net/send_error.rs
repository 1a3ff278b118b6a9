//! Why there is no answer.

use std::{io, time::Duration};

use super::{Blocked, Unresolved, proxy_error::ProxyError};

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
    #[error("the proxy did not connect")]
    Proxy(#[source] ProxyError),
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

/// A failure of a TLS connection for which we had a client certificate to show.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Identified(#[source] pub(crate) io::Error);

impl Identified {
    /// The error as it is, or marked.
    pub(super) fn mark(error: io::Error, has_identity: bool) -> io::Error {
        match has_identity {
            true => io::Error::new(error.kind(), Self(error)),
            false => error,
        }
    }
}

/// The deadline of the whole request has passed.
#[derive(Debug, thiserror::Error)]
#[error("operation timed out")]
pub(crate) struct Late;

/// A deadline in words, for example `10 seconds`.
pub(crate) fn whole_seconds(deadline: Duration) -> String {
    match deadline.as_secs() {
        1 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}
