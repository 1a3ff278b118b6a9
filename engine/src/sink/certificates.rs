//! Until when the certificates of a destination are valid: ours, those of the CAs that it trusts, and that of its server.

use domain::{alerts::CertificateSeen, destination::TlsSettings};

use super::sink_kind;
use crate::{
    net::{GuardedClients, validity_of},
    store::Target,
};

/// The first to expire of its CAs, our certificate, and that of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CertificatesSeen {
    pub ca: CertificateSeen,
    pub client: CertificateSeen,
    pub server: CertificateSeen,
}

/// What is known of the certificates of a destination. Until a stream has connected, nothing is known of the server's.
pub(crate) fn certificates_of(target: &Target, clients: &GuardedClients) -> CertificatesSeen {
    let settings = TlsSettings::parse(&target.values).unwrap_or_default();
    let authorities = settings.ca_certificates.iter().filter_map(validity_of);
    let ca = authorities.min_by_key(|validity| validity.until);
    let ours = settings.client_certificate.iter().filter_map(validity_of);
    // The server accepts none of them without its issuer.
    let ours = ours.min_by_key(|validity| validity.until);
    let server = (sink_kind(target.kind).server)(target).filter(|url| url.scheme() == "https");
    CertificatesSeen {
        ca: ca.map_or(CertificateSeen::None, CertificateSeen::Valid),
        client: ours.map_or(CertificateSeen::None, CertificateSeen::Valid),
        server: server.map_or(CertificateSeen::None, |url| {
            let seen = clients.server_certificate(&url, settings.server_name.as_deref(), settings.verify);
            seen.map_or(CertificateSeen::Unknown, CertificateSeen::Valid)
        }),
    }
}
