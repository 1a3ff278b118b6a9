//! Why a proxy does not connect to a host.

use std::io;

use domain::policy::ProxyFailure;

/// Why a proxy does not connect to a host. Each is a sentence without its full stop, and has nothing of the credentials.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProxyError {
    #[error("The name of the proxy {proxy} has no address")]
    Unresolved { proxy: String },
    #[error("The proxy {proxy} can't be connected to: {error}")]
    Unconnected { proxy: String, error: io::Error },
    #[error("The connection to the proxy {proxy} ended before it had answered: {error}")]
    Interrupted { proxy: String, error: io::Error },
    #[error("What answers at {proxy} is no HTTP proxy")]
    NoProxy { proxy: String },
    #[error("The proxy {proxy} {}", refusal(*status, target))]
    Refused { proxy: String, target: String, status: u16 },
}

fn refusal(status: u16, target: &str) -> String {
    match status {
        // tinyproxy answers wrong credentials with 401.
        401 | 407 => format!("requires other credentials: it answered with status {status}"),
        403 => format!("does not allow connections to {target}: it answered with status 403"),
        500 | 502..=504 => format!("can't connect to {target}: it answered with status {status}"),
        _ => format!("did not connect to {target}: it answered with status {status}"),
    }
}

impl ProxyError {
    pub(crate) const fn failure(&self) -> ProxyFailure {
        match self {
            Self::Refused { status: 401 | 407, .. } => ProxyFailure::Authentication,
            Self::Refused { status: 403, .. } => ProxyFailure::Forbidden,
            Self::Refused {
                status: 500 | 502..=504,
                ..
            } => ProxyFailure::Unreachable,
            Self::Unresolved { .. }
            | Self::Unconnected { .. }
            | Self::Interrupted { .. }
            | Self::NoProxy { .. }
            | Self::Refused { .. } => ProxyFailure::Other,
        }
    }
}
