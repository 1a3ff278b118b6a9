//! Which events a reader wants to see.

use domain::Timestamp;

use super::{BrowsePosition, index::Token};

/// All that is given has to hold. Texts are compared exactly, except `text`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// The author's id or name.
    pub author: Option<String>,
    /// The id or name of a user whom the event is about, or who is its author.
    pub user: Option<String>,
    pub entity: Option<EntityFilter>,
    pub event_type: Option<String>,
    pub ip_address: Option<String>,
    /// Part of any value in `details`, at any depth; ASCII letters of either case.
    pub text: Option<String>,
    /// Created then or later.
    pub created_from: Option<Timestamp>,
    /// Created earlier.
    pub created_before: Option<Timestamp>,
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityFilter {
    /// For example `Project`.
    pub entity_type: String,
    /// Its id or path.
    pub entity: String,
}

impl EventFilter {
    /// What the index knows of it: one of each list has to be there.
    pub(super) fn tokens(&self) -> Vec<Vec<String>> {
        let entity = self.entity.as_ref();
        let one = |token: Option<Token<'_>>| token.map(|token| vec![token.key()]);
        let user = self.user.as_deref();
        let tokens = [
            one(self.author.as_deref().map(Token::Author)),
            user.map(|user| vec![Token::Author(user).key(), Token::Entity("User", user).key()]),
            one(entity.map(|entity| Token::Entity(&entity.entity_type, &entity.entity))),
            one(self.event_type.as_deref().map(Token::EventType)),
            one(self.ip_address.as_deref().map(Token::IpAddress)),
        ];
        tokens.into_iter().flatten().collect()
    }
}

/// Which rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowseRequest {
    Newest,
    Oldest,
    OlderThan(BrowsePosition),
    NewerThan(BrowsePosition),
}

impl BrowseRequest {
    /// From new to old.
    pub const fn goes_back(self) -> bool {
        matches!(self, Self::Newest | Self::OlderThan(_))
    }
}

/// A stretch of the log, without its two ends, and the way through it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    pub(super) above: BrowsePosition,
    pub(super) below: BrowsePosition,
    pub(super) goes_back: bool,
}

impl Walk {
    pub(super) fn new(filter: &EventFilter, request: BrowseRequest) -> Self {
        let before_all_of = |created_at| BrowsePosition {
            created_at,
            seq: domain::ids::Seq::new(i64::MIN),
        };
        let start = before_all_of(filter.created_from.unwrap_or(Timestamp::from_unix_ms(i64::MIN)));
        let end = filter.created_before.map(before_all_of);
        let end = end.unwrap_or(BrowsePosition {
            created_at: Timestamp::from_unix_ms(i64::MAX),
            seq: domain::ids::Seq::new(i64::MAX),
        });
        let (above, below) = match request {
            BrowseRequest::Newest | BrowseRequest::Oldest => (start, end),
            BrowseRequest::OlderThan(position) => (start, end.min(position)),
            BrowseRequest::NewerThan(position) => (start.max(position), end),
        };
        Self {
            above,
            below,
            goes_back: request.goes_back(),
        }
    }

    pub(super) fn passes(&self, place: BrowsePosition) -> bool {
        self.above < place && place < self.below
    }

    /// Keeps the first `wanted` on the way.
    pub(super) fn arrange(&self, places: &mut Vec<BrowsePosition>, wanted: usize) {
        places.sort_unstable();
        if self.goes_back {
            places.reverse();
        }
        places.dedup();
        places.truncate(wanted);
    }

    /// Whether no place at `edge` or further on the way could still be among the first `wanted`.
    pub(super) fn is_done(&self, arranged: &[BrowsePosition], wanted: usize, edge: Timestamp) -> bool {
        let last = wanted.checked_sub(1).and_then(|last| arranged.get(last));
        last.is_some_and(|last| {
            if self.goes_back {
                last.created_at > edge
            } else {
                last.created_at < edge
            }
        })
    }
}
