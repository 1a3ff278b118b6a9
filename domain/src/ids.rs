//! Identifiers, each a type of its own so that no two kinds can be swapped.

use serde::{Deserialize, Serialize};

macro_rules! integer_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Takes the row number as it stands in its store.
            pub const fn new(value: i64) -> Self {
                Self(value)
            }

            /// The row number as it stands in its store.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

integer_id!(
    /// A streaming destination.
    DestinationId
);
integer_id!(
    /// A custom HTTP header of a destination.
    HeaderId
);
integer_id!(
    /// A group or project in the filter of a destination.
    NamespaceId
);
integer_id!(
    /// Position of an event in the log, from 1, in commit order and without reuse.
    Seq
);
integer_id!(
    /// A replay of a part of the log to a destination.
    ReplayId
);
integer_id!(
    /// A person who signs in.
    UserId
);
integer_id!(
    /// An API token.
    TokenId
);
integer_id!(
    /// A saved view of the Log.
    ViewId
);
integer_id!(
    /// A signed-in browser.
    SessionId
);

impl Seq {
    /// The position before the first event.
    pub const START: Self = Self(0);

    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}
