//! The outcome of one attempt, as the sink saw it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The stage at which a destination could not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreached {
    /// The host name has no address.
    Dns,
    /// No connection: refused, reset, unreachable, or not within the connect deadline.
    Connect,
    /// The proxy did not connect to the destination.
    Proxy(ProxyFailure),
    /// The certificate or the handshake was not accepted.
    Tls(TlsFailure),
    /// No complete response within the deadline of the attempt.
    Timeout,
    /// The connection ended before the answer did.
    Interrupted,
}

/// Why no connection by TLS came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsFailure {
    /// No trusted CA has issued the certificate.
    UnknownIssuer,
    /// The certificate is for other names.
    WrongName,
    Expired,
    NotYetValid,
    /// The server uses the certificate of a CA.
    CaAsServer,
    /// The server asks for a client certificate, in the handshake or in its answer.
    ClientCertificate,
    /// The server does not accept our client certificate.
    ClientCertificateRefused,
    /// Anything else, for example a server that does not speak TLS.
    Other,
}

/// Why a proxy does not connect to a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyFailure {
    /// It wants other credentials (407, or 401).
    Authentication,
    /// Its rules forbid the destination (403).
    Forbidden,
    /// It can't reach the destination itself (500, 502, 503, 504).
    Unreachable,
    /// Anything else, for example what is no proxy.
    Other,
}

impl Unreached {
    /// Every reason, in the order of their ids.
    pub const ALL: [Self; 16] = [
        Self::Dns,
        Self::Connect,
        Self::Proxy(ProxyFailure::Authentication),
        Self::Proxy(ProxyFailure::Forbidden),
        Self::Proxy(ProxyFailure::Unreachable),
        Self::Proxy(ProxyFailure::Other),
        Self::Tls(TlsFailure::UnknownIssuer),
        Self::Tls(TlsFailure::WrongName),
        Self::Tls(TlsFailure::Expired),
        Self::Tls(TlsFailure::NotYetValid),
        Self::Tls(TlsFailure::CaAsServer),
        Self::Tls(TlsFailure::ClientCertificate),
        Self::Tls(TlsFailure::ClientCertificateRefused),
        Self::Tls(TlsFailure::Other),
        Self::Timeout,
        Self::Interrupted,
    ];
}

/// The end of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The destination answered with this HTTP status, and perhaps with how long to wait.
    Answered { status: u16, retry_after: Option<Duration> },
    /// No answer.
    Unreached(Unreached),
    /// The network rules forbid this host; nothing was sent.
    Blocked,
    /// This event can't be put into a request at all; nothing was sent.
    Unsendable,
    /// This process is stopping; whether the destination has the event is unknown.
    Stopped,
}

impl Outcome {
    /// The HTTP status of the answer.
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(status),
            Self::Unreached(_) | Self::Blocked | Self::Unsendable | Self::Stopped => None,
        }
    }

    /// Whether the server has seen the event, or may have.
    pub const fn may_have_arrived(self) -> bool {
        match self {
            Self::Answered { .. } | Self::Unreached(Unreached::Timeout | Unreached::Interrupted) => true,
            Self::Unreached(Unreached::Dns | Unreached::Connect | Unreached::Proxy(_) | Unreached::Tls(_))
            | Self::Blocked
            | Self::Unsendable
            | Self::Stopped => false,
        }
    }

    /// Whether the event that was sent can be the reason of the failure. It can't if it never left, and 429 is about how often is
    /// sent, whatever it is.
    pub const fn may_be_the_event(self) -> bool {
        self.may_have_arrived() && !matches!(self, Self::Answered { status: 429, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_suspected_for_what_was_sent_and_not_for_a_rate_limit() {
        let answered = |status| Outcome::Answered {
            status,
            retry_after: None,
        };
        for status in [302, 401, 403, 404, 500, 503] {
            assert!(answered(status).may_be_the_event(), "{status}");
        }
        assert!(!answered(429).may_be_the_event() && answered(429).may_have_arrived());
        assert!(Outcome::Unreached(Unreached::Timeout).may_be_the_event());
        for unsent in [
            Outcome::Unreached(Unreached::Connect),
            Outcome::Blocked,
            Outcome::Unsendable,
        ] {
            assert!(!unsent.may_be_the_event() && !unsent.may_have_arrived(), "{unsent:?}");
        }
    }
}
