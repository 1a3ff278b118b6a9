//! Adding conditions to a filter, and removing them.

use super::{Condition, FilterField, LogFilter, push_new};

impl LogFilter {
    /// The same with one more condition. It replaces another one that it contradicts.
    #[must_use]
    pub fn with(self, condition: &Condition) -> Self {
        let value = condition.value.trim().to_owned();
        let opposite = Condition {
            is_not: !condition.is_not,
            value: value.clone(),
            ..condition.clone()
        };
        let mut filter = self.without(&opposite);
        if condition.is_not {
            filter.exclude(condition.field, value);
        } else {
            filter.include(condition.field, value);
        }
        filter.tidied()
    }

    fn include(&mut self, field: FilterField, value: String) {
        match field {
            FilterField::Author => push_new(&mut self.authors, value),
            FilterField::EventType => push_new(&mut self.event_types, value),
            FilterField::IpAddress => push_new(&mut self.ip_addresses, value),
            FilterField::Text => self.text = value,
            FilterField::Group | FilterField::Project | FilterField::User | FilterField::Object => {
                push_new(&mut self.entities, entity_text(field, &value));
            }
        }
    }

    fn exclude(&mut self, field: FilterField, value: String) {
        match field {
            FilterField::Author => push_new(&mut self.not_authors, value),
            FilterField::EventType => push_new(&mut self.not_event_types, value),
            FilterField::IpAddress => push_new(&mut self.not_ip_addresses, value),
            FilterField::Group | FilterField::Project | FilterField::Object => {
                push_new(&mut self.not_entities, entity_text(field, &value));
            }
            FilterField::User => {
                push_new(&mut self.not_entities, entity_text(field, &value));
                push_new(&mut self.not_authors, value);
            }
            FilterField::Text => {}
        }
    }

    /// The same without this condition.
    #[must_use]
    pub fn without(mut self, condition: &Condition) -> Self {
        let Condition { field, is_not, value } = condition;
        let (list, value) = match (field, is_not) {
            (FilterField::Text, _) => {
                if !is_not {
                    self.text.clear();
                }
                return self;
            }
            (FilterField::Author, false) => (&mut self.authors, value.clone()),
            (FilterField::Author, true) => (&mut self.not_authors, value.clone()),
            (FilterField::EventType, false) => (&mut self.event_types, value.clone()),
            (FilterField::EventType, true) => (&mut self.not_event_types, value.clone()),
            (FilterField::IpAddress, false) => (&mut self.ip_addresses, value.clone()),
            (FilterField::IpAddress, true) => (&mut self.not_ip_addresses, value.clone()),
            (_, false) => (&mut self.entities, entity_text(*field, value)),
            (_, true) => (&mut self.not_entities, entity_text(*field, value)),
        };
        list.retain(|other| *other != value);
        self
    }
}

/// `Type/id or path`.
fn entity_text(field: FilterField, value: &str) -> String {
    match field {
        FilterField::Group => format!("Group/{value}"),
        FilterField::Project => format!("Project/{value}"),
        FilterField::User => format!("User/{value}"),
        _ => value.to_owned(),
    }
}
