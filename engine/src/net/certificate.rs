//! A server's certificate in words.

use std::net::IpAddr;

use domain::Timestamp;
use x509_cert::{
    Certificate,
    der::Decode,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

/// Names of a certificate that are shown; some have hundreds.
const NAMES: usize = 5;

/// Of a name that somebody else chose.
const NAME_CHARS: usize = 200;

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
        Timestamp::from_unix_ms(0).plus(until),
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
