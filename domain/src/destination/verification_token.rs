//! The token by which a receiver knows that an event came from here.

use std::fmt;

use crate::{Field, FieldError};

/// 16 to 24 printable ASCII characters without blanks. Sent as `X-Gitlab-Event-Streaming-Token` with every event.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationToken(String);

impl VerificationToken {
    /// The permitted length in characters.
    pub const CHARS: std::ops::RangeInclusive<usize> = 16..=24;

    /// # Errors
    /// A [`FieldError`] on [`Field::VerificationToken`] if the length or a character is not allowed.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let message = if !Self::CHARS.contains(&text.chars().count()) {
            "Verification token should have length between 16 to 24 characters."
        } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            "Verification token can only contain letters, digits and ASCII punctuation."
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(FieldError::new(Field::VerificationToken, message))
    }

    /// 24 base-58 characters made of 24 random bytes.
    pub fn from_random(bytes: [u8; 24]) -> Self {
        const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        let characters = bytes
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
        Self(characters.collect())
    }

    /// The token itself. It must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for VerificationToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VerificationToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_16_to_24() {
        assert!(VerificationToken::parse(&"t".repeat(16)).is_ok());
        assert!(VerificationToken::parse(&"t".repeat(24)).is_ok());
        assert!(VerificationToken::parse(&"t".repeat(15)).is_err());
        assert!(VerificationToken::parse(&"t".repeat(25)).is_err());
    }

    #[test]
    fn a_header_could_not_carry_these() {
        for bad in ["has a blank inside", "line\nbreak_in_the_mid", "ünïcödé-is-not-ascii"] {
            assert!(VerificationToken::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_generated_token_is_valid_and_unshown() {
        let token = VerificationToken::from_random([
            0, 57, 58, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
        ]);
        assert_eq!(VerificationToken::parse(token.expose()), Ok(token.clone()));
        assert_eq!(format!("{token:?}"), "VerificationToken(..)");
    }
}
