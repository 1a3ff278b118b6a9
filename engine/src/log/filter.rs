//! Which events a reader wants to see.

use std::ops::Range;

use domain::Timestamp;

use super::{
    BrowsePosition,
    index::{Token, entities_of_type},
    statement::Statement,
};

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
    /// Its id or path; `None` for every entity of the type that has one of them.
    pub entity: Option<String>,
}

/// A condition on the tokens of the index.
pub(super) enum Condition {
    AnyOf(Vec<String>),
    /// From the first on, and before the second.
    Between(String, String),
}

impl Condition {
    pub(super) fn push_to(&self, query: &mut Statement) {
        match self {
            Self::AnyOf(tokens) => {
                query.push("token IN (");
                for (index, token) in tokens.iter().enumerate() {
                    query.push(if index == 0 { "" } else { ", " }).bind(token.clone());
                }
                query.push(")");
            }
            Self::Between(first, end) => {
                query.push("token >= ").bind(first.clone());
                query.push(" AND token < ").bind(end.clone());
            }
        }
    }
}

/// Limits a query of `index_blocks` to blocks that have a token for each condition.
pub(super) fn push_conditions(query: &mut Statement, conditions: &[Condition]) {
    for condition in conditions {
        query.push(" AND EXISTS (SELECT 1 FROM index_entries WHERE index_entries.block = index_blocks.block AND (");
        condition.push_to(query);
        query.push("))");
    }
}

impl EventFilter {
    /// What the index knows of it: an event has to meet each condition.
    pub(super) fn conditions(&self) -> Vec<Condition> {
        let one = |token: Token<'_>| Condition::AnyOf(vec![token.key()]);
        let user = self.user.as_deref();
        let conditions = [
            self.author.as_deref().map(|author| one(Token::Author(author))),
            user.map(|user| Condition::AnyOf(vec![Token::Author(user).key(), Token::Entity("User", user).key()])),
            self.entity.as_ref().map(|entity| match &entity.entity {
                Some(id_or_path) => one(Token::Entity(&entity.entity_type, id_or_path)),
                None => {
                    let (first, end) = entities_of_type(&entity.entity_type);
                    Condition::Between(first, end)
                }
            }),
            self.event_type
                .as_deref()
                .map(|event_type| one(Token::EventType(event_type))),
            self.ip_address.as_deref().map(|address| one(Token::IpAddress(address))),
        ];
        conditions.into_iter().flatten().collect()
    }

    /// When the events were created, in Unix milliseconds.
    pub(super) fn created(&self) -> Range<i64> {
        let ms = |moment: Option<Timestamp>, otherwise| moment.map_or(otherwise, Timestamp::unix_ms);
        ms(self.created_from, i64::MIN)..ms(self.created_before, i64::MAX)
    }

    /// The same conditions on the columns of the log.
    pub(super) fn push_columns(&self, query: &mut Statement) {
        if let Some(author) = &self.author {
            query.push(" AND ").bind(author.clone());
            query.push(" IN (author_id, author_name)");
        }
        if let Some(user) = &self.user {
            query.push(" AND (").bind(user.clone());
            query.push(" IN (author_id, author_name) OR entity_type = 'User' AND ");
            query.bind(user.clone()).push(" IN (entity_id, entity_path))");
        }
        if let Some(EntityFilter { entity_type, entity }) = &self.entity {
            query.push(" AND entity_type = ").bind(entity_type.clone());
            match entity {
                Some(entity) => {
                    query.push(" AND ").bind(entity.clone());
                    query.push(" IN (entity_id, entity_path)");
                }
                // The index knows an entity by its id or path only.
                None => drop(query.push(" AND (entity_id <> '' OR entity_path <> '')")),
            }
        }
        if let Some(event_type) = &self.event_type {
            query.push(" AND event_type = ").bind(event_type.clone());
        }
        if let Some(ip_address) = &self.ip_address {
            query
                .push(" AND json_extract(body, '$.ip_address') = ")
                .bind(ip_address.clone());
        }
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
