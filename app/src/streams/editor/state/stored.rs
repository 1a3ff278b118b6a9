//! What the server has of a destination that is edited, and what is sent to it.

use domain::view::DestinationView;

use super::{EditorState, types::EditRequest};

impl EditorState {
    /// Whether something differs from what is stored. A new destination always counts as changed.
    pub fn is_changed(&self) -> bool {
        let Some(stored) = &self.stored else { return true };
        let mut draft = self.draft.clone();
        if draft.event_types.is_empty() {
            // Without event types, both kinds of filter do the same.
            draft.filter_kind = stored.draft.filter_kind;
        }
        draft != stored.draft
    }

    /// Whether closing the form would lose something that somebody entered.
    pub fn is_unsaved(&self) -> bool {
        match self.stored {
            Some(_) => self.is_changed(),
            None => self.draft != Self::empty_draft(self.kind()),
        }
    }

    /// What to send for an edit; None for a new destination.
    pub fn edit_request(&self) -> Option<EditRequest> {
        self.stored.as_ref().map(|stored| EditRequest {
            id: stored.id,
            version: stored.version,
            draft: self.draft.clone(),
        })
    }

    /// Takes over what was stored beside this form on its own page, where that is the only change since: what was typed stays, yet to be
    /// saved. After other changes, saving reports them, as always.
    pub fn rebase(&mut self, view: &DestinationView) {
        let Some(stored) = &self.stored else { return };
        if self.is_changed() && view.version == stored.version + 1 {
            let before = stored.draft.clone();
            self.accept(view, &before);
        }
    }

    /// Takes over what somebody else stored, unless something was typed here: that is never overwritten. Whose form is as it
    /// was, has not been changed behind anybody's back: a stream that was paused, say.
    pub fn follow(&mut self, view: &DestinationView) {
        let Some(stored) = &mut self.stored else { return };
        // An event of such a type makes it known, and changes no version.
        stored.unknown_types = view.unknown_types().map(str::to_owned).collect();
        // Mostly: the health of a stream changes no version, either.
        if stored.version == view.version {
            return;
        }
        if !self.is_changed() {
            self.reset(view);
        } else if let Some(stored) = &mut self.stored
            && stored.draft == Self::edit(view).draft
        {
            stored.version = view.version;
        }
    }
}
