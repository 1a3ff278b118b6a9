//! Which event types a destination is sent.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Field, FieldError, FieldErrors, event::EventType};

/// What a filter does with the event types that it names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterKind {
    /// An allowlist: only these types are sent.
    #[default]
    Allow,
    /// A denylist: every type is sent except these.
    Deny,
}

impl FilterKind {
    /// Both kinds of list.
    pub const ALL: [Self; 2] = [Self::Allow, Self::Deny];

    /// As it is stored. GitLab's model has the same names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }

    /// Reads the stored name of a list; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The field of a form or a request that holds the types.
    pub const fn field(self) -> Field {
        match self {
            Self::Allow => Field::EventTypes,
            Self::Deny => Field::EventTypeDenylist,
        }
    }
}

/// An allowlist or a denylist of event types. Without types it admits every event, whatever its kind was: an empty filter is
/// always an empty allowlist, so that filters that do the same are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    kind: FilterKind,
    types: BTreeSet<EventType>,
}

impl EventFilter {
    /// A filter with one list. An empty list admits every event.
    pub fn new(kind: FilterKind, types: impl IntoIterator<Item = EventType>) -> Self {
        let types: BTreeSet<EventType> = types.into_iter().collect();
        let kind = if types.is_empty() { FilterKind::Allow } else { kind };
        Self { kind, types }
    }

    /// # Errors
    /// On [`FilterKind::field`], one for each type that no event can have. A type that this instance does not know is none.
    pub fn parse(kind: FilterKind, names: &[String]) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut types = BTreeSet::new();
        for name in names {
            types.extend(errors.collect(EventType::parse(name).ok_or_else(|| undefined(kind.field(), name))));
        }
        if errors.is_empty() {
            Ok(Self::new(kind, types))
        } else {
            Err(errors)
        }
    }

    /// Which list it has.
    pub const fn kind(&self) -> FilterKind {
        self.kind
    }

    /// Whether nothing is left out.
    pub fn admits_all(&self) -> bool {
        self.types.is_empty()
    }

    /// Whether events of this type are sent.
    pub fn admits(&self, event_type: &EventType) -> bool {
        self.types.is_empty() || self.types.contains(event_type) == (self.kind == FilterKind::Allow)
    }

    /// The types that the filter names, in alphabetical order.
    pub fn types(&self) -> impl Iterator<Item = &EventType> {
        self.types.iter()
    }

    /// The types that it names if it is of this kind, in alphabetical order; none otherwise.
    pub fn list(&self, kind: FilterKind) -> impl Iterator<Item = &EventType> {
        self.types.iter().filter(move |_| self.kind == kind)
    }

    /// The types in the list of this kind that are not in that of `other`, in alphabetical order.
    pub fn without(&self, other: &Self, kind: FilterKind) -> Vec<EventType> {
        let is_in_other = |event_type: &EventType| other.kind == kind && other.types.contains(event_type);
        self.list(kind)
            .filter(|event_type| !is_in_other(event_type))
            .cloned()
            .collect()
    }
}

/// What is said of a type that a filter names although this instance does not know it.
pub fn unknown_type_warning(event_type: &EventType) -> String {
    format!(
        "Audit event type {event_type} is unknown: it is not built in, and no event of this type has been received. Check its \
         spelling."
    )
}

/// A name that no event type can have, in GitLab's words.
fn undefined(field: Field, name: &str) -> FieldError {
    let shown: String = name.chars().take(255).collect();
    FieldError::new(field, format!("Audit event type with value {shown} is undefined."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(kind: FilterKind, names: &[&str]) -> EventFilter {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        EventFilter::parse(kind, &names).unwrap()
    }

    fn allow(names: &[&str]) -> EventFilter {
        filter(FilterKind::Allow, names)
    }

    fn deny(names: &[&str]) -> EventFilter {
        filter(FilterKind::Deny, names)
    }

    fn event_type(name: &str) -> EventType {
        EventType::parse(name).unwrap()
    }

    fn names<'filter>(types: impl Iterator<Item = &'filter EventType>) -> Vec<&'filter str> {
        types.map(EventType::as_str).collect()
    }

    #[test]
    fn an_empty_filter_of_either_kind_admits_everything() {
        for empty in [allow(&[]), deny(&[])] {
            assert!(empty.admits_all());
            assert!(empty.admits(&event_type("user_created")));
            assert_eq!(empty, EventFilter::default());
        }
    }

    #[test]
    fn an_allowlist_admits_only_what_it_names() {
        let filter = allow(&["user_created", "user_blocked", "user_created"]);
        assert!(filter.admits(&event_type("user_blocked")));
        assert!(!filter.admits(&event_type("user_blocked_2")));
        assert!(!filter.admits_all());
        assert_eq!(names(filter.types()), ["user_blocked", "user_created"]);
    }

    #[test]
    fn a_denylist_admits_everything_but_what_it_names() {
        let filter = deny(&["user_created", "user_blocked"]);
        assert!(!filter.admits(&event_type("user_blocked")));
        assert!(filter.admits(&event_type("user_blocked_2")));
        assert!(!filter.admits_all());
        assert_eq!(names(filter.list(FilterKind::Deny)), ["user_blocked", "user_created"]);
        assert_eq!(names(filter.list(FilterKind::Allow)), [""; 0]);
    }

    #[test]
    fn a_type_that_no_event_can_have_is_undefined_where_it_was_named() {
        for (kind, field) in [
            (FilterKind::Allow, Field::EventTypes),
            (FilterKind::Deny, Field::EventTypeDenylist),
        ] {
            let error = EventFilter::parse(kind, &["".to_owned()]).unwrap_err();
            assert_eq!(
                error,
                FieldErrors::from(FieldError::new(field, "Audit event type with value  is undefined."))
            );
        }
    }

    #[test]
    fn what_was_added_and_removed() {
        let (before, after) = (allow(&["a", "b"]), allow(&["b", "c"]));
        assert_eq!(after.without(&before, FilterKind::Allow), [event_type("c")]);
        assert_eq!(before.without(&after, FilterKind::Allow), [event_type("a")]);
    }

    #[test]
    fn another_kind_of_filter_is_another_list() {
        let (before, after) = (allow(&["a", "b"]), deny(&["b"]));
        assert_eq!(
            before.without(&after, FilterKind::Allow),
            [event_type("a"), event_type("b")]
        );
        assert_eq!(after.without(&before, FilterKind::Deny), [event_type("b")]);
        assert_eq!(after.without(&before, FilterKind::Allow), []);
    }

    #[test]
    fn kinds_read_back_as_they_are_stored() {
        for kind in FilterKind::ALL {
            assert_eq!(FilterKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(FilterKind::parse("exclude"), None);
    }
}
