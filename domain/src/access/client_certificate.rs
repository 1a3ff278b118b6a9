//! Names in client certificates.

use std::fmt;

use crate::{Field, FieldError};

/// A name in client certificates that stands for an API token: the subject, or a host name, an e-mail address or a URI among the
/// alternative names.
///
/// The form of the text says which of them it is. A name of a certificate counts only if it has the form of its kind: otherwise
/// whoever can choose one kind of name could imitate another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertificateName(String);

/// What a name of a certificate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateNameKind {
    /// As RFC 4514 writes it: `CN=app,O=Example`.
    Subject,
    HostName,
    Email,
    Uri,
}

impl CertificateName {
    /// The maximum length in characters.
    pub const MAX_CHARS: usize = 500;

    /// Parses the name that a token is created for.
    ///
    /// # Errors
    /// A [`FieldError`] on [`Field::ClientCertificate`] unless the text has one of the four forms.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let parsed = kind_of(text).map(|kind| Self::normalised(kind, text));
        parsed.ok_or_else(|| {
            let rule = "Client certificate: a subject as in RFC 4514 (CN=app,O=Example), or a host name, an e-mail address or a URI \
                        among the alternative names of the certificate; at most 500 characters.";
            FieldError::new(Field::ClientCertificate, rule)
        })
    }

    /// A name that a certificate contains; `None` if it does not have the form of its kind.
    pub fn of_certificate(kind: CertificateNameKind, text: &str) -> Option<Self> {
        (kind_of(text) == Some(kind)).then(|| Self::normalised(kind, text))
    }

    /// Host names and types of attributes are compared without regard to case.
    fn normalised(kind: CertificateNameKind, text: &str) -> Self {
        Self(match kind {
            CertificateNameKind::HostName => text.to_ascii_lowercase(),
            CertificateNameKind::Email => match text.rsplit_once('@') {
                Some((local, host)) => format!("{local}@{}", host.to_ascii_lowercase()),
                None => text.to_owned(),
            },
            CertificateNameKind::Subject => normalised_subject(text),
            CertificateNameKind::Uri => text.to_owned(),
        })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CertificateName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Programs write the types of attributes in several ways, and some put a space between two attributes.
fn normalised_subject(text: &str) -> String {
    let (mut subject, mut attribute, mut is_escaped) = (String::new(), String::new(), false);
    for letter in text.chars() {
        if !is_escaped && matches!(letter, ',' | '+') {
            subject.push_str(&normalised_attribute(&attribute));
            subject.push(letter);
            attribute.clear();
        } else {
            attribute.push(letter);
        }
        is_escaped = !is_escaped && letter == '\\';
    }
    subject + &normalised_attribute(&attribute)
}

fn normalised_attribute(text: &str) -> String {
    let text = text.trim_start();
    let Some((kind, value)) = text.split_once('=') else {
        return text.to_owned();
    };
    let kind = kind.to_ascii_uppercase();
    let kind = match kind.as_str() {
        "E" | "EMAIL" => "EMAILADDRESS",
        "GIVENNAME" => "GN",
        "SURNAME" => "SN",
        other => other,
    };
    format!("{kind}={value}")
}

fn kind_of(text: &str) -> Option<CertificateNameKind> {
    if text.trim() != text || text.chars().any(char::is_control) || text.chars().count() > CertificateName::MAX_CHARS {
        return None;
    }
    let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
    let rest = text.trim_start_matches(is_of_word);
    let has_word = rest.len() < text.len();
    match rest.chars().next() {
        Some('=') if has_word => Some(CertificateNameKind::Subject),
        Some(':') if has_word => Some(CertificateNameKind::Uri),
        _ if text.contains('@') => {
            (!text.starts_with('@') && !text.ends_with('@')).then_some(CertificateNameKind::Email)
        }
        _ => {
            let is_host = |letter: char| letter.is_ascii_alphanumeric() || "-._*".contains(letter);
            (!text.is_empty() && text.chars().all(is_host)).then_some(CertificateNameKind::HostName)
        }
    }
}

#[cfg(test)]
mod tests {
    use CertificateNameKind::{Email, HostName, Subject, Uri};

    use super::*;

    #[test]
    fn the_form_says_what_a_name_is() {
        for (text, kind) in [
            ("CN=app,O=Example", Subject),
            ("CN=ops@example.com", Subject),
            ("2.5.4.3=app", Subject),
            ("app.example.com", HostName),
            ("*.example.com", HostName),
            ("app", HostName),
            ("ops@example.com", Email),
            ("o'neil+x@example.com", Email),
            ("spiffe://example.com/app", Uri),
            ("https://example.com/?a=b@c", Uri),
            ("urn:uuid:f81d4fae", Uri),
        ] {
            assert_eq!(kind_of(text), Some(kind), "{text}");
            assert_eq!(CertificateName::parse(text).unwrap().as_str(), text);
        }
        let long = "x".repeat(501);
        for text in ["", " app", "app ", "a b", "a\nb", "=x", ":x", "@x", "x@", &long] {
            let error = CertificateName::parse(text).unwrap_err();
            assert_eq!(error.field, Field::ClientCertificate, "{text}");
        }
    }

    #[test]
    fn hosts_are_compared_without_regard_to_case() {
        let name = |text: &str| CertificateName::parse(text).unwrap();
        assert_eq!(name("App.Example.com"), name("app.example.com"));
        assert_eq!(name("Ops@Example.com"), name("Ops@example.com"));
        assert_ne!(name("Ops@example.com"), name("ops@example.com"));
        assert_ne!(name("CN=App"), name("CN=app"));
    }

    #[test]
    fn a_subject_is_the_same_however_the_types_of_its_attributes_are_written() {
        let name = |text: &str| CertificateName::parse(text).unwrap();
        let openssl = name(r"emailAddress=ops@example.com,CN=app+GN=Ada,street=Weg 1,O=Example\, Inc.\\,C=DE");
        let other = name(r"EMAIL=ops@example.com, cn=app+ givenName=Ada, STREET=Weg 1, O=Example\, Inc.\\, C=DE");
        assert_eq!(openssl, other);
        assert_ne!(name(r"CN=a\,o=b"), name("CN=a,O=b"), "one attribute, not two");
        assert_eq!(name(r"CN=a\,o=b").as_str(), r"CN=a\,o=b");
    }

    #[test]
    fn one_kind_of_name_can_not_imitate_another() {
        for kind in [HostName, Email, Uri] {
            assert_eq!(CertificateName::of_certificate(kind, "CN=admin"), None, "{kind:?}");
        }
        assert_eq!(CertificateName::of_certificate(Uri, "app.example.com"), None);
        assert_eq!(
            CertificateName::of_certificate(Subject, "spiffe://example.com/app"),
            None
        );
        let host = CertificateName::of_certificate(HostName, "App.example.com");
        assert_eq!(host.unwrap().as_str(), "app.example.com");
    }
}
