//! A form that adds or edits a destination: what is typed, what is wrong with it, and whether it can be saved.

mod headers;

use domain::{
    Field, FieldErrors,
    destination::{DestinationDraft, DestinationEdit, DestinationKind},
    ids::DestinationId,
};

use self::headers::header_of;
use crate::wire::{AppError, DestinationView};

/// What the server had when editing began.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stored {
    id: DestinationId,
    version: i64,
    draft: DestinationDraft,
}

/// What is sent to save an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditRequest {
    pub id: DestinationId,
    pub version: i64,
    pub edit: DestinationEdit,
}

/// State of one form. Nothing that was typed leaves it except by [`EditorState::reset`] or a successful save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditorState {
    kind: DestinationKind,
    draft: DestinationDraft,
    stored: Option<Stored>,
    visited: Vec<Field>,
    refused: Option<AppError>,
    saved: bool,
}

impl EditorState {
    /// An empty form for a new destination.
    pub fn add(kind: DestinationKind) -> Self {
        Self {
            kind,
            draft: DestinationDraft::default(),
            stored: None,
            visited: Vec::new(),
            refused: None,
            saved: false,
        }
    }

    /// A form with what is stored.
    pub fn edit(view: &DestinationView) -> Self {
        let draft = draft_of(view);
        Self {
            draft: draft.clone(),
            stored: Some(Stored {
                id: view.id,
                version: view.version,
                draft,
            }),
            ..Self::add(view.kind)
        }
    }

    pub const fn kind(&self) -> DestinationKind {
        self.kind
    }

    pub fn text(&self, field: Field) -> &str {
        match field {
            Field::Name => &self.draft.name,
            Field::Url => &self.draft.url,
            Field::VerificationToken => self.draft.verification_token.as_deref().unwrap_or_default(),
            Field::HeaderName(row) => self.header(row).map_or("", |header| &header.name),
            Field::HeaderValue(row) => self
                .header(row)
                .and_then(|header| header.value.as_deref())
                .unwrap_or_default(),
            _ => "",
        }
    }

    /// Takes what was typed; what the server said about this field no longer holds.
    pub fn set_text(&mut self, field: Field, text: String) {
        match field {
            Field::Name => self.draft.name = text,
            Field::Url => self.draft.url = text,
            Field::VerificationToken => self.draft.verification_token = Some(text),
            Field::HeaderName(row) => self.change_header(row, |header| header.name = text),
            Field::HeaderValue(row) => self.set_header_value(row, text),
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
        // A row of headers was added on purpose, so its fields have to be filled in; others may be passed through.
        let is_wanted = matches!(field, Field::HeaderName(_))
            || matches!(field, Field::HeaderValue(row) if !self.is_header_hidden(row));
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
        self.stored.as_ref().is_none_or(|stored| stored.draft != self.draft)
    }

    /// Whether saving would do something.
    pub fn can_save(&self) -> bool {
        self.is_changed() && self.mistakes().is_empty()
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
            edit: DestinationEdit {
                name: self.draft.name.clone(),
                headers: self.draft.headers.clone(),
                event_types: self.draft.event_types.clone(),
            },
        })
    }

    pub fn refuse(&mut self, error: AppError) {
        self.saved = false;
        self.refused = Some(error);
    }

    /// The server has stored it.
    pub fn accept(&mut self, view: &DestinationView) {
        *self = Self::edit(view);
        self.saved = true;
    }

    /// Back to what is stored.
    pub fn reset(&mut self, view: &DestinationView) {
        *self = Self::edit(view);
    }

    /// Takes over what somebody else stored, unless something was typed here: that is never overwritten.
    pub fn follow(&mut self, view: &DestinationView) {
        let behind = self
            .stored
            .as_ref()
            .is_some_and(|stored| stored.version != view.version);
        if behind && !self.is_changed() {
            self.reset(view);
        }
    }

    fn mistakes(&self) -> FieldErrors {
        match self.edit_request() {
            Some(request) => request.edit.parse().err().unwrap_or_default(),
            None => self.draft.mistakes(),
        }
    }
}

fn draft_of(view: &DestinationView) -> DestinationDraft {
    DestinationDraft {
        name: view.name.clone(),
        url: view.url.clone(),
        verification_token: Some(view.verification_token.clone()),
        headers: view.headers.iter().map(header_of).collect(),
        event_types: view.event_types.clone(),
    }
}

#[cfg(test)]
mod tests;
