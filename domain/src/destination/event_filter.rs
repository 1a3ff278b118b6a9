//! Which events a destination admits.

use std::collections::BTreeSet;

use crate::{Field, FieldError, event::EventType};

/// The event types that a destination admits; none chosen admits every event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter(BTreeSet<EventType>);

impl EventFilter {
    /// Whether the types are known is not decided here: that depends on what the instance has received.
    ///
    /// # Errors
    /// A [`FieldError`] on [`Field::EventTypes`] for a type that no event can have.
    pub fn parse(names: &[String]) -> Result<Self, FieldError> {
        let types = names
            .iter()
            .map(|name| EventType::parse(name).ok_or_else(|| undefined(name)));
        types.collect::<Result<BTreeSet<_>, _>>().map(Self)
    }

    /// Whether nothing is left out.
    pub fn admits_all(&self) -> bool {
        self.0.is_empty()
    }

    pub fn admits(&self, event_type: &EventType) -> bool {
        self.0.is_empty() || self.0.contains(event_type)
    }

    /// In alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &EventType> {
        self.0.iter()
    }

    /// The types in this filter that are not in `other`, in alphabetical order.
    pub fn without(&self, other: &Self) -> Vec<EventType> {
        self.0.difference(&other.0).cloned().collect()
    }
}

impl FromIterator<EventType> for EventFilter {
    fn from_iter<I: IntoIterator<Item = EventType>>(types: I) -> Self {
        Self(types.into_iter().collect())
    }
}

/// A type that is neither built in nor was ever received.
pub fn undefined(name: &str) -> FieldError {
    let shown: String = name.chars().take(255).collect();
    FieldError::new(
        Field::EventTypes,
        format!("Audit event type with value {shown} is undefined."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(names: &[&str]) -> EventFilter {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        EventFilter::parse(&names).unwrap()
    }

    fn event_type(name: &str) -> EventType {
        EventType::parse(name).unwrap()
    }

    #[test]
    fn none_chosen_admits_everything() {
        assert!(filter(&[]).admits_all());
        assert!(filter(&[]).admits(&event_type("user_created")));
    }

    #[test]
    fn only_what_was_chosen_is_admitted() {
        let filter = filter(&["user_created", "user_blocked", "user_created"]);
        assert!(filter.admits(&event_type("user_blocked")));
        assert!(!filter.admits(&event_type("user_blocked_2")));
        assert!(!filter.admits_all());
        let names: Vec<&str> = filter.iter().map(EventType::as_str).collect();
        assert_eq!(names, ["user_blocked", "user_created"]);
    }

    #[test]
    fn a_type_that_no_event_can_have_is_undefined() {
        let error = EventFilter::parse(&["".to_owned()]).unwrap_err();
        assert_eq!(
            error,
            FieldError::new(Field::EventTypes, "Audit event type with value  is undefined.")
        );
    }

    #[test]
    fn what_was_added_and_removed() {
        let (before, after) = (filter(&["a", "b"]), filter(&["b", "c"]));
        assert_eq!(after.without(&before), [event_type("c")]);
        assert_eq!(before.without(&after), [event_type("a")]);
    }
}
