//! The secret access key of an AWS account.

use std::fmt;

use crate::{Field, FieldError, destination::rules::TextRules};

const SECRET_ACCESS_KEY: TextRules = TextRules {
    field: Field::SecretAccessKey,
    label: "Secret access key",
    min: 1,
    max: 4_096,
    is_valid: is_graphic,
    invalid: "Secret access key must only contain letters, digits and ASCII punctuation",
};

/// A secret: its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretAccessKey(String);

impl SecretAccessKey {
    /// Blanks and line breaks at either end are dropped.
    ///
    /// # Errors
    /// A [`FieldError`] on [`Field::SecretAccessKey`] naming the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        SECRET_ACCESS_KEY.parse(text).map(Self)
    }

    /// The secret access key itself. It must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretAccessKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretAccessKey(..)")
    }
}

fn is_graphic(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}
