//! Name of a destination.

use std::fmt;

use serde::Serialize;

use crate::{Field, FieldError};

/// 1 to 72 characters, not all blank, kept as typed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct DestinationName(String);

impl DestinationName {
    /// The maximum length in characters.
    pub const MAX_CHARS: usize = 72;

    /// # Errors
    /// A [`FieldError`] on [`Field::Name`] if the text is blank, longer than 72 characters, or has control characters.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let message = if text.trim().is_empty() {
            "Name can't be blank"
        } else if text.chars().count() > Self::MAX_CHARS {
            "Name is too long (maximum is 72 characters)"
        } else if text.chars().any(char::is_control) {
            "Name can't contain line breaks or other control characters"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(FieldError::new(Field::Name, message))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DestinationName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        assert!(DestinationName::parse(&"é".repeat(72)).is_ok());
        let error = DestinationName::parse(&"é".repeat(73)).unwrap_err();
        assert_eq!(error.message, "Name is too long (maximum is 72 characters)");
    }

    #[test]
    fn blank_and_control_characters_are_refused() {
        assert_eq!(
            DestinationName::parse(" \t").unwrap_err().message,
            "Name can't be blank"
        );
        assert!(DestinationName::parse("a\nb").is_err());
    }
}
