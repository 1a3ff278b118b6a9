//! What is typed about a new replay, what is wrong with it, and what was counted.

use domain::{
    Field, FieldErrors,
    replay::ReplayDraft,
    view::{ReplayCountView, WarningView},
};

use super::text::last_moment;
use crate::wire::AppError;

/// The fields of the form, in their order.
pub(super) const FIELDS: [(Field, &str); 3] = [
    (Field::CreatedAfter, "from"),
    (Field::CreatedBefore, "to"),
    (Field::EventTypes, "types-button"),
];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FormState {
    /// As the fields for date and time hold them, in the reader's zone.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) types: Vec<String>,
    errors: FieldErrors,
    /// An error that is about no field.
    pub(super) failure: Option<AppError>,
    pub(super) counted: Option<Counted>,
}

/// A replay that can be started as it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) view: ReplayCountView,
    pub(super) types: Vec<String>,
}

impl Counted {
    /// Exactly what was counted: the end is not "now" any more.
    pub(super) fn draft(&self) -> ReplayDraft {
        ReplayDraft {
            created_after: self.view.from.to_string(),
            created_before: last_moment(self.view.before).to_string(),
            event_types: self.types.clone(),
        }
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        self.view
            .warnings
            .iter()
            .map(|warning: &WarningView| warning.message.clone())
            .collect()
    }
}

impl FormState {
    /// What the server is asked to count. `utc` reads a field for date and time.
    ///
    /// # Errors
    /// The fields that are wrong before anything is sent.
    pub(super) fn draft(
        &self,
        is_incomplete: impl Fn(Field) -> bool,
        utc: impl Fn(&str) -> Option<String>,
    ) -> Result<ReplayDraft, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut read = |field, text: &str, is_required: bool| match (text, utc(text)) {
            ("", _) if !is_required && !is_incomplete(field) => String::new(),
            (_, Some(moment)) => moment,
            _ => {
                let example = "Enter a date and a time, for example 2026-03-24 10:42.";
                errors.push(domain::FieldError::new(field, example));
                String::new()
            }
        };
        let created_after = read(Field::CreatedAfter, &self.from, true);
        let created_before = read(Field::CreatedBefore, &self.to, false);
        if errors.is_empty() {
            Ok(ReplayDraft {
                created_after,
                created_before,
                event_types: self.types.clone(),
            })
        } else {
            Err(errors)
        }
    }

    pub(super) fn message_for(&self, field: Field) -> Option<String> {
        self.errors.message_for(field).map(with_full_stop)
    }

    /// Id of the first field that is wrong.
    pub(super) fn first_mistake(&self) -> Option<&'static str> {
        let is_wrong = |(field, _): &&(Field, &'static str)| self.errors.message_for(*field).is_some();
        FIELDS.iter().find(is_wrong).map(|(_, id)| *id)
    }

    pub(super) fn refuse(&mut self, errors: FieldErrors) {
        self.counted = None;
        self.failure = None;
        self.errors = errors;
    }

    pub(super) fn failed(&mut self, error: AppError) {
        match error {
            AppError::Invalid(errors) => self.refuse(errors),
            error => {
                self.errors = FieldErrors::default();
                self.failure = Some(error);
            }
        }
    }

    pub(super) fn counted(&mut self, types: Vec<String>, answer: Result<ReplayCountView, AppError>) {
        match answer {
            Ok(view) => {
                self.errors = FieldErrors::default();
                self.failure = None;
                self.counted = Some(Counted { view, types });
            }
            Err(error) => self.failed(error),
        }
    }

    /// Nothing is left to be started. What is typed stays.
    pub(super) fn started(&mut self) {
        self.counted = None;
        self.failure = None;
    }
}

fn with_full_stop(message: &str) -> String {
    match message.ends_with(['.', '!', '?']) {
        true => message.to_owned(),
        false => format!("{message}."),
    }
}

#[cfg(test)]
mod tests {
    use domain::{FieldError, Timestamp};

    use super::*;

    fn count(events: u64) -> ReplayCountView {
        ReplayCountView {
            events,
            warnings: Vec::new(),
            from: Timestamp::parse("2026-02-01T00:00:00Z").unwrap(),
            before: Timestamp::parse("2026-02-03T00:00:00Z").unwrap(),
            estimated_seconds: None,
        }
    }

    fn utc(text: &str) -> Option<String> {
        (text.len() == 16).then(|| format!("{text}:00.000Z"))
    }

    #[test]
    fn what_is_started_is_what_was_counted() {
        let mut state = FormState {
            from: "2026-02-01T00:00".into(),
            types: vec!["a".into()],
            ..FormState::default()
        };
        let draft = state.draft(|_| false, utc).unwrap();
        assert_eq!(
            (draft.created_after.as_str(), draft.created_before.as_str()),
            ("2026-02-01T00:00:00.000Z", "")
        );
        state.counted(draft.event_types, Ok(count(1_204)));
        // What is typed afterwards changes nothing.
        state.types = Vec::new();
        let counted = state.counted.clone().unwrap().draft();
        assert_eq!(counted.created_before, "2026-02-02T23:59:59.999Z");
        assert_eq!(counted.event_types, ["a"]);
        let request = counted.parse(Timestamp::from_unix_ms(0)).unwrap();
        assert_eq!(
            (request.range.from(), request.range.before()),
            (count(0).from, count(0).before)
        );
    }

    #[test]
    fn every_mistake_is_at_its_field_and_the_first_gets_the_focus() {
        let mut state = FormState::default();
        let errors = state.draft(|field| field == Field::CreatedBefore, utc).unwrap_err();
        state.refuse(errors);
        assert!(state.message_for(Field::CreatedAfter).is_some());
        assert!(
            state.message_for(Field::CreatedBefore).is_some(),
            "half a date is no date"
        );
        assert_eq!(state.first_mistake(), Some("from"));
        let rule = FieldError::new(Field::CreatedBefore, "The end of the range must be after its start");
        state.counted(Vec::new(), Err(AppError::Invalid(rule.into())));
        assert_eq!(state.first_mistake(), Some("to"));
        assert_eq!(
            state.message_for(Field::CreatedBefore).as_deref(),
            Some("The end of the range must be after its start.")
        );
        state.counted(Vec::new(), Err(AppError::Transport));
        assert_eq!(
            (state.first_mistake(), state.failure.clone()),
            (None, Some(AppError::Transport))
        );
    }
}
