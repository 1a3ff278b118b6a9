//! Facts about a certificate.

use api::web::ClientCertificate;
use domain::{
    Timestamp,
    access::{CertificateName, CertificateNameKind},
};
use x509_cert::{
    Certificate,
    der::Decode,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

/// Names of a certificate that are logged; some have hundreds.
const NAMES: usize = 5;

/// The part of a certificate that this server looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CertificateFacts {
    /// The subject, as RFC 4514 writes it; empty if the certificate has none.
    pub(super) subject: String,
    /// The alternative names that are host names, e-mail addresses or URIs.
    pub(super) alternatives: Vec<(CertificateNameKind, String)>,
    pub(super) valid_from: Timestamp,
    pub(super) valid_until: Timestamp,
}

impl CertificateFacts {
    /// `None` if the certificate is malformed.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let fields = &certificate.tbs_certificate;
        let names = fields.get::<SubjectAltName>().ok()?;
        let names = names.map(|(_, names)| names.0).unwrap_or_default();
        let at = |time: x509_cert::time::Time| Timestamp::from_unix_ms(0).plus(time.to_unix_duration());
        Some(Self {
            subject: fields.subject.to_string(),
            alternatives: names.iter().filter_map(text_of).collect(),
            valid_from: at(fields.validity.not_before),
            valid_until: at(fields.validity.not_after),
        })
    }

    /// Its names, shortened for the log; the subject only if there are no others.
    pub(super) fn names(&self) -> String {
        let shown: Vec<&str> = self
            .alternatives
            .iter()
            .take(NAMES)
            .map(|(_, name)| name.as_str())
            .collect();
        match self.alternatives.len() {
            0 => self.subject.clone(),
            count if count > NAMES => format!("{} and {} more", shown.join(", "), count - NAMES),
            _ => shown.join(", "),
        }
    }
}

fn text_of(name: &GeneralName) -> Option<(CertificateNameKind, String)> {
    match name {
        GeneralName::DnsName(name) => Some((CertificateNameKind::HostName, name.to_string())),
        GeneralName::Rfc822Name(name) => Some((CertificateNameKind::Email, name.to_string())),
        GeneralName::UniformResourceIdentifier(name) => Some((CertificateNameKind::Uri, name.to_string())),
        _ => None,
    }
}

/// A certificate that the handshake has verified. `None` if it is malformed.
pub(super) fn of_client(der: &[u8]) -> Option<ClientCertificate> {
    let facts = CertificateFacts::read(der)?;
    let subject = (CertificateNameKind::Subject, facts.subject);
    let names = std::iter::once(subject).chain(facts.alternatives);
    let names = names.filter_map(|(kind, name)| CertificateName::of_certificate(kind, &name));
    Some(ClientCertificate {
        names: names.collect(),
        valid_until: facts.valid_until,
    })
}
