//! The private key of a service account.

use std::fmt;

use crate::{Field, FieldError};

/// A private key in PEM form: PKCS #8, as it stands in a service account's key file, or PKCS #1. A secret: its `Debug` shows
/// nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey(String);

impl PrivateKey {
    /// Without white space.
    pub const MAX_CHARS: usize = 4_096;

    /// Characters in a line of the base64 text.
    const LINE: usize = 64;

    /// Brings the text into the one form of all that mean the same. White space does not count, and neither do quotes and
    /// commas around the text: keys are pasted with indentation, with spaces in place of line breaks, without line breaks,
    /// and with the `\n` that stands for a line break in a key file. Whether it is a key that can sign is not decided here.
    ///
    /// # Errors
    /// A [`FieldError`] on [`Field::PrivateKey`] naming the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.replace("\\r", "\n").replace("\\n", "\n");
        let text = text.trim_matches(|character| is_blank(character) || matches!(character, '"' | '\'' | ','));
        match without_blanks(text).len() {
            0 => Err("Private key can't be blank"),
            1..=Self::MAX_CHARS => Self::in_lines(text),
            _ => Err("Private key is too long (maximum is 4096 characters)"),
        }
        .map_err(|message| FieldError::new(Field::PrivateKey, message))
    }

    fn in_lines(text: &str) -> Result<Self, &'static str> {
        const NO_KEY: &str = "Private key must be the private_key of a service account's key: a PEM text from \
                              -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----";
        let ["", begin, body, end, ""] = text.split("-----").collect::<Vec<_>>()[..] else {
            return Err(NO_KEY);
        };
        let (begin, end, body) = (without_blanks(begin), without_blanks(end), without_blanks(body));
        if begin.contains("ENCRYPTED") || body.contains("ENCRYPTED") {
            return Err(
                "Private key is encrypted with a passphrase: decrypt it first, for example with openssl pkey -in key.pem",
            );
        }
        let label = match (begin.as_str(), end.as_str()) {
            ("BEGINPRIVATEKEY", "ENDPRIVATEKEY") => "PRIVATE KEY",
            ("BEGINRSAPRIVATEKEY", "ENDRSAPRIVATEKEY") => "RSA PRIVATE KEY",
            _ => return Err(NO_KEY),
        };
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        if body.is_empty() || !body.bytes().all(is_base64) {
            return Err(NO_KEY);
        }
        let mut written = format!("-----BEGIN {label}-----\n");
        for (position, character) in body.chars().enumerate() {
            if position > 0 && position.is_multiple_of(Self::LINE) {
                written.push('\n');
            }
            written.push(character);
        }
        written.push_str(&format!("\n-----END {label}-----\n"));
        Ok(Self(written))
    }

    /// The same, for a key that can't sign although it looks like one.
    pub fn unusable() -> FieldError {
        FieldError::new(
            Field::PrivateKey,
            "Private key can't be used: it is not a whole RSA key of at least 2048 bits. Paste it from the JSON file that Google \
             Cloud creates",
        )
    }

    /// The key itself. It must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PrivateKey(..)")
    }
}

/// White space, and what editors and chat programs put beside it.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200b}' | '\u{feff}')
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|character| !is_blank(*character)).collect()
}
