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
    #[error("The server at {proxy} is not an HTTP proxy")]
    NotHttp { proxy: String },
    #[error("The server at {proxy} is not a SOCKS5 proxy")]
    NotSocks { proxy: String },
    #[error("The proxy {proxy} {}", refusal(*status, target))]
    Refused { proxy: String, target: String, status: u16 },
    #[error("The proxy {proxy} {}", refusal.text(target))]
    Declined {
        proxy: String,
        target: String,
        refusal: SocksRefusal,
    },
}

/// Why a SOCKS5 proxy does not connect to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SocksRefusal {
    /// It requires credentials, or rejects ours.
    Credentials,
    /// Its rules forbid it.
    Forbidden,
    /// It could not connect itself, for this reason.
    Unreachable(&'static str),
    /// It can't do what it was asked for, for this reason.
    Unsupported(&'static str),
}

impl SocksRefusal {
    /// Follows the name of the proxy.
    fn text(self, target: &str) -> String {
        match self {
            Self::Credentials => "requires other credentials".to_owned(),
            Self::Forbidden => format!("does not allow connections to {target}"),
            Self::Unreachable(reason) => format!("can't connect to {target}: {reason}"),
            Self::Unsupported(reason) => format!("did not connect to {target}: {reason}"),
        }
    }

    const fn failure(self) -> ProxyFailure {
        match self {
            Self::Credentials => ProxyFailure::Authentication,
            Self::Forbidden => ProxyFailure::Forbidden,
            Self::Unreachable(_) => ProxyFailure::Unreachable,
            Self::Unsupported(_) => ProxyFailure::Other,
        }
    }
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
    /// Whether another address of the host may be reached: the proxy can't reach this one, or is still trying.
    pub(crate) fn may_be_of_address(&self) -> bool {
        match self {
            Self::Interrupted { error, .. } => error.kind() == io::ErrorKind::TimedOut,
            _ => self.failure() == ProxyFailure::Unreachable,
        }
    }

    pub(crate) const fn failure(&self) -> ProxyFailure {
        match self {
            Self::Refused { status: 401 | 407, .. } => ProxyFailure::Authentication,
            Self::Refused { status: 403, .. } => ProxyFailure::Forbidden,
            Self::Refused {
                status: 500 | 502..=504,
                ..
            } => ProxyFailure::Unreachable,
            Self::Declined { refusal, .. } => refusal.failure(),
            Self::Unresolved { .. }
            | Self::Unconnected { .. }
            | Self::Interrupted { .. }
            | Self::NotHttp { .. }
            | Self::NotSocks { .. }
            | Self::Refused { .. } => ProxyFailure::Other,
        }
    }
}
