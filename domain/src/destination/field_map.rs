//! The values of a destination's fields as texts: as typed, as sent to an API, or as stored.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::Field;

/// Values by field. A field that is left out has no value, which for most fields is the same as an empty one; a secret that is
/// left out stays as it is stored. Its `Debug` shows no values, for some are secrets.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldMap(BTreeMap<Field, String>);

impl FieldMap {
    /// The text of a field. `None` if it has none.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.0.get(&field).map(String::as_str)
    }

    /// Empty for a field that is left out.
    pub fn text(&self, field: Field) -> &str {
        self.get(field).unwrap_or_default()
    }

    /// Sets or replaces the text of a field.
    pub fn set(&mut self, field: Field, text: impl Into<String>) {
        self.0.insert(field, text.into());
    }

    /// Leaves out a field whose text is empty.
    pub(crate) fn set_or_remove(&mut self, field: Field, text: impl Into<String>) {
        let text = text.into();
        if text.is_empty() {
            self.remove(field);
        } else {
            self.set(field, text);
        }
    }

    /// This map, with the text of one more field.
    #[must_use]
    pub fn with(mut self, field: Field, text: impl Into<String>) -> Self {
        self.set(field, text);
        self
    }

    /// This map, with the texts of more fields.
    #[must_use]
    pub(crate) fn with_all(mut self, values: impl IntoIterator<Item = (Field, String)>) -> Self {
        self.0.extend(values);
        self
    }

    /// Removes the text of a field.
    pub fn remove(&mut self, field: Field) {
        self.0.remove(&field);
    }

    /// All fields that have a text, in the order of [`Field`].
    pub fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        self.0.iter().map(|(field, text)| (*field, text.as_str()))
    }
}

impl<T: Into<String>> FromIterator<(Field, T)> for FieldMap {
    fn from_iter<I: IntoIterator<Item = (Field, T)>>(values: I) -> Self {
        Self(values.into_iter().map(|(field, text)| (field, text.into())).collect())
    }
}

impl<T: Into<String>, const COUNT: usize> From<[(Field, T); COUNT]> for FieldMap {
    fn from(values: [(Field, T); COUNT]) -> Self {
        values.into_iter().collect()
    }
}

impl fmt::Debug for FieldMap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}
