//! The certificate of a client.

use std::sync::Arc;

use domain::{Timestamp, access::CertificateName};

/// The certificate that a client has presented and that was verified, in the extensions of each request of its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Those that can stand for a token, the subject first.
    pub names: Arc<[CertificateName]>,
    /// A connection can last longer.
    pub valid_until: Timestamp,
}
