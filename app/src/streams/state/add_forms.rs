//! Add forms: the one that is open, and those of other kinds that were begun before it.

use domain::destination::DestinationKind;

use crate::streams::editor::EditorState;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AddForms {
    open: Option<EditorState>,
    set_aside: Vec<EditorState>,
    /// How many so far.
    begun: u32,
}

impl AddForms {
    pub(super) const fn open(&self) -> Option<&EditorState> {
        self.open.as_ref()
    }

    pub(super) const fn open_mut(&mut self) -> Option<&mut EditorState> {
        self.open.as_mut()
    }

    /// Opens a form of this kind: the one that was begun, or a new one. What every kind has is that of the form that was open.
    pub(super) fn begin(&mut self, kind: DestinationKind) {
        let before = self.open.take();
        self.set_aside.extend(before.clone());
        let position = self.set_aside.iter().position(|editor| editor.kind() == kind);
        let editor = position.map(|position| self.set_aside.remove(position));
        let mut editor = editor.unwrap_or_else(|| {
            self.begun += 1;
            EditorState::add(kind).numbered(self.begun)
        });
        if let Some(before) = before {
            editor.copy_common(&before);
        }
        self.open = Some(editor);
    }

    /// Whether something was entered in one of them.
    pub(super) fn is_unsaved(&self) -> bool {
        self.open.iter().chain(&self.set_aside).any(EditorState::is_unsaved)
    }

    /// Forgets all of them.
    pub(super) fn end(&mut self) {
        self.open = None;
        self.set_aside.clear();
    }

    /// What this form held was added. Returns the form if it is the open one, and then forgets the others.
    pub(super) fn added(&mut self, form: u32) -> Option<EditorState> {
        self.set_aside.retain(|editor| editor.form() != form);
        let sent = self.open.take_if(|editor| editor.form() == form)?;
        self.end();
        Some(sent)
    }

    pub(super) fn find_mut(&mut self, form: u32) -> Option<&mut EditorState> {
        let mut forms = self.open.iter_mut().chain(&mut self.set_aside);
        forms.find(|editor| editor.form() == form)
    }
}
