//! The Streams tab: the destinations, the open forms, and what was just done.

mod add_forms;
mod notice;

use domain::{
    destination::{DestinationDraft, DestinationKind},
    ids::DestinationId,
};

use self::add_forms::AddForms;
pub use self::notice::Notice;
use super::editor::EditorState;
use crate::wire::{AppError, DestinationView};

/// A destination in the list and its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRow {
    pub view: DestinationView,
    pub editor: EditorState,
    pub expanded: bool,
    /// Opened at its activity instead of its settings.
    pub shows_activity: bool,
}

impl StreamRow {
    fn new(view: DestinationView) -> Self {
        Self {
            editor: EditorState::edit(&view),
            view,
            expanded: false,
            shows_activity: false,
        }
    }
}

/// What [`StreamsState`] had seen when a list was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision(u32);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamsState {
    rows: Vec<StreamRow>,
    adding: AddForms,
    notice: Option<Notice>,
    revision: Revision,
}

impl StreamsState {
    pub fn new(destinations: Vec<DestinationView>) -> Self {
        Self {
            rows: destinations.into_iter().map(StreamRow::new).collect(),
            adding: AddForms::default(),
            notice: None,
            revision: Revision(0),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn count(&self) -> u64 {
        u64::try_from(self.rows.len()).unwrap_or(u64::MAX)
    }

    pub fn ids(&self) -> Vec<DestinationId> {
        self.rows.iter().map(|row| row.view.id).collect()
    }

    pub fn row(&self, id: DestinationId) -> Option<&StreamRow> {
        self.rows.iter().find(|row| row.view.id == id)
    }

    pub fn row_mut(&mut self, id: DestinationId) -> Option<&mut StreamRow> {
        self.rows.iter_mut().find(|row| row.view.id == id)
    }

    pub const fn adding(&self) -> Option<&EditorState> {
        self.adding.open()
    }

    pub const fn adding_mut(&mut self) -> Option<&mut EditorState> {
        self.adding.open_mut()
    }

    pub const fn notice(&self) -> Option<Notice> {
        self.notice
    }

    /// Opens the add form. What was typed for this kind is still there, and what was typed for another is set aside, until
    /// adding ends.
    pub fn begin_adding(&mut self, kind: DestinationKind) {
        self.notice = None;
        self.adding.begin(kind);
    }

    pub fn stop_adding(&mut self) {
        self.adding.end();
    }

    pub fn dismiss_notice(&mut self) {
        self.notice = None;
    }

    /// Opens or closes a row. What was typed in it stays.
    pub fn toggle(&mut self, id: DestinationId) {
        if let Some(row) = self.row_mut(id) {
            row.expanded = !row.expanded;
        }
    }

    /// Opens a row, if it is not open, at its activity or at its settings.
    pub fn open(&mut self, id: DestinationId, at_activity: bool) {
        if let Some(row) = self.row_mut(id) {
            row.expanded = true;
            row.shows_activity = at_activity;
        }
    }

    /// Closes a row and forgets what was typed in it.
    pub fn cancel_edit(&mut self, id: DestinationId) {
        if let Some(row) = self.row_mut(id) {
            row.editor.reset(&row.view);
            row.expanded = false;
        }
    }

    /// Shows what is stored instead of what was typed.
    pub fn reload_edit(&mut self, id: DestinationId) {
        if let Some(row) = self.row_mut(id) {
            row.editor.reset(&row.view);
        }
    }

    /// `form` is the number of the form that was sent, `sent` what it held: what was typed since then stays, in the form of
    /// the new row.
    pub fn add_answered(&mut self, form: u32, sent: &DestinationDraft, answer: Result<DestinationView, AppError>) {
        // The form may have been closed meanwhile, or left for another kind.
        match answer {
            Ok(view) => {
                self.changed();
                self.notice = Some(Notice::Added);
                let mut row = StreamRow::new(view);
                if let Some(mut editor) = self.adding.added(form) {
                    editor.accept(&row.view, sent);
                    editor.dismiss_saved();
                    row.expanded = editor.is_changed();
                    row.editor = editor;
                }
                self.rows.push(row);
            }
            Err(error) => {
                if let Some(editor) = self.adding.find_mut(form) {
                    editor.refuse(error);
                }
            }
        }
    }

    /// `sent` is what was to be saved: what was typed since then stays.
    pub fn save_answered(
        &mut self,
        id: DestinationId,
        sent: &DestinationDraft,
        answer: Result<DestinationView, AppError>,
    ) {
        self.changed();
        self.notice = None;
        let Some(row) = self.row_mut(id) else { return };
        match answer {
            Ok(view) => {
                row.editor.accept(&view, sent);
                row.view = view;
            }
            Err(error) => row.editor.refuse(error),
        }
    }

    /// A destination that is already gone is as good as deleted.
    pub fn delete_answered(&mut self, id: DestinationId, answer: Result<(), AppError>) {
        match answer {
            Ok(()) | Err(AppError::NotFound) => {
                self.changed();
                self.rows.retain(|row| row.view.id != id);
                self.notice = (!self.rows.is_empty()).then_some(Notice::Deleted);
            }
            Err(error) => {
                if let Some(row) = self.row_mut(id) {
                    row.editor.refuse(error);
                }
            }
        }
    }

    /// Taken before the list is asked for, and handed to [`Self::list_answered`].
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// Takes over a fresh list, unless something was changed here since it was asked for. Open forms stay as they are.
    pub fn list_answered(&mut self, asked_at: Revision, answer: Result<Vec<DestinationView>, AppError>) {
        // The bar of the page says why the list may be behind.
        let Ok(fresh) = answer else { return };
        if asked_at == self.revision {
            self.rows = fresh.into_iter().map(|view| self.merged(view)).collect();
        }
    }

    fn merged(&self, view: DestinationView) -> StreamRow {
        let mut row = self
            .row(view.id)
            .cloned()
            .unwrap_or_else(|| StreamRow::new(view.clone()));
        row.editor.follow(&view);
        row.view = view;
        row
    }

    /// Something was changed on the server: a list that was asked for before is no longer true.
    pub fn changed(&mut self) {
        self.revision = Revision(self.revision.0.wrapping_add(1));
    }
}

#[cfg(test)]
mod tests;
