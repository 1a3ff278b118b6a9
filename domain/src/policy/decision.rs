//! The table from outcome to decision.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Outcome, ProxyFailure, Refusal, TlsFailure, Unreached};

/// How many events the request carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestSize {
    One,
    Batch,
}

/// The status under which nginx keeps that a request came without the client certificate that it requires.
/// <https://nginx.org/en/docs/http/ngx_http_ssl_module.html#errors>
pub const CLIENT_CERTIFICATE_REQUIRED: u16 = 496;

/// nginx's status for a request whose client certificate it does not accept.
pub const CLIENT_CERTIFICATE_REFUSED: u16 = 495;

/// Why a stream backs off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    Unreached(Unreached),
    /// 408, 425, 429, 5xx, or a status outside HTTP's range.
    Unavailable(u16),
    /// 401, 403, 407.
    AuthenticationFailing(u16),
    /// 404, 410.
    EndpointNotFound(u16),
    /// 3xx, never followed.
    Moved(u16),
    /// The network rules forbid the host.
    Blocked,
    /// Twenty refusals in a row and nothing accepted: it is the destination, not the events.
    EverythingRefused(u16),
    /// It has rejected as many events as are kept for it, and refuses another.
    TooManyRefused,
}

/// What to do about the events of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Delivered.
    Acknowledge,
    /// Keep the events, stop sending, probe until it works again; not before the `Retry-After` of the destination.
    BackOff {
        trouble: Trouble,
        retry_after: Option<Duration>,
    },
    /// The event itself is not wanted: try it again on its own schedule, go on with the others.
    Refuse(Refusal),
    /// Too large together, or one of them is not wanted and nobody knows which: send the halves.
    Split,
    /// Record nothing; it is sent again after the restart.
    Forget,
}

/// The decision for an outcome. Total: every status has one.
pub fn decide(outcome: Outcome, size: RequestSize) -> Decision {
    match outcome {
        Outcome::Answered { status, retry_after } => decide_answer(status, retry_after, size),
        Outcome::Unreached(unreached) => back_off(Trouble::Unreached(unreached), None),
        Outcome::Blocked => back_off(Trouble::Blocked, None),
        Outcome::Unsendable if size == RequestSize::Batch => Decision::Split,
        Outcome::Unsendable => Decision::Refuse(Refusal::Unsendable),
        Outcome::Stopped => Decision::Forget,
    }
}

fn decide_answer(status: u16, retry_after: Option<Duration>, size: RequestSize) -> Decision {
    match status {
        200..=299 => Decision::Acknowledge,
        300..=399 => back_off(Trouble::Moved(status), retry_after),
        401 | 403 | 407 => back_off(Trouble::AuthenticationFailing(status), retry_after),
        404 | 410 => back_off(Trouble::EndpointNotFound(status), retry_after),
        408 | 425 | 429 => back_off(Trouble::Unavailable(status), retry_after),
        CLIENT_CERTIFICATE_REFUSED => {
            let failure = Unreached::Tls(TlsFailure::ClientCertificateRefused);
            back_off(Trouble::Unreached(failure), retry_after)
        }
        CLIENT_CERTIFICATE_REQUIRED => {
            let failure = Unreached::Tls(TlsFailure::ClientCertificate);
            back_off(Trouble::Unreached(failure), retry_after)
        }
        400..=499 if size == RequestSize::Batch => Decision::Split,
        400..=499 => Decision::Refuse(Refusal::Status(status)),
        _ => back_off(Trouble::Unavailable(status), retry_after),
    }
}

const fn back_off(trouble: Trouble, retry_after: Option<Duration>) -> Decision {
    Decision::BackOff { trouble, retry_after }
}

impl fmt::Display for Trouble {
    /// A phrase that stands alone, or in a log line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreached(Unreached::Dns) => formatter.write_str("host name not found"),
            Self::Unreached(Unreached::Connect) => formatter.write_str("no connection"),
            Self::Unreached(Unreached::Proxy(failure)) => formatter.write_str(match failure {
                ProxyFailure::Authentication => "proxy requires other credentials",
                ProxyFailure::Forbidden => "forbidden by the proxy",
                ProxyFailure::Unreachable => "not reachable by the proxy",
                ProxyFailure::Other => "proxy does not connect",
            }),
            Self::Unreached(Unreached::Tls(failure)) => formatter.write_str(match failure {
                TlsFailure::UnknownIssuer => "certificate from an unknown issuer",
                TlsFailure::WrongName => "certificate for another name",
                TlsFailure::Expired => "certificate expired",
                TlsFailure::NotYetValid => "certificate not valid yet",
                TlsFailure::CaAsServer => "certificate of a CA used by a server",
                TlsFailure::ClientCertificate => "client certificate required",
                TlsFailure::ClientCertificateRefused => "client certificate rejected",
                TlsFailure::Other => "TLS handshake failed",
            }),
            Self::Unreached(Unreached::Timeout) => formatter.write_str("timed out"),
            Self::Unreached(Unreached::Interrupted) => formatter.write_str("connection ended before the answer"),
            Self::Unavailable(429) => formatter.write_str("429 too many requests"),
            Self::Unavailable(status) => write!(formatter, "{status} from server"),
            Self::AuthenticationFailing(status) => write!(formatter, "authentication failing ({status})"),
            Self::EndpointNotFound(status) => write!(formatter, "endpoint not found ({status})"),
            Self::Moved(status) => write!(formatter, "endpoint moved ({status}, redirects are not followed)"),
            Self::Blocked => formatter.write_str("blocked by the network rules"),
            Self::TooManyRefused => formatter.write_str("rejecting too many events"),
            Self::EverythingRefused(status) => write!(formatter, "every event rejected ({status})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answered(status: u16) -> Decision {
        decide(
            Outcome::Answered {
                status,
                retry_after: None,
            },
            RequestSize::One,
        )
    }

    #[test]
    fn each_row_of_the_table() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(answered(status), Decision::Acknowledge, "{status}");
        }
        for status in [300, 301, 302, 304, 307, 308] {
            assert_eq!(answered(status), back_off(Trouble::Moved(status), None), "{status}");
        }
        for status in [401, 403, 407] {
            assert_eq!(
                answered(status),
                back_off(Trouble::AuthenticationFailing(status), None),
                "{status}"
            );
        }
        for status in [404, 410] {
            assert_eq!(
                answered(status),
                back_off(Trouble::EndpointNotFound(status), None),
                "{status}"
            );
        }
        for status in [0, 100, 408, 425, 429, 500, 502, 503, 504, 599, 600, 999] {
            assert_eq!(
                answered(status),
                back_off(Trouble::Unavailable(status), None),
                "{status}"
            );
        }
        for status in [400, 402, 405, 406, 409, 411, 413, 415, 418, 422, 431, 451, 499] {
            assert_eq!(answered(status), Decision::Refuse(Refusal::Status(status)), "{status}");
        }
    }

    /// The effect of a status according to the guide: the second cell of the row that fits.
    fn effect_in(guide: &str, status: u16) -> String {
        let (_, section) = guide.split_once("### What answers lead to").unwrap();
        let (section, _) = section.split_once("### ").unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
        let rows: Vec<(&str, &str)> = rows
            .filter_map(|row| row.strip_suffix(" |")?.split_once(" | "))
            .collect();
        let is_in = |range: &str| {
            let (first, last) = range.split_once('–').unwrap_or((range, range));
            first.parse().is_ok_and(|first: u16| first <= status) && last.parse().is_ok_and(|last: u16| status <= last)
        };
        let named = rows.iter().find(|(cell, _)| cell.split(", ").any(is_in));
        let other = || {
            rows.iter().find(|(cell, _)| {
                cell.strip_prefix("any other ")
                    .is_some_and(|cell| cell == "status" || is_in(cell))
            })
        };
        named.or_else(other).unwrap().1.to_owned()
    }

    #[test]
    fn the_guide_says_what_is_decided_for_every_status() {
        let guide = include_str!("../../../docs/guide.md");
        for status in 0..=1_000 {
            let expected = match answered(status) {
                Decision::Acknowledge => "The event is delivered.",
                Decision::Refuse(_) => {
                    "The event is rejected. A request with more events is sent in smaller ones, until the event is alone."
                }
                Decision::BackOff { trouble, .. } => match trouble {
                    Trouble::Moved(_) => "The stream backs off: *endpoint moved*. Redirects are never followed.",
                    Trouble::AuthenticationFailing(_) => "The stream backs off: *authentication failing*.",
                    Trouble::EndpointNotFound(_) => "The stream backs off: *endpoint not found*.",
                    Trouble::Unavailable(_) => "The stream backs off, at least as long as `Retry-After` says.",
                    Trouble::Unreached(Unreached::Tls(TlsFailure::ClientCertificateRefused)) => {
                        "The stream backs off: *client certificate rejected*."
                    }
                    Trouble::Unreached(_) => "The stream backs off: *client certificate required*.",
                    other => panic!("{other}"),
                },
                other => panic!("{other:?}"),
            };
            assert_eq!(effect_in(guide, status), expected, "{status}");
        }
    }

    #[test]
    fn a_refused_batch_is_split_until_the_event_that_is_not_wanted_stands_alone() {
        for status in [400, 405, 413, 422, 499] {
            let outcome = Outcome::Answered {
                status,
                retry_after: None,
            };
            assert_eq!(decide(outcome, RequestSize::Batch), Decision::Split);
            assert_eq!(
                decide(outcome, RequestSize::One),
                Decision::Refuse(Refusal::Status(status))
            );
        }
        assert_eq!(decide(Outcome::Unsendable, RequestSize::Batch), Decision::Split);
        for status in [200, 302, 401, 403, 404, 408, 429, 503] {
            let outcome = Outcome::Answered {
                status,
                retry_after: None,
            };
            assert_eq!(decide(outcome, RequestSize::Batch), decide(outcome, RequestSize::One));
        }
    }

    #[test]
    fn without_an_answer_nothing_is_acknowledged_or_refused() {
        for unreached in Unreached::ALL {
            let decision = decide(Outcome::Unreached(unreached), RequestSize::One);
            assert_eq!(decision, back_off(Trouble::Unreached(unreached), None));
        }
        assert_eq!(
            decide(Outcome::Blocked, RequestSize::One),
            back_off(Trouble::Blocked, None)
        );
        assert_eq!(decide(Outcome::Stopped, RequestSize::One), Decision::Forget);
        assert_eq!(
            decide(Outcome::Unsendable, RequestSize::One),
            Decision::Refuse(Refusal::Unsendable)
        );
    }

    proptest! {
        #[test]
        fn only_2xx_acknowledges(status in any::<u16>(), seconds in proptest::option::of(0_u64..100_000)) {
            let outcome = Outcome::Answered { status, retry_after: seconds.map(Duration::from_secs) };
            let acknowledged = decide(outcome, RequestSize::One) == Decision::Acknowledge;
            prop_assert_eq!(acknowledged, (200..300).contains(&status));
        }

        #[test]
        fn a_backoff_keeps_the_retry_after(status in any::<u16>(), seconds in 0_u64..100_000) {
            let wish = Some(Duration::from_secs(seconds));
            let outcome = Outcome::Answered { status, retry_after: wish };
            if let Decision::BackOff { retry_after, .. } = decide(outcome, RequestSize::One) {
                prop_assert_eq!(retry_after, wish);
            }
        }
    }
}
