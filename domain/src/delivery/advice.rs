//! The next step of an administrator: one table, keyed by the kind of the destination and the reason.
//!
//! The page, REST, GraphQL and connection tests all show what stands here.

use crate::{
    destination::DestinationKind,
    policy::{Refusal, TlsFailure, Trouble, Unreached},
};

/// Why an event, or everything, is not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The destination does not work: nothing is sent until it does.
    Trouble(Trouble),
    /// The destination works but refuses one event.
    Refused(Refusal),
    /// The destination refuses events one by one, and none was accepted since.
    Refusing,
}

impl From<Trouble> for Reason {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What an administrator can do, in one or two sentences.
pub const fn advice(kind: DestinationKind, reason: Reason) -> &'static str {
    match reason {
        Reason::Trouble(Trouble::Unreached(unreached)) => unreached_advice(kind, unreached),
        Reason::Trouble(Trouble::Blocked) => {
            "To allow it, add its host or address to the allowlist under Settings › Network."
        }
        Reason::Trouble(Trouble::TooManyRefused) => too_many_refused_advice(kind),
        Reason::Trouble(trouble) => match kind {
            DestinationKind::Http => http_advice(trouble),
            DestinationKind::GoogleCloudLogging => google_advice(trouble),
            DestinationKind::AmazonS3 => s3_advice(trouble),
        },
        Reason::Refusing => refusing_advice(kind),
        Reason::Refused(Refusal::Status(413)) => match kind {
            DestinationKind::Http => "Raise the receiver's limit on the size of a request.",
            DestinationKind::GoogleCloudLogging => "The event is larger than Cloud Logging accepts for one entry.",
            DestinationKind::AmazonS3 => "Raise the service's limit on the size of an object.",
        },
        Reason::Refused(Refusal::Status(_)) => match kind {
            DestinationKind::Http => {
                "The receiver can be reached but refuses this event. Check what it expects, and its own log."
            }
            DestinationKind::GoogleCloudLogging => "Check the project ID and the log ID.",
            DestinationKind::AmazonS3 => "Check the region, the bucket and the endpoint URL.",
        },
        Reason::Refused(Refusal::Blamed) => match kind {
            DestinationKind::Http => {
                "The receiver accepts other events. Check its own log for this one, and whether a firewall blocks its content."
            }
            DestinationKind::GoogleCloudLogging => {
                "Cloud Logging accepts other entries. Check what is special about this event."
            }
            DestinationKind::AmazonS3 => "The service accepts other objects. Check the key and the size of this one.",
        },
        Reason::Refused(Refusal::Unsendable) => match kind {
            DestinationKind::Http => {
                "The event cannot be sent as a request. Its id or event type cannot stand in a header."
            }
            DestinationKind::GoogleCloudLogging => {
                "The event cannot be sent as a log entry. It may be too large for one."
            }
            DestinationKind::AmazonS3 => "The event cannot be sent as an object. Check the prefix of the object keys.",
        },
        Reason::Refused(Refusal::ParkedByAdministrator) => {
            "An administrator has parked this event. Retry it once the destination accepts it, or discard it."
        }
        Reason::Refused(Refusal::Unreadable) => {
            "This event can no longer be read from the log, so it cannot be sent. Discard it."
        }
        Reason::Refused(Refusal::Unknown) => {
            "What was stored about this refusal cannot be read. Retry the event to see what the destination answers, or discard it."
        }
    }
}

const fn too_many_refused_advice(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Http => {
            "No more refused events can be kept. Make the receiver accept these events and retry parked ones, or discard parked ones."
        }
        DestinationKind::GoogleCloudLogging => {
            "No more refused events can be kept. Make Cloud Logging accept these entries and retry parked ones, or discard parked ones."
        }
        DestinationKind::AmazonS3 => {
            "No more refused events can be kept. Make the service accept these objects and retry parked ones, or discard parked ones."
        }
    }
}

const fn refusing_advice(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Http => {
            "Open the stream to see what the receiver answers. A refused event is retried, and parked after five attempts."
        }
        DestinationKind::GoogleCloudLogging => {
            "Open the stream to see what Cloud Logging answers. A refused event is retried, and parked after five attempts."
        }
        DestinationKind::AmazonS3 => {
            "Open the stream to see what the service answers. A refused event is retried, and parked after five attempts."
        }
    }
}

const fn unreached_advice(kind: DestinationKind, unreached: Unreached) -> &'static str {
    use DestinationKind::{AmazonS3, GoogleCloudLogging, Http};
    match (unreached, kind) {
        (Unreached::Dns, Http) => "Check the host name in the URL, and this server's DNS.",
        (Unreached::Dns, GoogleCloudLogging) => {
            "Check that this server's DNS resolves logging.googleapis.com and oauth2.googleapis.com."
        }
        (Unreached::Dns, AmazonS3) => "Check the endpoint URL or the region, and this server's DNS.",
        (Unreached::Connect, Http) => "Check that the receiver is running, and that no firewall blocks the connection.",
        (Unreached::Connect, GoogleCloudLogging) => {
            "Check that this server may connect to logging.googleapis.com and oauth2.googleapis.com on port 443."
        }
        (Unreached::Connect, AmazonS3) => {
            "Check the endpoint URL, that the service is running, and that no firewall blocks the connection."
        }
        (Unreached::Tls(failure), kind) => tls_advice(kind, failure),
        (Unreached::Timeout, Http) => "The receiver must respond within 10 seconds. Check its load and its own log.",
        (Unreached::Timeout, GoogleCloudLogging) => {
            "Cloud Logging did not respond within 20 seconds. Check this server's connection to Google's services."
        }
        (Unreached::Timeout, AmazonS3) => {
            "The service must store an object within 30 seconds. Check its load and this server's connection to it."
        }
        (Unreached::Interrupted, Http) => "Check the receiver, or the proxy in front of it.",
        (Unreached::Interrupted, GoogleCloudLogging) => {
            "Check whether a proxy or firewall closes connections to Google's services."
        }
        (Unreached::Interrupted, AmazonS3) => {
            "Check the endpoint URL, and whether a proxy or firewall closes connections to the service."
        }
    }
}

const fn tls_advice(kind: DestinationKind, failure: TlsFailure) -> &'static str {
    use DestinationKind::{GoogleCloudLogging, Http};
    match (failure, kind) {
        (TlsFailure::UnknownIssuer | TlsFailure::WrongName, GoogleCloudLogging) => {
            "Something between this server and Google presents its own certificate. Exempt Google's services from TLS \
             inspection, or add the CA of the proxy to the trusted certificates of this machine."
        }
        (TlsFailure::UnknownIssuer, _) => {
            "No CA that this machine trusts has issued the certificate. Add the CA to the trusted certificates of this \
             machine, or let the server send its intermediate certificates."
        }
        (TlsFailure::WrongName, _) => {
            "The certificate is valid for other names. Use one of its names in the URL, or issue a certificate for this host."
        }
        (TlsFailure::Expired, _) => "The certificate has expired. Renew it, and check the clock of this machine.",
        (TlsFailure::NotYetValid, _) => "The certificate is not valid yet. Check the clock of this machine.",
        (TlsFailure::CaAsServer, _) => {
            "The server uses the certificate of a CA as its own. Let that CA issue a certificate for this host, and use it \
             there."
        }
        (TlsFailure::ClientCertificate, Http) => {
            "The server asks for a client certificate, which Audit Streams cannot present. Accept requests without one at \
             this URL, and check the verification token or the signature instead."
        }
        (TlsFailure::ClientCertificate, _) => {
            "The server asks for a client certificate, which Audit Streams cannot present. Connect to the service directly, \
             not through a proxy that asks for one."
        }
        (TlsFailure::Other, _) => {
            "Check that the server speaks TLS 1.2 or 1.3 on this port, and that the URL names that port."
        }
    }
}

const fn http_advice(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Unavailable(429) => "The receiver asks for a pause. Sending resumes automatically.",
        Trouble::AuthenticationFailing(_) => {
            "Check that the receiver accepts this verification token and the custom headers, and that no firewall in front \
             of it rejects the request."
        }
        Trouble::EndpointNotFound(_) => "Check that the receiver listens at exactly this URL.",
        Trouble::Moved(_) => "Redirects are never followed. Add a destination with the new URL.",
        Trouble::EverythingRefused(_) => "The receiver refuses every event. Check what it expects, and its own log.",
        Trouble::Unavailable(_) | Trouble::Unreached(_) | Trouble::Blocked | Trouble::TooManyRefused => {
            "Check the receiver. Sending resumes automatically as soon as it accepts again."
        }
    }
}

const fn google_advice(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Unavailable(429) => {
            "The project has reached a quota of the Logging API. Sending resumes automatically; raise the quota if it lasts."
        }
        Trouble::AuthenticationFailing(_) => {
            "Check the client email and its private key, and that the account may write logs in this project (role Logs \
             Writer)."
        }
        Trouble::EndpointNotFound(_) => "Check the project ID.",
        Trouble::Moved(_) => "Google's services do not redirect: a proxy responds in their place. Exempt them from it.",
        Trouble::EverythingRefused(_) => {
            "Cloud Logging refuses every entry. Check the project ID, the log ID, and that the Logging API is enabled."
        }
        Trouble::Unavailable(_) | Trouble::Unreached(_) | Trouble::Blocked | Trouble::TooManyRefused => {
            "Cloud Logging is unavailable. Sending resumes automatically as soon as it accepts again."
        }
    }
}

const fn s3_advice(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Unavailable(429 | 503) => {
            "The service asks for fewer requests. Sending resumes automatically; the batch layout sends far fewer objects."
        }
        Trouble::AuthenticationFailing(_) => {
            "Check the access key ID and the secret access key, and that they may put objects into this bucket \
             (s3:PutObject)."
        }
        Trouble::EndpointNotFound(_) => "Check that the bucket exists there, and the endpoint URL.",
        Trouble::Moved(_) => "Check the region of the bucket, and the endpoint URL.",
        Trouble::EverythingRefused(_) => {
            "The service refuses every object. Check the bucket's policies for encryption, object lock and key names."
        }
        Trouble::Unavailable(_) | Trouble::Unreached(_) | Trouble::Blocked | Trouble::TooManyRefused => {
            "The service is unavailable. Sending resumes automatically as soon as it accepts again."
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

    #[test]
    fn no_two_reasons_of_a_kind_share_an_advice() {
        for kind in DestinationKind::ALL {
            let mut seen: HashMap<&str, Reason> = HashMap::new();
            for reason in reasons() {
                let shares = kind == DestinationKind::GoogleCloudLogging
                    && reason == Trouble::Unreached(Unreached::Tls(TlsFailure::WrongName)).into();
                let before = seen.insert(advice(kind, reason), reason);
                assert!(before.is_none() || shares, "{kind:?}: {before:?} and {reason:?}");
            }
        }
    }

    /// A destination without a URL of its own has no receiver, and neither S3 nor Google knows a verification token.
    #[test]
    fn the_advice_for_a_service_speaks_of_that_service() {
        for kind in [DestinationKind::GoogleCloudLogging, DestinationKind::AmazonS3] {
            for reason in reasons() {
                let advice = advice(kind, reason);
                assert!(!advice.contains("receiver"), "{kind:?} {reason:?}: {advice}");
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
