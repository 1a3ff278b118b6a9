//! The type of an event.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of thing happened, for example `user_created`: the key of filters, sent as `X-Gitlab-Audit-Event-Type`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventType(String);

impl EventType {
    /// The maximum length in characters.
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

    /// The type as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
