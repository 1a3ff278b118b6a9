//! The name under which a person signs in.

use std::fmt;

use crate::{Field, FieldError};

/// 1 to 64 lowercase letters, digits, or `. _ - @ +`, with a letter or digit first: no two names look alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// The maximum length in characters.
    pub const MAX_CHARS: usize = 64;

    /// # Errors
    /// A [`FieldError`] on [`Field::Username`], with the rule and an example.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let starts_well = text.bytes().next().is_some_and(is_plain);
        let is_allowed = text.bytes().all(|byte| is_plain(byte) || b"._-@+".contains(&byte));
        if !starts_well || !is_allowed || text.len() > Self::MAX_CHARS {
            let rule = "Username: 1 to 64 lowercase letters, digits, or . _ - @ +, and a letter or digit first, for example \
                        ada.lovelace.";
            return Err(FieldError::new(Field::Username, rule));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_taken() {
        for good in [
            "root",
            "a",
            "7",
            "ada.lovelace",
            "ada+audit@navy.example",
            &"x".repeat(64),
        ] {
            assert_eq!(Username::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn what_could_be_mistaken_for_another_is_refused() {
        for bad in ["", "Root", ".root", "-x", "a b", "röot", "root\n", &"x".repeat(65)] {
            assert_eq!(Username::parse(bad).unwrap_err().field, Field::Username, "{bad:?}");
        }
    }
}
