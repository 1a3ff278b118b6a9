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
            Unreached::Connect => "Check that the receiver is running, and that no firewall blocks the connection.",
            Unreached::Tls(TlsFailure::ClientCertificate) => {
                "The server asks for a client certificate, which Audit Streams cannot present. Accept requests without one at \
                 this URL, and check the verification token or the signature instead."
            }
            Unreached::Tls(_) => return None,
            Unreached::Timeout => "The receiver must respond within 10 seconds. Check its load and its own log.",
            Unreached::Interrupted => "Check the receiver, or the proxy in front of it.",
        },
        Reason::Trouble(Trouble::Unavailable(429)) => "The receiver asks for a pause. Sending resumes automatically.",
        Reason::Trouble(Trouble::AuthenticationFailing(_)) => {
            "Check that the receiver accepts this verification token and the custom headers, and that no firewall in front \
             of it rejects the request."
        }
        Reason::Trouble(Trouble::EndpointNotFound(_)) => "Check that the receiver listens at exactly this URL.",
        Reason::Trouble(Trouble::Moved(_)) => "Redirects are never followed. Add a destination with the new URL.",
        Reason::Trouble(Trouble::EverythingRefused(_)) => {
            "The receiver refuses every event. Check what it expects, and its own log."
        }
        Reason::Trouble(Trouble::TooManyRefused) => {
            "No more refused events can be kept. Make the receiver accept these events and retry parked ones, or discard parked ones."
        }
        Reason::Trouble(Trouble::Unavailable(_)) => {
            "Check the receiver. Sending resumes automatically as soon as it accepts again."
        }
        Reason::Refusing => {
            "Open the stream to see what the receiver answers. A refused event is retried, and parked after five attempts."
        }
        Reason::Refused(Refusal::Status(413)) => "Raise the receiver's limit on the size of a request.",
        Reason::Refused(Refusal::Status(_)) => {
            "The receiver can be reached but refuses this event. Check what it expects, and its own log."
        }
        Reason::Refused(Refusal::Blamed) => {
            "The receiver accepts other events. Check its own log for this one, and whether a firewall blocks its content."
        }
        Reason::Refused(Refusal::Unsendable) => {
            "The event cannot be sent as a request. Its id or event type cannot be sent in a header."
        }
        Reason::Trouble(Trouble::Blocked)
        | Reason::Refused(Refusal::ParkedByAdministrator | Refusal::Unreadable | Refusal::Unknown) => return None,
    })
}
