//! What every text and every number of a destination is checked for, in one way.

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

/// The bounds of a whole number, and how its messages name it.
pub(super) struct NumberRules {
    field: Field,
    /// As messages begin, for example `Events per batch`.
    label: &'static str,
    min: u32,
    max: u32,
}

impl NumberRules {
    pub(super) const fn new(field: Field, label: &'static str, (min, max): (u32, u32)) -> Self {
        Self { field, label, min, max }
    }

    /// `None` for an empty text.
    ///
    /// # Errors
    /// At the field, with its bounds.
    pub(super) fn parse(&self, text: &str) -> Result<Option<u32>, FieldError> {
        let &Self { field, label, min, max } = self;
        let number = match text.trim() {
            "" => return Ok(None),
            text => text.parse::<u32>().ok(),
        };
        let number = number.filter(|number| (min..=max).contains(number));
        let wrong = || FieldError::new(field, format!("{label} must be a whole number from {min} to {max}"));
        number.map(Some).ok_or_else(wrong)
    }
}
