//! How destinations trust their servers and identify themselves, for the kinds that have these fields.

use async_graphql::SimpleObject;
use domain::{
    Field,
    destination::{FieldMap, TlsSettings},
};

/// Fields about TLS, which GitLab does not have.
#[derive(SimpleObject)]
pub(super) struct TlsFields {
    /// Certificates of CAs in PEM form that are trusted in addition to the system's CAs and those in AUDIT_STREAMS_CA_FILE. Not part of GitLab's API.
    tls_ca_certificates: String,
    /// Client certificate in PEM form. Not part of GitLab's API.
    tls_client_certificate: String,
    /// Name that the certificate of the server must be valid for, if it is not the host in the URL. Not part of GitLab's API.
    tls_server_name: String,
    /// Whether the certificate of the server is verified. Not part of GitLab's API.
    tls_verify: bool,
}

impl TlsFields {
    /// The fields of a destination with these values.
    pub(super) fn of(values: &FieldMap) -> Self {
        let text = |field| values.text(field).to_owned();
        Self {
            tls_ca_certificates: text(Field::TlsCaCertificates),
            tls_client_certificate: text(Field::TlsClientCertificate),
            tls_server_name: text(Field::TlsServerName),
            tls_verify: !TlsSettings::skips_verification(values),
        }
    }
}
