//! Which events the reader of the Log wants to see, as the address of the page says it, right or wrong.
//!
//! Names are GitLab's where it has them: `created_after`, `created_before`, `sort`, `author_username`, and `entity_type` with
//! `entity_id`. With `entity_type=User`, the latter (or `entity_username`) is a user: events by them are found as well as events
//! about them. The rest is ours: `range`, `event_type`, `ip_address`, `text`, and `not_author_username`, `not_entity`
//! (`Type/id`), `not_event_type` and `not_ip_address`. Names of fields may occur several times: an event has one of the values of
//! each field. A day is a day of UTC; a `range` ends now and moves on.

mod change;
mod field;
mod rules;
#[cfg(test)]
mod tests;
pub mod times;

pub use self::field::{Condition, FilterField};
use super::query_text::push_pair;

/// The value of `sort` that shows the newest events first; the default.
pub const NEWEST_FIRST: &str = "created_desc";
/// The value of `sort` that shows the oldest events first.
pub const OLDEST_FIRST: &str = "created_asc";

/// Texts are as typed; empty means not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    pub authors: Vec<String>,
    /// `Type/id or path`. Those of the type `User` are a field of their own.
    pub entities: Vec<String>,
    pub event_types: Vec<String>,
    pub ip_addresses: Vec<String>,
    /// Types and ids of entities that do not belong together.
    pub(in crate::log) loose: Loose,
    pub text: String,
    pub not_authors: Vec<String>,
    /// `Type/id or path`.
    pub not_entities: Vec<String>,
    pub not_event_types: Vec<String>,
    pub not_ip_addresses: Vec<String>,
    pub created_after: String,
    pub created_before: String,
    pub range: String,
    /// Empty for the newest first.
    pub sort: String,
}

/// Types and ids in the order of the address, until it is known which belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::log) struct Loose {
    types: Vec<String>,
    ids: Vec<String>,
}

impl LogFilter {
    /// Whether the oldest events come first.
    pub fn oldest_first(&self) -> bool {
        self.sort == OLDEST_FIRST
    }

    /// Whether every event of the log is admitted.
    pub fn is_empty(&self) -> bool {
        let sort = self.sort.clone();
        *self
            == Self {
                sort,
                ..Self::default()
            }
    }

    /// Whether a text is all that is given.
    pub fn is_text_alone(&self) -> bool {
        let text = self.text.clone();
        let without = Self {
            text: String::new(),
            ..self.clone()
        };
        !text.is_empty() && without.is_empty()
    }

    /// The conditions that are set, the text excepted.
    pub fn conditions(&self) -> Vec<Condition> {
        let is = |field, values: &[String]| {
            let conditions = values.iter().map(|value| Condition::is(field, value));
            conditions.collect::<Vec<_>>()
        };
        let not = |field, values: &[String]| {
            let conditions = values.iter().map(|value| Condition::is_not(field, value));
            conditions.collect::<Vec<_>>()
        };
        is(FilterField::Author, &self.authors)
            .into_iter()
            .chain(self.entities.iter().map(|entity| Condition::of_entity(entity)))
            .chain(is(FilterField::EventType, &self.event_types))
            .chain(is(FilterField::IpAddress, &self.ip_addresses))
            .chain(not(FilterField::Author, &self.not_authors))
            .chain(self.not_entities.iter().map(|entity| Condition::not_entity(entity)))
            .chain(not(FilterField::EventType, &self.not_event_types))
            .chain(not(FilterField::IpAddress, &self.not_ip_addresses))
            .collect()
    }

    /// The same over another range; an empty one is all time.
    #[must_use]
    pub fn over(self, range: &str) -> Self {
        Self {
            range: range.to_owned(),
            created_after: String::new(),
            created_before: String::new(),
            ..self
        }
    }

    /// The same between two moments.
    #[must_use]
    pub fn between(self, after: &str, before: &str) -> Self {
        Self {
            range: String::new(),
            created_after: after.to_owned(),
            created_before: before.to_owned(),
            ..self
        }
    }

    /// Takes one parameter of the address; others are left alone.
    pub fn take(&mut self, name: &str, value: String) {
        let slot = match name {
            "author_username" => return push_new(&mut self.authors, value),
            "entity_type" => return push_given(&mut self.loose.types, &value),
            "entity_id" | "entity_username" => return push_given(&mut self.loose.ids, &value),
            "event_type" => return push_new(&mut self.event_types, value),
            "ip_address" => return push_new(&mut self.ip_addresses, value),
            "text" => &mut self.text,
            "created_after" => &mut self.created_after,
            "created_before" => &mut self.created_before,
            "range" => &mut self.range,
            "sort" => &mut self.sort,
            "not_author_username" => return push_new(&mut self.not_authors, value),
            "not_entity" => return push_new(&mut self.not_entities, value),
            "not_event_type" => return push_new(&mut self.not_event_types, value),
            "not_ip_address" => return push_new(&mut self.not_ip_addresses, value),
            _ => return,
        };
        *slot = value.trim().to_owned();
    }

    /// The same, written in the only way.
    #[must_use]
    pub fn tidied(mut self) -> Self {
        let Loose { types, ids } = std::mem::take(&mut self.loose);
        match types.as_slice() {
            _ if ids.is_empty() => {}
            [one] => ids
                .iter()
                .for_each(|id| push_new(&mut self.entities, format!("{one}/{id}"))),
            _ if types.len() == ids.len() => {
                let pairs = types.iter().zip(&ids);
                pairs.for_each(|(of, id)| push_new(&mut self.entities, format!("{of}/{id}")));
            }
            _ => self.loose = Loose { types, ids },
        }
        if !self.created_after.is_empty() || !self.created_before.is_empty() {
            self.range.clear();
        }
        if self.sort == NEWEST_FIRST {
            self.sort.clear();
        }
        self
    }

    /// Its parameters in the address.
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        fn each<'a>(name: &'static str, values: &'a [String]) -> impl Iterator<Item = (&'static str, &'a str)> {
            values.iter().map(move |value| (name, value.as_str()))
        }
        let entities = self.entities.iter().filter_map(|entity| entity.split_once('/'));
        let entities = entities.flat_map(|(of, id)| [("entity_type", of), ("entity_id", id)]);
        let several = [
            ("not_author_username", &self.not_authors),
            ("not_entity", &self.not_entities),
            ("not_event_type", &self.not_event_types),
            ("not_ip_address", &self.not_ip_addresses),
        ];
        let text = [("text", self.text.as_str())];
        let rest = [
            ("created_after", &self.created_after),
            ("created_before", &self.created_before),
            ("range", &self.range),
            ("sort", &self.sort),
        ];
        let several = several.into_iter().flat_map(|(name, values)| each(name, values));
        let rest = rest.map(|(name, value)| (name, value.as_str()));
        let all = each("author_username", &self.authors)
            .chain(entities)
            .chain(each("entity_type", &self.loose.types))
            .chain(each("entity_id", &self.loose.ids))
            .chain(each("event_type", &self.event_types))
            .chain(each("ip_address", &self.ip_addresses))
            .chain(text)
            .chain(several)
            .chain(rest);
        all.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Appends the filter to a query string, as in the address of the Log. Empty fields are left out.
    pub fn write(&self, query: &mut String) {
        for (name, value) in self.pairs() {
            push_pair(query, name, value);
        }
    }
}

fn push_given(list: &mut Vec<String>, value: &str) {
    let value = value.trim();
    if !value.is_empty() {
        list.push(value.to_owned());
    }
}

fn push_new(list: &mut Vec<String>, value: String) {
    let value = value.trim().to_owned();
    if !value.is_empty() && !list.contains(&value) {
        list.push(value);
    }
}
