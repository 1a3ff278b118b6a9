//! What to look for, as the index and the columns of the log know it.

use domain::Timestamp;
use sqlx::{QueryBuilder, Sqlite};

use crate::log::{EventFilter, index::entities_of_type};

/// What to look for: a filter, and perhaps every entity of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeqFilter {
    pub filter: EventFilter,
    pub entity_type: Option<String>,
}

/// A condition on the tokens of the index.
pub(super) enum Condition {
    AnyOf(Vec<String>),
    /// From this one on, and before that one.
    Between(String, String),
}

impl Condition {
    pub(super) fn push_to(self, query: &mut QueryBuilder<Sqlite>) {
        match self {
            Self::AnyOf(tokens) => {
                query.push("token IN (");
                let mut list = query.separated(", ");
                for token in tokens {
                    list.push_bind(token);
                }
                query.push(")");
            }
            Self::Between(first, end) => {
                query.push("token >= ").push_bind(first);
                query.push(" AND token < ").push_bind(end);
            }
        }
    }
}

impl SeqFilter {
    pub(super) fn is_indexed(&self) -> bool {
        self.entity_type.is_some() || !self.filter.tokens().is_empty()
    }

    /// One of each has to be there.
    pub(super) fn conditions(&self) -> Vec<Condition> {
        let mut conditions: Vec<Condition> = self.filter.tokens().into_iter().map(Condition::AnyOf).collect();
        if let Some(entity_type) = &self.entity_type {
            let (first, end) = entities_of_type(entity_type);
            conditions.push(Condition::Between(first, end));
        }
        conditions
    }

    /// The first moment, and the one after the last.
    pub(super) fn created(&self) -> (i64, i64) {
        let ms = |moment: Option<Timestamp>, otherwise| moment.map_or(otherwise, Timestamp::unix_ms);
        (
            ms(self.filter.created_from, i64::MIN),
            ms(self.filter.created_before, i64::MAX),
        )
    }

    /// The same conditions on the columns of the log.
    pub(super) fn push_columns(&self, query: &mut QueryBuilder<Sqlite>) {
        let filter = &self.filter;
        if let Some(author) = &filter.author {
            query
                .push(" AND ")
                .push_bind(author.clone())
                .push(" IN (author_id, author_name)");
        }
        if let Some(user) = &filter.user {
            query
                .push(" AND (")
                .push_bind(user.clone())
                .push(" IN (author_id, author_name)");
            query.push(" OR entity_type = 'User' AND ").push_bind(user.clone());
            query.push(" IN (entity_id, entity_path))");
        }
        if let Some(entity) = &filter.entity {
            query.push(" AND entity_type = ").push_bind(entity.entity_type.clone());
            query
                .push(" AND ")
                .push_bind(entity.entity.clone())
                .push(" IN (entity_id, entity_path)");
        }
        if let Some(entity_type) = &self.entity_type {
            query.push(" AND entity_type = ").push_bind(entity_type.clone());
            // The index knows an entity by its id or path only.
            query.push(" AND (entity_id <> '' OR entity_path <> '')");
        }
        if let Some(event_type) = &filter.event_type {
            query.push(" AND event_type = ").push_bind(event_type.clone());
        }
        if let Some(ip_address) = &filter.ip_address {
            query
                .push(" AND json_extract(body, '$.ip_address') = ")
                .push_bind(ip_address.clone());
        }
    }
}
