//! The id of an event, as its sender gave it and as destinations get it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::escape::{escaped, hashed};

/// Dedupe key of an event within its source: a string as sent, or the digits of an integer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    /// The maximum length in characters, as a sender may choose it.
    pub const MAX_CHARS: usize = 255;

    /// The longest id for a destination. Web servers take 4 to 8 KiB for all headers of a request.
    pub(crate) const MAX_WITHIN_BYTES: usize = 512;

    /// None if the text is empty, longer than 255 characters, or has control characters.
    pub fn parse(text: &str) -> Option<Self> {
        (!text.is_empty() && text.chars().count() <= Self::MAX_CHARS && !text.chars().any(char::is_control))
            .then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id by which a destination recognises a repeat: `<source>:<id>`, unique within the instance, where the id alone is
    /// unique within its source. In both parts every byte but letters, digits, `-` and `_` is percent-encoded: the result can
    /// stand in a header, and has no full stop, which separates the parts of a webhook signature. If it would be longer than
    /// [`MAX_WITHIN_BYTES`](Self::MAX_WITHIN_BYTES), `sha256=` and the SHA-256 of the id stand for the id.
    pub fn within(&self, source: &str) -> String {
        let part = |text| escaped(text, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let source = part(source);
        let whole = format!("{source}:{}", part(&self.0));
        if whole.len() <= Self::MAX_WITHIN_BYTES {
            return whole;
        }
        format!("{source}:{}", hashed(&self.0))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_is_unique_within_its_source_only() {
        let within = |source: &str, id: &str| EventId::parse(id).unwrap().within(source);
        assert_eq!(within("gitlab-production", "887"), "gitlab-production:887");
        assert_eq!(
            within("our app #2", "a:b.c/é_1"),
            "our%20app%20%232:a%3Ab%2Ec%2F%C3%A9_1"
        );
        assert_ne!(within("a", "1"), within("b", "1"));
    }

    #[test]
    fn an_id_that_would_be_too_long_is_replaced_by_its_hash() {
        let within = |source: &str, id: &str| EventId::parse(id).unwrap().within(source);
        assert_eq!(within("app", &"é".repeat(84)), format!("app:{}", "%C3%A9".repeat(84)));
        let long = "é".repeat(85);
        assert_eq!(within("app", &long), format!("app:{}", hashed(&long)));
        assert_ne!(within("app", &long), within("app", &hashed(&long)));
        assert_ne!(within("app", &long), within("App", &long));
        assert_ne!(within("app", &long), within("app", &"é".repeat(86)));
    }

    proptest! {
        #[test]
        fn different_events_have_different_ids(
            one in ("[a-c:%. _-]{1,4}", "[a-c:%. _-]{1,4}"), other in ("[a-c:%. _-]{1,4}", "[a-c:%. _-]{1,4}"),
        ) {
            let within = |(source, id): &(String, String)| EventId::parse(id).map(|id| id.within(source));
            prop_assert_eq!(within(&one) == within(&other), one == other);
        }

        #[test]
        fn an_id_can_always_stand_in_a_header(source in ".{0,20}", id in ".{1,20}") {
            if let Some(id) = EventId::parse(&id) {
                let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:%=".contains(&byte);
                prop_assert!(id.within(&source).bytes().all(is_allowed));
            }
        }

        /// Whatever ingest accepts.
        #[test]
        fn an_id_is_always_short_enough(source in "[ -~]{1,72}", id in "[^\\p{Cc}]{1,255}") {
            let id = EventId::parse(&id).unwrap();
            prop_assert!(id.within(&source).len() <= EventId::MAX_WITHIN_BYTES);
        }
    }
}
