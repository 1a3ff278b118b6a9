//! What the parts of a form share.

use domain::{Field, FieldError};
use leptos::prelude::*;

use super::unsaved::UnsavedForms;
use crate::{outcome::Outcome, wire::AppError};

/// The form around a field.
#[derive(Clone, Copy)]
pub(super) struct FormContext {
    pub(super) id: StoredValue<String>,
    pub(super) outcome: Signal<Option<Outcome>>,
    /// Fields that show their own errors.
    pub(super) fields: StoredValue<Vec<Field>>,
    /// `None` in a dialog, which is closed on purpose, and on a page that does not ask.
    pub(super) unsaved: Option<UnsavedForms>,
}

impl FormContext {
    /// Id of the element for the field of this name. Two forms of a page may have fields of the same name.
    pub(super) fn id_of(self, name: &str) -> String {
        let name = name.replace(['[', ']'], "-");
        self.id.with_value(|id| format!("{id}-{}", name.trim_matches('-')))
    }

    /// Notes whether the form holds something that is not saved.
    pub(super) fn note_unsaved(self, is_unsaved: bool) {
        if let Some(unsaved) = self.unsaved {
            self.id.try_with_value(|id| unsaved.note(id, is_unsaved));
        }
    }

    pub(super) fn is_unsaved(self) -> bool {
        self.unsaved
            .is_some_and(|unsaved| self.id.with_value(|id| unsaved.has(id)))
    }

    /// What is wrong with this field.
    pub(super) fn error_of(self, field: Field) -> Signal<Option<FieldError>> {
        self.fields.update_value(|fields| fields.push(field));
        Signal::derive(move || {
            self.outcome.with(|outcome| {
                let error = outcome.as_ref()?.as_ref().err()?;
                error.at(field).cloned()
            })
        })
    }

    /// Whether each error is shown at its field.
    pub(super) fn shows_all(self, error: &AppError) -> bool {
        match error {
            AppError::Invalid(errors) => self
                .fields
                .with_value(|fields| errors.iter().all(|error| fields.contains(&error.field))),
            _ => false,
        }
    }
}

/// How the button that sends a form looks.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum SubmitLook {
    #[default]
    Primary,
    Plain,
    Danger,
    /// In a dialog that asks before something that can't be undone.
    DangerSolid,
}

impl SubmitLook {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Plain => "button",
            Self::Danger => "button button-danger",
            Self::DangerSolid => "button button-danger-solid",
        }
    }
}
