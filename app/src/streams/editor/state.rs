//! A form that adds or edits a destination: its text, its errors, and the outcome of the last attempt to save it.

mod headers;
mod merge;
mod outcome;
mod stored;
mod target;
mod types;

use domain::{
    Field, FieldErrors,
    destination::{DestinationDraft, DestinationKind, TargetDraft, labelled_message},
    view::DestinationView,
};

pub use self::types::{EditRequest, FieldMessage, Outcome};
use self::{merge::keep_typed, types::Stored};
use crate::wire::AppError;

/// State of one form. Nothing that was typed leaves it except by [`EditorState::reset`] or a successful save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditorState {
    /// Tells one add form from the next.
    form: u32,
    draft: DestinationDraft,
    stored: Option<Stored>,
    /// Every field of the draft that breaks a rule.
    mistakes: FieldErrors,
    /// Fields whose mistakes are shown.
    visited: Vec<Field>,
    refused: Option<AppError>,
    outcome: Option<Outcome>,
    /// Whether several fields were just filled in from one key.
    filled: bool,
}

impl EditorState {
    /// A form for a new destination, with what is best chosen for it.
    pub fn add(kind: DestinationKind) -> Self {
        Self::holding(Self::empty_draft(kind))
    }

    fn empty_draft(kind: DestinationKind) -> DestinationDraft {
        DestinationDraft::new("", TargetDraft::prefilled(kind))
    }

    /// Gives the form a number of its own, which makes the ids of its fields unique.
    #[must_use]
    pub fn numbered(self, form: u32) -> Self {
        Self { form, ..self }
    }

    /// The number of the form.
    pub const fn form(&self) -> u32 {
        self.form
    }

    /// A form with what is stored.
    pub fn edit(view: &DestinationView) -> Self {
        let draft = DestinationDraft::from_view(view);
        let mut editor = Self::holding(draft.clone());
        editor.stored = Some(Stored {
            id: view.id,
            version: view.version,
            draft,
            unknown_types: view.unknown_types().map(str::to_owned).collect(),
        });
        editor.find_mistakes();
        editor
    }

    fn holding(draft: DestinationDraft) -> Self {
        let mut editor = Self {
            form: 0,
            draft,
            stored: None,
            mistakes: FieldErrors::default(),
            visited: Vec::new(),
            refused: None,
            outcome: None,
            filled: false,
        };
        editor.find_mistakes();
        editor
    }

    /// The kind of destination that is edited.
    pub const fn kind(&self) -> DestinationKind {
        self.draft.kind()
    }

    /// The text of a field as it was typed; empty for a field that is not there.
    pub fn text(&self, field: Field) -> &str {
        match field {
            Field::Name => &self.draft.name,
            Field::Namespaces => &self.draft.namespaces,
            Field::StartFrom => &self.draft.start_from,
            Field::HeaderName(row) => self.header(row).map_or("", |header| &header.name),
            Field::HeaderValue(row) => self
                .header(row)
                .and_then(|header| header.value.as_deref())
                .unwrap_or_default(),
            _ => self.draft.target.text(field),
        }
    }

    /// Takes what was typed; what the server said about this field no longer holds. The whole key of a service account in
    /// the place of its private key fills in every field that it knows.
    pub fn set_text(&mut self, field: Field, text: String) {
        // A browser may tell of the same text twice, and of what a key was replaced with.
        if self.text(field) == text {
            return;
        }
        self.filled = false;
        match field {
            Field::Name => self.draft.name = text,
            Field::Namespaces => self.draft.namespaces = text,
            Field::StartFrom => self.draft.start_from = text,
            Field::HeaderName(row) => self.change_header(row, |header| header.name = text),
            Field::HeaderValue(row) => self.set_header_value(row, text),
            Field::PrivateKey if self.fill_from_key(&text) => return,
            _ if self.draft.target.set_text(field, text) => {}
            _ => return,
        }
        self.changed(field);
    }

    /// The server's error at this field no longer applies; those at other fields do.
    fn changed(&mut self, field: Field) {
        self.touched();
        if let Some(AppError::Invalid(errors)) = &mut self.refused {
            errors.remove(field);
        }
    }

    /// The draft is no longer as it was saved or tried.
    fn touched(&mut self) {
        self.find_mistakes();
        if self.outcome != Some(Outcome::Invalid) {
            self.outcome = None;
        }
    }

    fn find_mistakes(&mut self) {
        self.mistakes = self.draft.mistakes(self.stored.is_some());
    }

    /// The field was left: from now on its mistakes are shown.
    pub fn visit(&mut self, field: Field) {
        // A row of headers was added and a secret opened on purpose, so they have to be filled in; other fields may be
        // passed through.
        let is_wanted = match field {
            Field::HeaderName(_) => true,
            Field::HeaderValue(row) => !self.is_header_hidden(row),
            field if self.is_secret_stored(field) => true,
            _ => false,
        };
        if (is_wanted || !self.text(field).is_empty()) && !self.visited.contains(&field) {
            self.visited.push(field);
        }
    }

    /// What is wrong with the field, once its author had the chance to finish it.
    pub fn message_for(&self, field: Field) -> Option<FieldMessage> {
        let kind = self.kind();
        let refused = self.refused.as_ref().and_then(|error| error.at(field));
        if let Some(error) = refused {
            return Some(FieldMessage {
                text: labelled_message(kind, error),
                setting: error.setting,
            });
        }
        let problem = self.key_problem().filter(|_| field == Field::PrivateKey);
        let visited = || {
            self.visited
                .contains(&field)
                .then(|| self.mistakes.error_for(field))
                .flatten()
        };
        let text = match problem {
            Some(problem) => problem.to_owned(),
            None => labelled_message(kind, visited()?),
        };
        Some(FieldMessage { text, setting: None })
    }

    /// Why the server refused, when no single field is to blame.
    pub const fn refusal(&self) -> Option<&AppError> {
        match &self.refused {
            Some(AppError::Invalid(_)) | None => None,
            Some(other) => Some(other),
        }
    }

    /// Takes over what every kind of destination has: the name, the filters and where the stream starts.
    pub fn copy_common(&mut self, other: &Self) {
        self.draft.name.clone_from(&other.draft.name);
        self.draft.event_types.clone_from(&other.draft.event_types);
        self.draft.filter_kind = other.draft.filter_kind;
        self.draft.namespaces.clone_from(&other.draft.namespaces);
        self.draft.start_from.clone_from(&other.draft.start_from);
        self.touched();
    }

    /// What to send for a new destination.
    pub fn draft(&self) -> DestinationDraft {
        self.draft.clone()
    }

    /// Takes the error of the server; it is shown at its fields, or for the whole form.
    pub fn refuse(&mut self, error: AppError) {
        self.outcome = match &error {
            AppError::Invalid(_) => Some(Outcome::Invalid),
            _ => None,
        };
        self.open_refused(&error);
        self.refused = Some(error);
    }

    /// The server has stored what was sent. What was typed since then stays, yet to be saved.
    pub fn accept(&mut self, view: &DestinationView, sent: &DestinationDraft) {
        let mut editor = Self::edit(view);
        if self.draft == *sent {
            editor.outcome = Some(Outcome::Saved);
        } else {
            keep_typed(&self.draft, sent, &mut editor.draft);
            editor.visited = std::mem::take(&mut self.visited);
            editor.find_mistakes();
        }
        *self = editor;
    }

    /// Back to what is stored.
    pub fn reset(&mut self, view: &DestinationView) {
        *self = Self::edit(view);
    }
}

#[cfg(test)]
pub(crate) use self::tests::stored_view;

#[cfg(test)]
mod tests;
