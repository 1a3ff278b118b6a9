//! A form that adds or edits a destination: what is typed, what is wrong with it, and whether it can be saved.

mod headers;
mod merge;
mod stored;
mod target;

use domain::{
    Field, FieldErrors,
    destination::{DestinationDraft, DestinationKind, TargetDraft},
};

pub use self::stored::EditRequest;
use self::{merge::keep_typed, stored::Stored};
use crate::wire::{AppError, DestinationView};

/// State of one form. Nothing that was typed leaves it except by [`EditorState::reset`] or a successful save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditorState {
    /// Tells one add form from the next.
    form: u32,
    draft: DestinationDraft,
    stored: Option<Stored>,
    visited: Vec<Field>,
    refused: Option<AppError>,
    saved: bool,
    /// Whether several fields were just filled in from one key.
    filled: bool,
}

impl EditorState {
    /// A form for a new destination, with what is best chosen for it.
    pub fn add(kind: DestinationKind) -> Self {
        Self::holding(DestinationDraft::new("", TargetDraft::prefilled(kind)))
    }

    #[must_use]
    pub fn numbered(self, form: u32) -> Self {
        Self { form, ..self }
    }

    pub const fn form(&self) -> u32 {
        self.form
    }

    /// A form with what is stored.
    pub fn edit(view: &DestinationView) -> Self {
        Self {
            stored: Some(Stored {
                id: view.id,
                version: view.version,
                draft: view.draft.clone(),
                unknown_types: view.unknown_types.clone(),
            }),
            ..Self::holding(view.draft.clone())
        }
    }

    const fn holding(draft: DestinationDraft) -> Self {
        Self {
            form: 0,
            draft,
            stored: None,
            visited: Vec::new(),
            refused: None,
            saved: false,
            filled: false,
        }
    }

    pub const fn kind(&self) -> DestinationKind {
        self.draft.kind()
    }

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

    /// What the server said about this field no longer holds.
    fn changed(&mut self, field: Field) {
        self.saved = false;
        if self
            .refused
            .as_ref()
            .is_some_and(|error| error.message_for(field).is_some())
        {
            self.refused = None;
        }
    }

    /// The field was left: from now on its mistakes are shown.
    pub fn visit(&mut self, field: Field) {
        // A row of headers was added and a secret opened on purpose, so they have to be filled in; other fields may be
        // passed through.
        let is_wanted = match field {
            Field::HeaderName(_) => true,
            Field::HeaderValue(row) => !self.is_header_hidden(row),
            field if Some(field) == self.owners_secret() => self.stored.is_some(),
            _ => false,
        };
        if (is_wanted || !self.text(field).is_empty()) && !self.visited.contains(&field) {
            self.visited.push(field);
        }
    }

    /// What is wrong with the field, once its author had the chance to finish it.
    pub fn message_for(&self, field: Field) -> Option<String> {
        let refused = self.refused.as_ref().and_then(|error| error.message_for(field));
        if let Some(message) = refused {
            return Some(message.to_owned());
        }
        if field == Field::PrivateKey
            && let Some(problem) = self.key_problem()
        {
            return Some(problem.to_owned());
        }
        let visited = self.visited.contains(&field);
        let errors = visited.then(|| self.mistakes())?;
        errors.message_for(field).map(str::to_owned)
    }

    /// Why the server refused, when no single field is to blame.
    pub const fn refusal(&self) -> Option<&AppError> {
        match &self.refused {
            Some(AppError::Invalid(_)) | None => None,
            Some(other) => Some(other),
        }
    }

    pub fn is_changed(&self) -> bool {
        let Some(stored) = &self.stored else { return true };
        let mut draft = self.draft.clone();
        if draft.event_types.is_empty() {
            // Without event types, both kinds of filter do the same.
            draft.filter_kind = stored.draft.filter_kind;
        }
        draft != stored.draft
    }

    /// Whether saving would do something.
    pub fn can_save(&self) -> bool {
        self.is_changed() && self.can_test()
    }

    /// Whether a test event could be sent to what the form holds.
    pub fn can_test(&self) -> bool {
        self.mistakes().is_empty()
    }

    /// Whether the last save went well and nothing was typed since.
    pub const fn is_saved(&self) -> bool {
        self.saved
    }

    pub fn dismiss_saved(&mut self) {
        self.saved = false;
    }

    pub fn dismiss_refusal(&mut self) {
        self.refused = None;
    }

    /// What to send for a new destination.
    pub fn draft(&self) -> DestinationDraft {
        self.draft.clone()
    }

    /// What to send for an edit; None for a new destination.
    pub fn edit_request(&self) -> Option<EditRequest> {
        self.stored.as_ref().map(|stored| EditRequest {
            id: stored.id,
            version: stored.version,
            draft: self.draft.clone(),
        })
    }

    pub fn refuse(&mut self, error: AppError) {
        self.saved = false;
        self.refused = Some(error);
    }

    /// The server has stored what was sent. What was typed since then stays, yet to be saved.
    pub fn accept(&mut self, view: &DestinationView, sent: &DestinationDraft) {
        let mut editor = Self::edit(view);
        editor.saved = self.draft == *sent;
        if !editor.saved {
            keep_typed(&self.draft, sent, &mut editor.draft);
            editor.visited = std::mem::take(&mut self.visited);
        }
        *self = editor;
    }

    /// Back to what is stored.
    pub fn reset(&mut self, view: &DestinationView) {
        *self = Self::edit(view);
    }

    fn mistakes(&self) -> FieldErrors {
        self.draft.mistakes(self.stored.is_some())
    }
}

#[cfg(test)]
mod tests;
