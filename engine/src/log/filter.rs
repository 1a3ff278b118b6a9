//! Which events a reader wants to see.

use std::ops::Range;

use domain::Timestamp;

use super::{
    BrowsePosition,
    index::{Token, entities_of_type},
    statement::Statement,
};

/// An event must have one of the values of each field that has any. Texts are compared exactly, except `text`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Ids or names of authors.
    pub authors: Vec<String>,
    /// Ids or names of users whom the event is about, or who are its author.
    pub users: Vec<String>,
    /// Entities of which one must match; any if it is empty.
    pub entities: Vec<EntityFilter>,
    /// Types of which one must match; any if it is empty.
    pub event_types: Vec<String>,
    /// Addresses of which one must match; any if it is empty.
    pub ip_addresses: Vec<String>,
    /// Part of any value in `details`, at any depth; ASCII letters of either case.
    pub text: Option<String>,
    /// Created then or later.
    pub created_from: Option<Timestamp>,
    /// Created earlier.
    pub created_before: Option<Timestamp>,
    /// What is left out of all that.
    pub except: Exclusions,
}

/// Events with any of these are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusions {
    /// Ids or names of authors.
    pub authors: Vec<String>,
    /// Entities of which none may match.
    pub entities: Vec<EntityFilter>,
    /// Types of which none may match.
    pub event_types: Vec<String>,
    /// Addresses of which none may match.
    pub ip_addresses: Vec<String>,
}

impl Exclusions {
    /// Whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What an event must not meet.
    pub(super) fn condition(&self) -> Option<Condition> {
        let authors = self.authors.iter().map(|author| Token::Author(author).key());
        let types = self.event_types.iter().map(|name| Token::EventType(name).key());
        let addresses = self.ip_addresses.iter().map(|address| Token::IpAddress(address).key());
        let tokens = Condition::of(authors.chain(types).chain(addresses));
        self.entities.iter().fold(tokens, Condition::or).given()
    }

    fn push_columns(&self, query: &mut Statement) {
        for author in &self.authors {
            query.push(" AND ").bind(author.clone());
            query.push(" NOT IN (author_id, author_name)");
        }
        for entity in &self.entities {
            query.push(" AND NOT (");
            entity.push_columns(query);
            query.push(")");
        }
        for event_type in &self.event_types {
            query.push(" AND event_type <> ").bind(event_type.clone());
        }
        for address in &self.ip_addresses {
            query
                .push(" AND json_extract(body, '$.ip_address') IS NOT ")
                .bind(address.clone());
        }
    }
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityFilter {
    /// For example `Project`.
    pub entity_type: String,
    /// Its id or path; `None` for every entity of the type that has one of them.
    pub entity: Option<String>,
}

impl EntityFilter {
    fn push_columns(&self, query: &mut Statement) {
        query.push("entity_type = ").bind(self.entity_type.clone());
        match &self.entity {
            Some(entity) => {
                query.push(" AND ").bind(entity.clone());
                query.push(" IN (entity_id, entity_path)");
            }
            // The index knows an entity by its id or path only.
            None => drop(query.push(" AND (entity_id <> '' OR entity_path <> '')")),
        }
    }
}

/// A condition on the tokens of the index: one of some tokens, or one in some ranges.
#[derive(Default)]
pub(super) struct Condition {
    tokens: Vec<String>,
    /// From the first on, and before the second.
    ranges: Vec<(String, String)>,
}

impl Condition {
    /// One of these tokens.
    pub(super) fn of(tokens: impl IntoIterator<Item = String>) -> Self {
        Self {
            tokens: tokens.into_iter().collect(),
            ranges: Vec::new(),
        }
    }

    /// `None` if it is empty, which nothing would meet.
    fn given(self) -> Option<Self> {
        (!self.tokens.is_empty() || !self.ranges.is_empty()).then_some(self)
    }

    fn or(mut self, entity: &EntityFilter) -> Self {
        match &entity.entity {
            Some(id_or_path) => self.tokens.push(Token::Entity(&entity.entity_type, id_or_path).key()),
            None => self.ranges.push(entities_of_type(&entity.entity_type)),
        }
        self
    }

    pub(super) fn push_to(&self, query: &mut Statement) {
        if !self.tokens.is_empty() {
            query.push("token").push_in(&self.tokens);
        }
        for (index, (first, end)) in self.ranges.iter().enumerate() {
            let is_first = index == 0 && self.tokens.is_empty();
            query.push(if is_first { "token >= " } else { " OR token >= " });
            query.bind(first.clone()).push(" AND token < ").bind(end.clone());
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

/// ` AND (… OR …)`; nothing without values.
fn push_any<T>(query: &mut Statement, values: &[T], push_one: impl Fn(&mut Statement, &T)) {
    for (index, value) in values.iter().enumerate() {
        query.push(if index == 0 { " AND (" } else { " OR " });
        push_one(query, value);
    }
    if !values.is_empty() {
        query.push(")");
    }
}

impl EventFilter {
    /// What the index knows of it: an event has to meet each condition.
    pub(super) fn conditions(&self) -> Vec<Condition> {
        let authors = self.authors.iter().map(|author| Token::Author(author).key());
        let by_or_about = |user: &String| [Token::Author(user).key(), Token::Entity("User", user).key()];
        let types = self.event_types.iter().map(|name| Token::EventType(name).key());
        let addresses = self.ip_addresses.iter().map(|address| Token::IpAddress(address).key());
        let conditions = [
            Condition::of(authors),
            Condition::of(self.users.iter().flat_map(by_or_about)),
            self.entities.iter().fold(Condition::default(), Condition::or),
            Condition::of(types),
            Condition::of(addresses),
        ];
        conditions.into_iter().filter_map(Condition::given).collect()
    }

    /// When the events were created, in Unix milliseconds.
    pub(super) fn created(&self) -> Range<i64> {
        let ms = |moment: Option<Timestamp>, otherwise| moment.map_or(otherwise, Timestamp::unix_ms);
        ms(self.created_from, i64::MIN)..ms(self.created_before, i64::MAX)
    }

    /// The same conditions on the columns of the log.
    pub(super) fn push_columns(&self, query: &mut Statement) {
        push_any(query, &self.authors, |query, author| {
            query.bind(author.clone()).push(" IN (author_id, author_name)");
        });
        push_any(query, &self.users, |query, user| {
            query.bind(user.clone());
            query.push(" IN (author_id, author_name) OR entity_type = 'User' AND ");
            query.bind(user.clone()).push(" IN (entity_id, entity_path)");
        });
        push_any(query, &self.entities, |query, entity| entity.push_columns(query));
        if !self.event_types.is_empty() {
            query.push(" AND event_type").push_in(&self.event_types);
        }
        if !self.ip_addresses.is_empty() {
            query.push(" AND json_extract(body, '$.ip_address')");
            query.push_in(&self.ip_addresses);
        }
        self.except.push_columns(query);
    }

    /// Whether the index is of use.
    pub(super) fn is_indexed(&self) -> bool {
        !self.except.is_empty() || !self.conditions().is_empty()
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
