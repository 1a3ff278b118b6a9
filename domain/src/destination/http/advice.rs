//! What an administrator can do about a receiver.

use crate::{
    delivery::Reason,
    policy::{Refusal, TlsFailure, Trouble, Unreached},
};

/// `None` for what is the same for every kind.
pub(super) const fn advice(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::Trouble(Trouble::Unreached(unreached)) => match unreached {
            Unreached::Dns => "Check the host name in the URL, and this server's DNS.",
            Unreached::Connect => "Check that the endpoint is running, and that no firewall blocks the connection.",
            Unreached::Tls(TlsFailure::ClientCertificate) => {
                "The server asks for a client certificate. Add one that it accepts, with its key, to the settings of this destination."
            }
            Unreached::Tls(TlsFailure::UnknownIssuer) => {
                "The certificate was not issued by a trusted CA. Add the CA to the settings of this destination, or let the \
                 server send its intermediate certificates."
            }
            Unreached::Tls(TlsFailure::WrongName) => {
                "The certificate is valid for other names. Set the server name of this destination to one of them, or add a destination with one of these names in its URL."
            }
            Unreached::Tls(_) | Unreached::Proxy(_) => return None,
            Unreached::Timeout => {
                "The endpoint did not respond within the request timeout. Check its load and its own log."
            }
            Unreached::Interrupted => "Check the endpoint, or the proxy in front of it.",
        },
        Reason::Trouble(Trouble::Unavailable(429)) => "The endpoint is rate limiting. Delivery resumes automatically.",
        Reason::Trouble(Trouble::AuthenticationFailing(_)) => {
            "Check that the endpoint accepts this verification token and the custom headers, and that no firewall in front \
             of it rejects the request."
        }
        Reason::Trouble(Trouble::EndpointNotFound(_)) => "Check that the endpoint listens at exactly this URL.",
        Reason::Trouble(Trouble::Moved(_)) => "Redirects are never followed. Add a destination with the new URL.",
        Reason::Trouble(Trouble::EverythingRefused(_)) => {
            "The endpoint rejects every event. Check the format it expects, and its own log."
        }
        Reason::Trouble(Trouble::TooManyRefused) => {
            "No more rejected events can be kept. Make the endpoint accept these events and retry parked ones, or discard parked ones."
        }
        Reason::Trouble(Trouble::Unavailable(_)) => {
            "Check the endpoint. Delivery resumes automatically when it recovers."
        }
        Reason::Refusing => {
            "Open the stream to see what the endpoint answers. A rejected event is retried, and parked after five attempts."
        }
        Reason::Refused(Refusal::Status(413)) => "Raise the endpoint's limit on the size of a request.",
        Reason::Refused(Refusal::Status(_)) => {
            "The endpoint can be reached but rejects this event. Check the format it expects, and its own log."
        }
        Reason::Refused(Refusal::Blamed) => {
            "The endpoint accepts other events. Check its own log for this one, and whether a firewall blocks its content."
        }
        Reason::Refused(Refusal::Unsendable) => {
            "The event cannot be sent as a request. Its id or event type cannot be sent in a header."
        }
        Reason::Trouble(Trouble::Blocked)
        | Reason::Refused(Refusal::ParkedByAdministrator | Refusal::Unreadable | Refusal::Unknown) => return None,
    })
}
