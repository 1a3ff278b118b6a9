//! The table from outcome to decision.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Outcome, ProxyFailure, Refusal, StatusRules, TlsFailure, Unreached};

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
    /// 408, 425, 429, 5xx, a status that the settings list as one to retry, or a status outside HTTP's range.
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

/// The decision for an outcome, where the destination has these rules of its own. Total: every status has one.
pub fn decide(outcome: Outcome, size: RequestSize, rules: &StatusRules) -> Decision {
    match outcome {
        Outcome::Answered { status, retry_after } => match decide_answer(status, retry_after, size) {
            Decision::Refuse(_) | Decision::Split if retries(rules, status) => {
                back_off(Trouble::Unavailable(status), retry_after)
            }
            Decision::BackOff { .. } if rules.reject.contains(status) && reject_is_fixed(status).is_none() => {
                refuse(status, size)
            }
            usual => usual,
        },
        Outcome::Unreached(unreached) => back_off(Trouble::Unreached(unreached), None),
        Outcome::Blocked => back_off(Trouble::Blocked, None),
        Outcome::Unsendable if size == RequestSize::Batch => Decision::Split,
        Outcome::Unsendable => Decision::Refuse(Refusal::Unsendable),
        Outcome::Stopped => Decision::Forget,
    }
}

/// Whether a destination that works may fail like this now and then. If it says when to come back, it means all requests. A status that
/// would reject the event, but is listed as one to retry, is like a 5xx.
pub fn may_be_chance(outcome: Outcome, rules: &StatusRules) -> bool {
    match outcome {
        Outcome::Answered {
            status,
            retry_after: None,
        } => {
            let is_rejected = matches!(decide_answer(status, None, RequestSize::One), Decision::Refuse(_));
            matches!(status, 500..=599) || (is_rejected && retries(rules, status))
        }
        Outcome::Unreached(unreached) => unreached == Unreached::Interrupted,
        Outcome::Answered { .. } | Outcome::Blocked | Outcome::Unsendable | Outcome::Stopped => false,
    }
}

fn retries(rules: &StatusRules, status: u16) -> bool {
    rules.retry.contains(status) && retry_is_fixed(status).is_none()
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
        400..=499 => refuse(status, size),
        _ => back_off(Trouble::Unavailable(status), retry_after),
    }
}

const fn refuse(status: u16, size: RequestSize) -> Decision {
    match size {
        RequestSize::One => Decision::Refuse(Refusal::Status(status)),
        RequestSize::Batch => Decision::Split,
    }
}

/// Why no rule of a destination can change what is done about a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixedStatus {
    /// 1xx: the answer comes after it.
    Interim,
    /// 2xx.
    Delivered,
    /// 413: the same request would be too large again, so it is sent in smaller ones.
    TooLarge,
    /// 3xx: about the URL.
    Redirect,
    /// 401, 403, 407: about us.
    Credentials,
    /// 429: about how often is sent.
    RateLimit,
    /// nginx's 495 and 496: about our certificate.
    ClientCertificate,
    /// Outside of 100 to 599.
    NoStatus,
}

/// Why a status can't be among those to retry; `None` if it can.
pub fn retry_is_fixed(status: u16) -> Option<FixedStatus> {
    match status {
        413 => Some(FixedStatus::TooLarge),
        _ => is_fixed(status),
    }
}

/// Why a status can't be among those that reject an event; `None` if it can. What says nothing about a single event would reject every one.
pub fn reject_is_fixed(status: u16) -> Option<FixedStatus> {
    let Decision::BackOff { trouble, .. } = decide_answer(status, None, RequestSize::One) else {
        return is_fixed(status);
    };
    match trouble {
        Trouble::Moved(_) => Some(FixedStatus::Redirect),
        Trouble::AuthenticationFailing(_) => Some(FixedStatus::Credentials),
        Trouble::Unreached(_) => Some(FixedStatus::ClientCertificate),
        Trouble::Unavailable(429) => Some(FixedStatus::RateLimit),
        _ => is_fixed(status),
    }
}

const fn is_fixed(status: u16) -> Option<FixedStatus> {
    match status {
        100..=199 => Some(FixedStatus::Interim),
        200..=299 => Some(FixedStatus::Delivered),
        300..=599 => None,
        _ => Some(FixedStatus::NoStatus),
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

    /// Of a destination without rules of its own.
    fn decide(outcome: Outcome, size: RequestSize) -> Decision {
        super::decide(outcome, size, &StatusRules::default())
    }

    fn answered(status: u16) -> Decision {
        decide(
            Outcome::Answered {
                status,
                retry_after: None,
            },
            RequestSize::One,
        )
    }

    fn rules(retry: &[u16], reject: &[u16]) -> StatusRules {
        let codes = |statuses: &[u16]| statuses.iter().map(|status| *status..=*status).collect();
        StatusRules {
            retry: codes(retry),
            reject: codes(reject),
        }
    }

    #[test]
    fn the_rules_of_a_destination_retry_what_is_usually_rejected_and_the_reverse() {
        let rules = rules(&[409, 425, 500], &[404, 422, 503]);
        let wait = Some(Duration::from_secs(7));
        let decided = |status, size| {
            let retry_after = wait;
            super::decide(Outcome::Answered { status, retry_after }, size, &rules)
        };
        for size in [RequestSize::One, RequestSize::Batch] {
            for status in [409, 425, 500] {
                assert_eq!(decided(status, size), back_off(Trouble::Unavailable(status), wait));
            }
            assert_eq!(
                decided(502, size),
                back_off(Trouble::Unavailable(502), wait),
                "as usual"
            );
        }
        for status in [404, 422, 503, 400] {
            assert_eq!(
                decided(status, RequestSize::One),
                Decision::Refuse(Refusal::Status(status))
            );
            assert_eq!(decided(status, RequestSize::Batch), Decision::Split);
        }
    }

    #[test]
    fn a_status_that_is_retried_by_the_settings_may_be_chance_as_a_5xx_may() {
        let answered = |status, retry_after| Outcome::Answered { status, retry_after };
        let rules = rules(&[409, 413, 429, 404], &[422]);
        for (status, expected) in [
            (409, true),
            (500, true),
            (503, true),
            // Not affected by the list: they say something about all requests, or about the size of this one.
            (429, false),
            (404, false),
            (413, false),
            (400, false),
            (422, false),
            (200, false),
        ] {
            assert_eq!(may_be_chance(answered(status, None), &rules), expected, "{status}");
            let later = answered(status, Some(Duration::from_secs(1)));
            assert!(!may_be_chance(later, &rules), "{status} says when to come back");
        }
        assert!(!may_be_chance(answered(409, None), &StatusRules::default()));
        assert!(may_be_chance(Outcome::Unreached(Unreached::Interrupted), &rules));
        assert!(!may_be_chance(Outcome::Unreached(Unreached::Timeout), &rules));
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

    #[test]
    fn what_says_nothing_about_an_event_can_not_reject_it() {
        use FixedStatus::{
            ClientCertificate, Credentials, Delivered, Interim, NoStatus, RateLimit, Redirect, TooLarge,
        };
        for (status, retry, reject) in [
            (99, Some(NoStatus), Some(NoStatus)),
            (100, Some(Interim), Some(Interim)),
            (204, Some(Delivered), Some(Delivered)),
            (302, None, Some(Redirect)),
            (400, None, None),
            (401, None, Some(Credentials)),
            (403, None, Some(Credentials)),
            (404, None, None),
            (407, None, Some(Credentials)),
            (408, None, None),
            (413, Some(TooLarge), None),
            (429, None, Some(RateLimit)),
            (495, None, Some(ClientCertificate)),
            (496, None, Some(ClientCertificate)),
            (503, None, None),
            (600, Some(NoStatus), Some(NoStatus)),
        ] {
            assert_eq!(
                (retry_is_fixed(status), reject_is_fixed(status)),
                (retry, reject),
                "{status}"
            );
        }
    }

    proptest! {
        #[test]
        fn only_2xx_acknowledges(
            status in any::<u16>(),
            seconds in proptest::option::of(0_u64..100_000),
            (retry, reject) in (any::<bool>(), any::<bool>()),
        ) {
            let outcome = Outcome::Answered { status, retry_after: seconds.map(Duration::from_secs) };
            let listed = |is_listed: bool| if is_listed { vec![status] } else { Vec::new() };
            let rules = rules(&listed(retry), &listed(reject));
            let acknowledged = super::decide(outcome, RequestSize::One, &rules) == Decision::Acknowledge;
            prop_assert_eq!(acknowledged, (200..300).contains(&status));
        }

        #[test]
        fn rules_change_only_the_statuses_that_they_list(status in 100_u16..600, listed in 100_u16..600, is_one in any::<bool>()) {
            let size = if is_one { RequestSize::One } else { RequestSize::Batch };
            let outcome = Outcome::Answered { status, retry_after: None };
            let is_usual = |rules| super::decide(outcome, size, &rules) == decide(outcome, size);
            for (rules, is_fixed) in [
                (rules(&[listed], &[]), retry_is_fixed(status)),
                (rules(&[], &[listed]), reject_is_fixed(status)),
            ] {
                prop_assert!(is_usual(rules) || (status == listed && is_fixed.is_none()));
            }
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
