//! What an administrator can do about a service that speaks S3.

use crate::{
    delivery::Reason,
    policy::{Refusal, TlsFailure, Trouble, Unreached},
};

/// `None` for what is the same for every kind.
pub(super) const fn advice(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::Trouble(Trouble::Unreached(unreached)) => match unreached {
            Unreached::Dns => "Check the endpoint URL or the region, and this server's DNS.",
            Unreached::Connect => {
                "Check the endpoint URL, that the service is running, and that no firewall blocks the connection."
            }
            Unreached::Tls(TlsFailure::ClientCertificate) => {
                "The service asks for a client certificate. Add one that it accepts, with its key, to the settings of this destination."
            }
            Unreached::Tls(TlsFailure::UnknownIssuer) => {
                "The certificate was not issued by a trusted CA. Add the CA of the service to the settings of this destination, or let \
                 the service send its intermediate certificates."
            }
            Unreached::Tls(TlsFailure::WrongName) => {
                "The certificate is valid for other names. Use one of them in the endpoint URL, or as the server name of this destination."
            }
            Unreached::Tls(_) | Unreached::Proxy(_) => return None,
            Unreached::Timeout => {
                "The service did not store the object within the request timeout. Check its load and this server's connection to it."
            }
            Unreached::Interrupted => {
                "Check the endpoint URL, and whether a proxy or firewall closes connections to the service."
            }
        },
        Reason::Trouble(Trouble::Unavailable(429 | 503)) => {
            "The service asks for fewer requests. Delivery resumes automatically; the batch layout sends far fewer objects."
        }
        Reason::Trouble(Trouble::AuthenticationFailing(_)) => {
            "Check the access key ID and the secret access key, and that they may put objects into this bucket \
             (s3:PutObject)."
        }
        Reason::Trouble(Trouble::EndpointNotFound(_)) => "Check that the bucket exists there, and the endpoint URL.",
        Reason::Trouble(Trouble::Moved(_)) => "Check the region of the bucket, and the endpoint URL.",
        Reason::Trouble(Trouble::EverythingRefused(_)) => {
            "The service rejects every object. Check the bucket's policies for encryption, object lock and key names."
        }
        Reason::Trouble(Trouble::TooManyRefused) => {
            "No more rejected events can be kept. Make the service accept these objects and retry parked ones, or discard parked ones."
        }
        Reason::Trouble(Trouble::Unavailable(_)) => {
            "The service is unavailable. Delivery resumes automatically when it recovers."
        }
        Reason::Refusing => {
            "Open the stream to see what the service answers. A rejected event is retried, and parked after five attempts."
        }
        Reason::Refused(Refusal::Status(413)) => "Raise the service's limit on the size of an object.",
        Reason::Refused(Refusal::Status(_)) => "Check the region, the bucket and the endpoint URL.",
        Reason::Refused(Refusal::Blamed) => {
            "The service accepts other objects. Check the key and the size of this one."
        }
        Reason::Refused(Refusal::Unsendable) => {
            "The event cannot be sent as an object. Check the prefix of the object keys."
        }
        Reason::Trouble(Trouble::Blocked)
        | Reason::Refused(Refusal::ParkedByAdministrator | Refusal::Unreadable | Refusal::Unknown) => return None,
    })
}
