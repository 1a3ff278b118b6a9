//! Audit events: from the bytes that a system posts to the bytes that every destination receives.
//!
//! `split_body` finds the events in a request; [`AuditEvent::parse`] checks one and fills in what is missing. The body of
//! an event is made once, here, and is never serialised again.

mod action;
mod batch;
pub mod body;
mod compact;
mod content;
mod incoming;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::{
    action::describe_action,
    batch::{BodyError, EventSizeLimit, MAX_EVENT_BYTES, MAX_EVENTS, split_body},
    content::StoredBody,
    incoming::{EventError, INSTANCE_SCOPE, Received},
};
use crate::{
    Timestamp,
    escape::{escaped, hashed},
};

/// Dedupe key of an event within its source: a string as sent, or the digits of an integer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    pub const MAX_CHARS: usize = 255;

    /// The longest id for a destination. Web servers take 4 to 8 KiB for all headers of a request.
    pub const MAX_WITHIN_BYTES: usize = 512;

    /// None if the text is empty, longer than 255 characters, or has control characters.
    pub fn parse(text: &str) -> Option<Self> {
        (!text.is_empty() && text.chars().count() <= Self::MAX_CHARS && !text.chars().any(char::is_control))
            .then(|| Self(text.to_owned()))
    }

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

/// What kind of thing happened, for example `user_created`: the key of filters, sent as `X-Gitlab-Audit-Event-Type`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventType(String);

impl EventType {
    pub const MAX_CHARS: usize = 255;

    /// None unless the text has 1 to 255 characters, all of them printable ASCII, and no blank at either end: it must fit
    /// into a header.
    pub fn parse(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        (!text.is_empty() && text.len() <= Self::MAX_CHARS && printable && text.trim() == text)
            .then(|| Self(text.to_owned()))
    }

    /// One of the built-in types.
    pub(crate) fn built_in(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A checked event: the columns by which it is found and ordered, and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    pub id: EventId,
    pub event_type: EventType,
    /// The digits of an integer, or a string as sent; empty if the event names none.
    pub author_id: String,
    pub author_name: String,
    pub entity_id: String,
    pub entity_type: String,
    pub entity_path: String,
    /// Empty if the event names none.
    pub ip_address: String,
    pub created_at: Timestamp,
    /// Whether the event brought `created_at`; otherwise that is when it was received.
    pub is_dated: bool,
    /// The JSON object that is delivered: every documented field, no line breaks.
    pub body: Box<str>,
}

impl AuditEvent {
    /// Checks one JSON object and fills in what is missing.
    ///
    /// An object that has every documented field and no line breaks is kept byte for byte. Any other is written anew:
    /// documented fields in their documented order, then unknown ones as they came, values unchanged.
    ///
    /// # Errors
    /// [`EventError`] with the field and the rule it breaks.
    pub fn parse(json: &str, received: &Received) -> Result<Self, EventError> {
        incoming::parse(json, received, &received.fresh_id)
    }

    /// The same, where an event that brings no id gets `id`.
    ///
    /// # Errors
    /// [`EventError`] with the field and the rule it breaks.
    pub fn parse_as(json: &str, received: &Received, id: impl Fn() -> EventId) -> Result<Self, EventError> {
        incoming::parse(json, received, &id)
    }

    /// Whether the stored body of an event with the same id has the same content: members in any order, white space and
    /// escapes aside. When an event was received is no content of it, and neither is how its id is written.
    pub fn has_content_of(&self, stored: &StoredBody) -> bool {
        stored.is_same(&self.body, self.is_dated)
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
