//! What an administrator can do about Cloud Logging.

use crate::{
    delivery::Reason,
    policy::{Refusal, TlsFailure, Trouble, Unreached},
};

/// `None` for what is the same for every kind.
pub(super) const fn advice(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::Trouble(Trouble::Unreached(unreached)) => match unreached {
            Unreached::Dns => "Check that this server's DNS resolves logging.googleapis.com and oauth2.googleapis.com.",
            Unreached::Connect => {
                "Check that this server may connect to logging.googleapis.com and oauth2.googleapis.com on port 443."
            }
            Unreached::Tls(TlsFailure::UnknownIssuer) => {
                "Something between this server and Google presents its own certificate. Add its CA to the settings of this destination, or \
                 exempt Google's services from TLS inspection."
            }
            Unreached::Tls(TlsFailure::WrongName) => {
                "Something between this server and Google presents a certificate for other names. Exempt Google's services from TLS \
                 inspection."
            }
            Unreached::Tls(TlsFailure::ClientCertificate) => {
                "Something between this server and Google asks for a client certificate. Connect to Google's services directly."
            }
            Unreached::Tls(_) | Unreached::Proxy(_) => return None,
            Unreached::Timeout => {
                "Cloud Logging did not respond within the request timeout. Check this server's connection to Google's services."
            }
            Unreached::Interrupted => "Check whether a proxy or firewall closes connections to Google's services.",
        },
        Reason::Trouble(Trouble::Unavailable(429)) => {
            "The project has reached a quota of the Logging API. Delivery resumes automatically; raise the quota if it lasts."
        }
        Reason::Trouble(Trouble::AuthenticationFailing(_)) => {
            "Check the client email and its private key, and that the account may write logs in this project (role Logs \
             Writer)."
        }
        Reason::Trouble(Trouble::EndpointNotFound(_)) => "Check the project ID.",
        Reason::Trouble(Trouble::Moved(_)) => {
            "Google's services do not redirect: a proxy responds in their place. Exempt them from it."
        }
        Reason::Trouble(Trouble::EverythingRefused(_)) => {
            "Cloud Logging rejects every entry. Check the project ID, the log ID, and that the Logging API is enabled."
        }
        Reason::Trouble(Trouble::TooManyRefused) => {
            "No more rejected events can be kept. Make Cloud Logging accept these entries and retry parked ones, or discard parked ones."
        }
        Reason::Trouble(Trouble::Unavailable(_)) => {
            "Cloud Logging is unavailable. Delivery resumes automatically when it recovers."
        }
        Reason::Refusing => {
            "Open the stream to see what Cloud Logging answers. A rejected event is retried, and parked after five attempts."
        }
        Reason::Refused(Refusal::Status(413)) => "The event is larger than Cloud Logging accepts for one entry.",
        Reason::Refused(Refusal::Status(_)) => "Check the project ID and the log ID.",
        Reason::Refused(Refusal::Blamed) => {
            "Cloud Logging accepts other entries. Check what is special about this event."
        }
        Reason::Refused(Refusal::Unsendable) => "The event cannot be sent as a log entry. It may be too large for one.",
        Reason::Trouble(Trouble::Blocked)
        | Reason::Refused(Refusal::ParkedByAdministrator | Refusal::Unreadable | Refusal::Unknown) => return None,
    })
}
