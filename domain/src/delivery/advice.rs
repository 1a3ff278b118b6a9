//! The next step of an administrator: one table, keyed by the kind of the destination and the reason.
//!
//! The page, REST, GraphQL and connection tests all show what stands here. What depends on the kind stands in the kind's folder.

use super::Reason;
use crate::{
    destination::DestinationKind,
    policy::{ProxyFailure, Refusal, TlsFailure, Trouble, Unreached},
};

/// What an administrator can do, in one or two sentences.
pub fn advice(kind: DestinationKind, reason: Reason) -> &'static str {
    (kind.spec().advice)(reason).unwrap_or_else(|| common_advice(reason))
}

/// Whatever the kind.
const fn common_advice(reason: Reason) -> &'static str {
    match reason {
        Reason::Trouble(Trouble::Blocked) => {
            "To allow it, add its host or address to the allowlist under Settings › Network."
        }
        Reason::Trouble(Trouble::Unreached(Unreached::Tls(failure))) => tls_advice(failure),
        Reason::Trouble(Trouble::Unreached(Unreached::Proxy(failure))) => proxy_advice(failure),
        Reason::Refused(Refusal::ParkedByAdministrator) => {
            "An administrator has parked this event. Retry it once the destination accepts it, or discard it."
        }
        Reason::Refused(Refusal::Unreadable) => {
            "This event can no longer be read from the log, so it cannot be sent. Discard it."
        }
        Reason::Refused(Refusal::Unknown) => {
            "What was stored about this rejection cannot be read. Retry the event to see what the destination answers, or discard it."
        }
        // Each kind has texts of its own for these.
        Reason::Trouble(_) | Reason::Refused(_) | Reason::Refusing => {
            "Check the destination. Delivery resumes automatically when it recovers."
        }
    }
}

const fn proxy_advice(failure: ProxyFailure) -> &'static str {
    match failure {
        ProxyFailure::Authentication => "Check the user name and the password in the URL of the proxy.",
        ProxyFailure::Forbidden => {
            "Ask whoever runs the proxy to allow this host and port, or connect without the proxy."
        }
        ProxyFailure::Unreachable => {
            "Check that the proxy can resolve and reach this host, and see the log of the proxy."
        }
        ProxyFailure::Other => {
            "Check that the URL of the proxy is that of an HTTP proxy that supports CONNECT, or of a SOCKS5 proxy."
        }
    }
}

const fn tls_advice(failure: TlsFailure) -> &'static str {
    match failure {
        TlsFailure::Expired => "The certificate has expired. Renew it, and check the clock of this machine.",
        TlsFailure::NotYetValid => "The certificate is not valid yet. Check the clock of this machine.",
        TlsFailure::CaAsServer => {
            "The server uses the certificate of a CA as its own. Let that CA issue a certificate for this host, and use it \
             there."
        }
        TlsFailure::ClientCertificateRefused => {
            "The server does not accept our client certificate. Check that it has not expired, and that the server trusts the CA \
             that has issued it."
        }
        // Each kind has texts of its own for the first three.
        TlsFailure::UnknownIssuer | TlsFailure::WrongName | TlsFailure::ClientCertificate | TlsFailure::Other => {
            "Check that the server speaks TLS 1.2 or 1.3 on this port, and that the URL names that port."
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn reasons() -> Vec<Reason> {
        let unreached = Unreached::ALL.map(|unreached| Trouble::Unreached(unreached).into());
        let troubles = [
            Trouble::Unavailable(429),
            Trouble::Unavailable(500),
            Trouble::AuthenticationFailing(403),
            Trouble::EndpointNotFound(404),
            Trouble::Moved(301),
            Trouble::Blocked,
            Trouble::EverythingRefused(422),
            Trouble::TooManyRefused,
        ];
        let refusals = [
            Refusal::Status(400),
            Refusal::Status(413),
            Refusal::Unsendable,
            Refusal::Blamed,
            Refusal::ParkedByAdministrator,
            Refusal::Unreadable,
            Refusal::Unknown,
        ];
        let rest = troubles.map(Reason::from).into_iter().chain(refusals.map(Reason::from));
        unreached.into_iter().chain(rest).chain([Reason::Refusing]).collect()
    }

    #[test]
    fn every_kind_and_reason_has_an_advice_in_whole_sentences() {
        for kind in DestinationKind::ALL {
            for reason in reasons() {
                let advice = advice(kind, reason);
                assert!(
                    advice.ends_with('.') && !advice.contains("  "),
                    "{kind:?} {reason:?}: {advice}"
                );
                assert!(advice.starts_with(|first: char| first.is_ascii_uppercase()), "{advice}");
            }
        }
    }

    /// Whether the text is the same for every kind.
    const fn is_common(reason: Reason) -> bool {
        matches!(
            reason,
            Reason::Trouble(
                Trouble::Blocked
                    | Trouble::Unreached(
                        Unreached::Proxy(_)
                            | Unreached::Tls(
                                TlsFailure::Expired
                                    | TlsFailure::NotYetValid
                                    | TlsFailure::CaAsServer
                                    | TlsFailure::ClientCertificateRefused
                                    | TlsFailure::Other
                            )
                    )
            ) | Reason::Refused(Refusal::ParkedByAdministrator | Refusal::Unreadable | Refusal::Unknown)
        )
    }

    #[test]
    fn every_kind_has_a_text_of_its_own_for_whatever_depends_on_it() {
        for kind in DestinationKind::ALL {
            for reason in reasons().into_iter().filter(|reason| !is_common(*reason)) {
                assert!((kind.spec().advice)(reason).is_some(), "{kind:?} {reason:?}");
            }
        }
    }

    #[test]
    fn no_two_reasons_of_a_kind_share_an_advice() {
        for kind in DestinationKind::ALL {
            let mut seen: HashMap<&str, Reason> = HashMap::new();
            for reason in reasons() {
                let before = seen.insert(advice(kind, reason), reason);
                assert!(before.is_none(), "{kind:?}: {before:?} and {reason:?}");
            }
        }
    }

    /// A destination without a URL of its own has no receiver, and neither S3 nor Google knows a verification token.
    #[test]
    fn the_advice_for_a_service_speaks_of_that_service() {
        for kind in [DestinationKind::GoogleCloudLogging, DestinationKind::AmazonS3] {
            for reason in reasons() {
                let advice = advice(kind, reason);
                assert!(
                    !advice.contains("receiver")
                        && !advice.contains("the endpoint is")
                        && !advice.contains("The endpoint"),
                    "{kind:?} {reason:?}: {advice}"
                );
                assert!(!advice.contains("token"), "{kind:?} {reason:?}: {advice}");
                let other = match kind {
                    DestinationKind::GoogleCloudLogging => ["bucket", "secret access key", "endpoint URL"],
                    _ => ["Cloud Logging", "project", "private key"],
                };
                assert!(
                    !other.iter().any(|word| advice.contains(word)),
                    "{kind:?} {reason:?}: {advice}"
                );
            }
        }
    }
}
