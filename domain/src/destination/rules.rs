//! What every text field of a destination is checked for, in one way.

use crate::{Field, FieldError};

/// The rules of one field, and how its messages name it.
pub(super) struct TextRules {
    pub(super) field: Field,
    /// As messages begin, for example `Bucket name`.
    pub(super) label: &'static str,
    /// In characters.
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) is_valid: fn(&str) -> bool,
    /// Said when `is_valid` says no; a whole sentence.
    pub(super) invalid: &'static str,
}

impl TextRules {
    /// The text without blanks at either end.
    ///
    /// # Errors
    /// A [`FieldError`] naming the rule that is broken.
    pub(super) fn parse(&self, text: &str) -> Result<String, FieldError> {
        let text = text.trim();
        self.problem(text).map_or_else(
            || Ok(text.to_owned()),
            |message| Err(FieldError::new(self.field, message)),
        )
    }

    fn problem(&self, text: &str) -> Option<String> {
        let (label, length) = (self.label, text.chars().count());
        if length == 0 {
            Some(format!("{label} can't be blank"))
        } else if length < self.min {
            Some(format!("{label} is too short (minimum is {} characters)", self.min))
        } else if length > self.max {
            Some(format!("{label} is too long (maximum is {} characters)", self.max))
        } else if !(self.is_valid)(text) {
            Some(self.invalid.to_owned())
        } else {
            None
        }
    }
}
