//! Attempts to save or test a form, and what the form says about the last one.

use super::{EditorState, types::Outcome};
use crate::wire::AppError;

impl EditorState {
    /// Whether the form can be saved. If not, it says why: at every field that breaks a rule, and beside the buttons.
    pub fn try_save(&mut self) -> bool {
        if !self.try_test() {
            return false;
        }
        let is_changed = self.is_changed();
        if !is_changed {
            self.outcome = Some(Outcome::Unchanged);
        }
        is_changed
    }

    /// Whether a test event can be sent to what the form holds. If not, it says why.
    pub fn try_test(&mut self) -> bool {
        let is_valid = self.mistakes.is_empty() && self.key_problem().is_none();
        self.outcome = (!is_valid).then_some(Outcome::Invalid);
        for error in self.mistakes.iter() {
            if !self.visited.contains(&error.field) {
                self.visited.push(error.field);
            }
        }
        if is_valid {
            self.refused = None;
        }
        is_valid
    }

    /// What came of the last attempt. Marked fields are no longer mentioned when none is left.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
            .filter(|outcome| *outcome != Outcome::Invalid || self.marked_count() > 0)
    }

    /// Hides the outcome of the last attempt.
    pub fn dismiss_outcome(&mut self) {
        self.outcome = None;
    }

    /// Forgets the error of the server.
    pub fn dismiss_refusal(&mut self) {
        self.refused = None;
    }

    /// How many fields are marked.
    pub fn marked_count(&self) -> usize {
        let refused = self.refused.as_ref().into_iter().flat_map(AppError::fields);
        let visited = self.mistakes.iter().map(|error| error.field);
        let visited = visited.filter(|field| self.visited.contains(field));
        let mut fields: Vec<_> = refused.chain(visited).collect();
        fields.sort_unstable();
        fields.dedup();
        fields.len()
    }
}

#[cfg(test)]
impl EditorState {
    pub(super) fn can_save(&self) -> bool {
        self.clone().try_save()
    }

    pub(super) fn can_test(&self) -> bool {
        self.clone().try_test()
    }

    pub(super) fn is_saved(&self) -> bool {
        self.outcome() == Some(Outcome::Saved)
    }

    pub(super) fn text_for(&self, field: domain::Field) -> Option<String> {
        self.message_for(field).map(|message| message.text)
    }
}
