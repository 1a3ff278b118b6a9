//! Saved views of the Log: a filter under a name, for the user who saved it.

use serde::{Deserialize, Serialize};

use crate::{Field, FieldError, ids::ViewId};

/// Views that a user can save.
pub const MOST_SAVED_VIEWS: u32 = 100;

const MOST_CHARS: usize = 72;

/// A filter of the Log under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    /// Id of the view.
    pub id: ViewId,
    /// Name of the view.
    pub name: String,
    /// The filter, as the query of an address.
    pub query: String,
}

/// The name of a saved view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewName(String);

impl ViewName {
    /// # Errors
    /// The rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        let is_plain = !text.chars().any(char::is_control);
        if (1..=MOST_CHARS).contains(&text.chars().count()) && is_plain {
            return Ok(Self(text.to_owned()));
        }
        let rule = "Name: 1 to 72 characters, for example Failed sign-ins.";
        Err(FieldError::new(Field::Name, rule))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_has_a_short_name() {
        assert_eq!(
            ViewName::parse("  Failed sign-ins ").unwrap().as_str(),
            "Failed sign-ins"
        );
        assert!(ViewName::parse(&"é".repeat(72)).is_ok());
        for text in ["", "  ", "a\nb", &"x".repeat(73)] {
            assert!(ViewName::parse(text).is_err(), "{text}");
        }
    }
}
