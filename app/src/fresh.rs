//! Answers of server functions that a page asks again and again: nothing is sent when nothing has changed.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Identifies a value that the server sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tag(String);

/// A value, or that it is still the one that the browser knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fresh<T> {
    pub tag: Tag,
    /// `None` if the browser sent this tag.
    pub value: Option<T>,
    /// The server's clock.
    pub now: Timestamp,
}

#[cfg(feature = "ssr")]
impl<T: Serialize> Fresh<T> {
    /// Leaves the value out if its tag is the `known` one.
    ///
    /// # Errors
    /// [`crate::wire::AppError::Internal`] if the value cannot be serialized.
    pub(crate) fn new(value: T, known: Option<&Tag>, now: Timestamp) -> Result<Self, crate::wire::AppError> {
        use std::hash::{DefaultHasher, Hasher};

        let json = serde_json::to_vec(&value).map_err(|error| crate::wire::AppError::Internal {
            code: engine::report_incident("An answer for the page could not be serialized.", &error),
        })?;
        let mut hasher = DefaultHasher::new();
        hasher.write(&json);
        let tag = Tag(format!("{:016x}", hasher.finish()));
        let is_known = known == Some(&tag);
        Ok(Self {
            tag,
            value: (!is_known).then_some(value),
            now,
        })
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_sent_again_only_when_it_has_changed() {
        let now = Timestamp::from_unix_ms(1);
        let first = Fresh::new(vec![1, 2], None, now).unwrap();
        assert_eq!(first.value, Some(vec![1, 2]));
        let same = Fresh::new(vec![1, 2], Some(&first.tag), now).unwrap();
        assert_eq!((same.value, &same.tag), (None, &first.tag));
        let other = Fresh::new(vec![1, 3], Some(&first.tag), now).unwrap();
        assert_eq!(other.value, Some(vec![1, 3]));
    }
}
