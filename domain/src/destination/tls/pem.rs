//! Certificates and keys as they are pasted: PEM (RFC 7468), with whatever stands around it.
//!
//! What is inside a certificate or a key is not looked at here.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::{Field, FieldError};

/// Of all certificates of a field together, as pasted.
const MAX_BYTES: usize = 65_536;

/// In one field.
const MAX_CERTIFICATES: usize = 20;

/// Characters in a line of base64.
const LINE: usize = 64;

/// Certificates in their order, in DER form; perhaps none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificates(Vec<Vec<u8>>);

/// What is wrong with a text of certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    TooLong,
    TooMany,
    NoCertificate,
    Damaged,
    HasPrivateKey,
    HasRequest,
}

impl Broken {
    /// As an error at a field. `label` is the name of the field, as messages begin.
    pub(super) fn at(self, field: Field, label: &str) -> FieldError {
        let rule = match self {
            Self::TooLong => "is too long (maximum is 65536 bytes)",
            Self::TooMany => "can have at most 20 certificates",
            Self::NoCertificate => {
                "must be in PEM form: from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, and no other blocks"
            }
            Self::Damaged => "must be complete: a part of a certificate is missing or was changed",
            Self::HasPrivateKey => "can't have a private key: this field is not secret",
            Self::HasRequest => "can't have a certificate request: paste the certificate that the CA has issued for it",
        };
        FieldError::new(field, format!("{label} {rule}"))
    }
}

impl Certificates {
    /// Reads certificates in PEM form. Text around them is left out; an empty text has none.
    ///
    /// # Errors
    /// If there is no certificate in the text, or something that is none.
    pub(super) fn parse(text: &str) -> Result<Self, Broken> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        if text.len() > MAX_BYTES {
            return Err(Broken::TooLong);
        }
        let blocks = blocks(text).map_err(|Unreadable| Broken::Damaged)?;
        let has = |label: &str| blocks.iter().any(|block| block.label.ends_with(label));
        if has("PRIVATE KEY") {
            return Err(Broken::HasPrivateKey);
        }
        if has("CERTIFICATE REQUEST") {
            return Err(Broken::HasRequest);
        }
        if blocks.is_empty() || !blocks.iter().all(|block| block.label == "CERTIFICATE") {
            return Err(Broken::NoCertificate);
        }
        if blocks.len() > MAX_CERTIFICATES {
            return Err(Broken::TooMany);
        }
        Ok(Self(blocks.into_iter().map(|block| block.der).collect()))
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each in DER form.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// In the one form of all that mean the same.
    pub fn to_pem(&self) -> String {
        let written: Vec<String> = self.0.iter().map(|der| write("CERTIFICATE", der)).collect();
        written.join("\n")
    }

    /// The certificates in a text by their fingerprints, for an audit event; empty for none.
    pub fn summary_of(text: &str) -> String {
        if text.trim().is_empty() {
            return String::new();
        }
        let Ok(certificates) = Self::parse(text) else {
            return "certificates that can't be read".to_owned();
        };
        let fingerprints: Vec<String> = certificates.iter().map(fingerprint).collect();
        match fingerprints.len() {
            0 => String::new(),
            1 => format!("1 certificate (SHA-256 {})", fingerprints.join(", ")),
            count => format!("{count} certificates (SHA-256 {})", fingerprints.join(", ")),
        }
    }
}

fn fingerprint(der: &[u8]) -> String {
    use fmt::Write;
    Sha256::digest(der).iter().fold(String::new(), |mut text, byte| {
        // Writing to a text can't fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

/// Brings the private key of a client certificate into the one form of all that mean the same. Whether it is a key that can sign,
/// and that of the certificate, is not decided here.
///
/// # Errors
/// A [`FieldError`] naming the rule that is broken.
pub(super) fn parse_client_key(text: &str, field: Field) -> Result<String, FieldError> {
    const NO_KEY: &str =
        "Client key must be one private key in PEM form: from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----";
    let text = text.trim();
    let parsed = match text.len() {
        0 => Err("Client key can't be blank"),
        1..=MAX_BYTES => blocks(text).map_err(|Unreadable| NO_KEY),
        _ => Err("Client key is too long (maximum is 65536 bytes)"),
    };
    let key = parsed.and_then(|mut blocks| {
        if blocks.iter().any(|block| block.is_encrypted) {
            return Err(
                "Client key is encrypted with a passphrase: decrypt it first, for example with openssl pkey -in key.pem",
            );
        }
        // OpenSSL puts them in front of a key.
        blocks.retain(|block| block.label != "EC PARAMETERS");
        match blocks.as_slice() {
            [block] if ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"].contains(&block.label.as_str()) => {
                Ok(write(&block.label, &block.der))
            }
            _ => Err(NO_KEY),
        }
    });
    key.map_err(|message| FieldError::new(field, message))
}

/// From one `BEGIN` to its `END`.
struct Block {
    label: String,
    der: Vec<u8>,
    is_encrypted: bool,
}

/// A block does not end, or is not base64.
struct Unreadable;

/// Every block of a text. White space does not count: it is pasted with indentation, with spaces in place of line breaks, and with the
/// `\n` that stands for a line break in JSON.
fn blocks(text: &str) -> Result<Vec<Block>, Unreadable> {
    const BEGIN: &str = "-----BEGIN ";
    let text = text.replace("\\r", "\n").replace("\\n", "\n");
    let mut blocks = Vec::new();
    let mut rest = text.as_str();
    while let Some((_, begun)) = rest.split_once(BEGIN) {
        let (label, body) = begun.split_once("-----").ok_or(Unreadable)?;
        let (body, after) = body.split_once(&format!("-----END {label}-----")).ok_or(Unreadable)?;
        let is_encrypted = label.starts_with("ENCRYPTED") || body.contains("ENCRYPTED");
        let base64: String = body.chars().filter(|character| !is_blank(*character)).collect();
        let der = match is_encrypted {
            // Nobody reads it.
            true => Vec::new(),
            false => STANDARD.decode(base64).map_err(|_| Unreadable)?,
        };
        if !is_encrypted && der.is_empty() {
            return Err(Unreadable);
        }
        blocks.push(Block {
            label: label.to_owned(),
            der,
            is_encrypted,
        });
        rest = after;
    }
    Ok(blocks)
}

/// White space, and what editors and chat programs put beside it.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200b}' | '\u{feff}')
}

/// Without a line break at its end.
fn write(label: &str, der: &[u8]) -> String {
    let mut written = format!("-----BEGIN {label}-----\n");
    for (position, character) in STANDARD.encode(der).chars().enumerate() {
        if position > 0 && position.is_multiple_of(LINE) {
            written.push('\n');
        }
        written.push(character);
    }
    written.push_str(&format!("\n-----END {label}-----"));
    written
}
