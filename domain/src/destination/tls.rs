//! How a connection by TLS is trusted: which CAs may vouch for the server, which certificate we show it, and by which name it is checked.
//! The same settings for every kind that has them.

mod fields;
mod pem;

use std::net::IpAddr;

use url::Host;

pub(super) use self::fields::{CA_CERTIFICATES, CLIENT_CERTIFICATE, CLIENT_KEY, SERVER_NAME, VERIFY};
pub use self::pem::Certificates;
use crate::{
    Field, FieldError, FieldErrors,
    destination::{DestinationUrl, FieldMap, Input},
};

/// Made by parsing alone. The client key is a secret, and parsed by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// CAs that are trusted in addition to the system's CAs and those in AUDIT_STREAMS_CA_FILE.
    pub ca_certificates: Certificates,
    /// What we show to a server that asks for it, our own certificate first; empty for nothing.
    pub client_certificate: Certificates,
    /// Sent as SNI and looked for in the certificate, instead of the host of the URL.
    pub server_name: Option<String>,
    /// Whether the certificate of the server is checked at all.
    pub verify: bool,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            ca_certificates: Certificates::default(),
            client_certificate: Certificates::default(),
            server_name: None,
            verify: true,
        }
    }
}

impl TlsSettings {
    /// Reads the fields about TLS; an empty one has its default.
    ///
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub fn parse(values: &FieldMap) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let certificates =
            |field, label| Certificates::parse(values.text(field)).map_err(|broken| broken.at(field, label));
        let ca_certificates = errors.collect(certificates(Field::TlsCaCertificates, "CA certificates"));
        let client = certificates(Field::TlsClientCertificate, "Client certificate");
        let has_key = !values.text(Field::TlsClientKey).trim().is_empty();
        let client_certificate = errors.collect(client.and_then(|client| match client.is_empty() && has_key {
            true => Err(FieldError::new(
                Field::TlsClientCertificate,
                "Client certificate can't be blank with a client key",
            )),
            false => Ok(client),
        }));
        let server_name = errors.collect(parse_server_name(values.text(Field::TlsServerName)));
        let verify = errors.collect(parse_verify(values.text(Field::TlsVerify)));
        match (ca_certificates, client_certificate, server_name, verify) {
            (Some(ca_certificates), Some(client_certificate), Some(server_name), Some(verify)) => Ok(Self {
                ca_certificates,
                client_certificate,
                server_name,
                verify,
            }),
            _ => Err(errors),
        }
    }

    /// Refuses what would have no effect, because connections to this URL are not encrypted.
    ///
    /// # Errors
    /// Every field that has a value other than its default.
    pub(super) fn check_url(&self, url: &DestinationUrl) -> Result<(), FieldErrors> {
        const HTTPS: &str = "a URL that starts with https://";
        let mut errors = FieldErrors::default();
        if url.is_encrypted() {
            return Ok(());
        }
        for (is_set, field, needs) in [
            (
                !self.ca_certificates.is_empty(),
                Field::TlsCaCertificates,
                "CA certificates need",
            ),
            (
                !self.client_certificate.is_empty(),
                Field::TlsClientCertificate,
                "Client certificate needs",
            ),
            (self.server_name.is_some(), Field::TlsServerName, "Server name needs"),
            (
                !self.verify,
                Field::TlsVerify,
                "Certificate verification can be skipped only for",
            ),
        ] {
            if is_set {
                errors.push(FieldError::new(field, format!("{needs} {HTTPS}")));
            }
        }
        match errors.is_empty() {
            true => Ok(()),
            false => Err(errors),
        }
    }

    /// These settings as values; what is empty is left out.
    pub fn values(&self) -> Vec<(Field, String)> {
        let verify = if self.verify { Input::ON } else { Input::OFF };
        let values = [
            (Field::TlsCaCertificates, self.ca_certificates.to_pem()),
            (Field::TlsClientCertificate, self.client_certificate.to_pem()),
            (Field::TlsServerName, self.server_name.clone().unwrap_or_default()),
            (Field::TlsVerify, verify.to_owned()),
        ];
        values.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }

    /// Whether these values say that the certificate of the server is not checked.
    pub fn skips_verification(values: &FieldMap) -> bool {
        values.text(Field::TlsVerify).trim() == Input::OFF
    }
}

/// # Errors
/// At the field of the name.
fn parse_server_name(text: &str) -> Result<Option<String>, FieldError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let address = text.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let name = match (address, Host::parse(text)) {
        (Some(address), _) => Some(address.to_string()),
        (None, Ok(Host::Domain(name))) => Some(name.trim_end_matches('.').to_owned()).filter(|name| is_dns_name(name)),
        (None, Ok(Host::Ipv4(address))) => Some(address.to_string()),
        (None, Ok(Host::Ipv6(_)) | Err(_)) => None,
    };
    name.map(Some).ok_or_else(|| {
        FieldError::new(
            Field::TlsServerName,
            "Server name must be a host name or an IP address, without scheme, port and path",
        )
    })
}

/// As a TLS client can send it: letters, digits, hyphens and underscores in labels.
fn is_dns_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len())
            && label.bytes().all(is_known)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

fn parse_verify(text: &str) -> Result<bool, FieldError> {
    match text.trim() {
        "" | Input::ON => Ok(true),
        Input::OFF => Ok(false),
        _ => Err(FieldError::new(
            Field::TlsVerify,
            "Certificate verification must be true or false",
        )),
    }
}

#[cfg(test)]
mod tests;
