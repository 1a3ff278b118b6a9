//! What can be wrong with a filter.

use domain::{Field, FieldError, FieldErrors};

use super::{LogFilter, times};

const VALUE_CHARS: usize = 255;
const MOST_VALUES: usize = 20;

impl LogFilter {
    /// What is wrong with it, at the field that has it.
    pub fn errors(&self) -> FieldErrors {
        let mut errors = FieldErrors::default();
        let mut refuse = |field, message: &str| errors.push(FieldError::new(field, message));
        let (after, before) = (times::start(&self.created_after), times::end(&self.created_before));
        let moments = [
            (Field::CreatedAfter, &self.created_after, after),
            (Field::CreatedBefore, &self.created_before, before),
        ];
        for (field, text, moment) in moments {
            if !text.is_empty() && moment.is_none() {
                refuse(field, "Invalid date format. Please use UTC format as YYYY-MM-DD");
            }
        }
        if after.zip(before).is_some_and(|(after, before)| before <= after) {
            refuse(Field::CreatedBefore, "To: must be later than From.");
        }
        if !self.range.is_empty() && times::range_label(&self.range).is_none() {
            refuse(Field::CreatedAfter, "Range: unknown, for example last_7_days.");
        }
        if !self.sort.is_empty() && !self.oldest_first() {
            refuse(Field::Sort, "Sort by: must be created_desc or created_asc.");
        }
        if !self.loose.ids.is_empty() {
            refuse(
                Field::Filter,
                "Object: entity_id requires entity_type, for example Project.",
            );
        }
        let entities = self.entities.iter().chain(&self.not_entities);
        if entities.into_iter().any(|entity| !entity.contains('/')) {
            refuse(
                Field::Filter,
                "Object: must be a type, a slash, and an ID or path, for example Project/7.",
            );
        }
        let conditions = self.conditions();
        let excluded = conditions.iter().filter(|condition| condition.is_not).count();
        if excluded > MOST_VALUES || conditions.len() - excluded > MOST_VALUES {
            refuse(
                Field::Filter,
                "Filters: at most 20 values can be included, and 20 excluded.",
            );
        }
        if self
            .pairs()
            .iter()
            .any(|(_, value)| value.chars().count() > VALUE_CHARS)
        {
            refuse(Field::Filter, "Filters: a value has at most 255 characters.");
        }
        errors
    }
}
