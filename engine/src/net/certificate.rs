//! A server's certificate in words.

use std::net::IpAddr;

use domain::{Timestamp, alerts::Validity};
use x509_cert::{
    Certificate, Version,
    der::Decode,
    ext::pkix::{BasicConstraints, SubjectAltName, name::GeneralName},
    time::Time,
};

/// Names of a certificate that are shown; some have hundreds.
const NAMES: usize = 5;

/// Of a name that somebody else chose.
const NAME_CHARS: usize = 200;

/// From when until when a certificate, in DER form, is valid. `None` if it can't be read.
pub(crate) fn validity_of(der: &[u8]) -> Option<Validity> {
    let validity = Certificate::from_der(der).ok()?.tbs_certificate.validity;
    let moment = |time: Time| Timestamp::from_unix_ms(0).plus(time.to_unix_duration());
    Some(Validity {
        from: moment(validity.not_before),
        until: moment(validity.not_after),
    })
}

/// Whom it is for, shortened. `None` if it can't be read.
pub(crate) fn subject_of(der: &[u8]) -> Option<String> {
    let certificate = Certificate::from_der(der).ok()?;
    Some(cut(&certificate.tbs_certificate.subject.to_string()))
}

/// Whether it can be that of a CA: it says so, or, as old ones do, was issued by itself.
pub(crate) fn is_of_ca(der: &[u8]) -> bool {
    let Ok(Certificate { tbs_certificate, .. }) = Certificate::from_der(der) else {
        return false;
    };
    let constraints = tbs_certificate.get::<BasicConstraints>().ok().flatten();
    constraints.is_some_and(|(_, constraints)| constraints.ca) || tbs_certificate.issuer == tbs_certificate.subject
}

/// Whether it is a certificate of version 3, the only one that TLS is used with.
pub(crate) fn is_version_3(der: &[u8]) -> bool {
    Certificate::from_der(der).is_ok_and(|certificate| certificate.tbs_certificate.version == Version::V3)
}

/// Whom it is for, who issued it, and until when it is valid: a phrase without a full stop.
pub(super) fn described(der: &[u8]) -> String {
    let Ok(certificate) = Certificate::from_der(der) else {
        return "a certificate that can't be read".to_owned();
    };
    let fields = &certificate.tbs_certificate;
    let names = names(&certificate);
    let until = fields.validity.not_after.to_unix_duration();
    format!(
        "certificate for {}, issued by {}, valid until {}",
        names,
        cut(&fields.issuer.to_string()),
        Timestamp::from_unix_ms(0).plus(until).date(),
    )
}

/// What it is for; its subject only if it names nothing else.
fn names(certificate: &Certificate) -> String {
    let fields = &certificate.tbs_certificate;
    let alternatives = fields.get::<SubjectAltName>().ok().flatten();
    let alternatives = alternatives.map(|(_, names)| names.0).unwrap_or_default();
    let names: Vec<String> = alternatives.iter().filter_map(name).collect();
    let shown = names.iter().take(NAMES).map(|name| cut(name)).collect::<Vec<_>>();
    match names.len() {
        0 => cut(&fields.subject.to_string()),
        count if count > NAMES => format!("{} and {} more", shown.join(", "), count - NAMES),
        _ => shown.join(", "),
    }
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(octets) => {
            let octets = octets.as_bytes();
            let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
            let address = v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from));
            address.ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(NAME_CHARS).collect()
}
