//! Parts of the state of a form.

use domain::{Setting, destination::DestinationDraft, ids::DestinationId};

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldMessage {
    /// One sentence.
    pub text: String,
    /// The settings that can allow the value.
    pub setting: Option<Setting>,
}

/// What came of the last attempt; shown beside the buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Stored, and nothing was typed since.
    Saved,
    /// There was nothing to store.
    Unchanged,
    /// Some fields are marked.
    Invalid,
}

/// What the server had when editing began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) id: DestinationId,
    pub(super) version: i64,
    pub(super) draft: DestinationDraft,
    /// Event types that its filter names although the instance does not know them.
    pub(super) unknown_types: Vec<String>,
}

/// What is sent to save an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditRequest {
    pub id: DestinationId,
    pub version: i64,
    pub draft: DestinationDraft,
}
