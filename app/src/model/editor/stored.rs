//! What the server has of a destination that is edited, and what is sent to it.

use domain::{destination::DestinationDraft, ids::DestinationId};

use super::EditorState;
use crate::wire::DestinationView;

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

impl EditorState {
    /// Takes over what somebody else stored, unless something was typed here: that is never overwritten. Whose form is as it
    /// was, has not been changed behind anybody's back: a stream that was paused, say.
    pub fn follow(&mut self, view: &DestinationView) {
        let is_changed = self.is_changed();
        let Some(stored) = &mut self.stored else { return };
        // An event of such a type makes it known, and changes no version.
        stored.unknown_types.clone_from(&view.unknown_types);
        if stored.version == view.version {
            return;
        }
        if !is_changed {
            self.reset(view);
        } else if stored.draft == Self::edit(view).draft {
            stored.version = view.version;
        }
    }
}
