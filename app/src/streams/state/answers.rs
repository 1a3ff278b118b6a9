//! What the server answered to a form.

use domain::{destination::DestinationDraft, ids::DestinationId, view::DestinationView};

use super::{Notice, StreamRow, StreamsState};
use crate::wire::AppError;

impl StreamsState {
    /// `form` is the number of the form that was sent, `sent` what it held: what was typed since then stays, in the form of
    /// the new row.
    pub(crate) fn add_answered(
        &mut self,
        form: u32,
        sent: &DestinationDraft,
        answer: Result<DestinationView, AppError>,
    ) {
        // The form may have been closed meanwhile, or left for another kind.
        match answer {
            Ok(view) => {
                self.notice = Some(Notice::Added(view.id));
                let mut row = StreamRow::new(view);
                if let Some(mut editor) = self.adding.added(form) {
                    editor.accept(&row.view, sent);
                    editor.dismiss_outcome();
                    row.expanded = editor.is_changed();
                    row.editor = editor;
                }
                let id = row.view.id;
                self.rows.push(row);
                self.arrange(true);
                // Whatever the list is narrowed to.
                if let Some(row) = self.row_mut(id) {
                    row.hidden = false;
                }
            }
            Err(error) => {
                if let Some(editor) = self.adding.find_mut(form) {
                    editor.refuse(error);
                }
            }
        }
    }

    /// `sent` is what was to be saved: what was typed since then stays.
    pub(crate) fn save_answered(
        &mut self,
        id: DestinationId,
        sent: &DestinationDraft,
        answer: Result<DestinationView, AppError>,
    ) {
        self.notice = None;
        let Some(row) = self.row_mut(id) else { return };
        match answer {
            Ok(view) => {
                row.editor.accept(&view, sent);
                row.show(view);
            }
            Err(error) => row.editor.refuse(error),
        }
    }

    /// A destination that is already gone is as good as deleted.
    pub(crate) fn delete_answered(&mut self, id: DestinationId, answer: Result<(), AppError>) {
        match answer {
            Ok(()) | Err(AppError::NotFound) => {
                self.rows.retain(|row| row.view.id != id);
                self.arrange(true);
                self.notice = (!self.rows.is_empty()).then_some(Notice::Deleted);
            }
            Err(error) => {
                if let Some(row) = self.row_mut(id) {
                    row.editor.refuse(error);
                }
            }
        }
    }
}
