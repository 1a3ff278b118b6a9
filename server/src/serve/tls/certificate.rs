//! Facts about a certificate.

use api::web::ClientCertificate;
use domain::{
    Timestamp,
    access::{CertificateName, CertificateNameKind},
    alerts::{CertificateHolder, InstanceCertificate, Validity},
};
use rustls::pki_types::CertificateDer;
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
    /// Whether it vouches for itself, as a root does.
    is_self_issued: bool,
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
            is_self_issued: fields.issuer == fields.subject,
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

/// What is known of the listener's certificate: valid until clients reject it or one that vouches for it. A root counts for nothing there,
/// because clients have their own. `None` if there is none.
pub(super) fn of_listener(chain: &[CertificateDer<'_>]) -> Option<InstanceCertificate> {
    let mut facts = chain.iter().filter_map(|der| CertificateFacts::read(der));
    let own = facts.next()?;
    let issuers = facts.filter(|facts| !facts.is_self_issued);
    let until = issuers.map(|facts| facts.valid_until).min();
    Some(InstanceCertificate {
        holder: CertificateHolder::Listener,
        name: own.names(),
        validity: Validity {
            from: own.valid_from,
            until: until.map_or(own.valid_until, |until| until.min(own.valid_until)),
        },
    })
}

/// What is known of a CA that vouches for clients. `None` if it can't be read.
pub(super) fn of_client_ca(der: &[u8]) -> Option<InstanceCertificate> {
    let facts = CertificateFacts::read(der)?;
    Some(InstanceCertificate {
        holder: CertificateHolder::ClientCa,
        name: facts.subject,
        validity: Validity {
            from: facts.valid_from,
            until: facts.valid_until,
        },
    })
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
