//! The Streams tab: the destinations, the open forms, and what was just done.

mod add_forms;
mod answers;
mod arrangement;
mod list_filter;
mod notice;
mod row;

use std::collections::BTreeMap;

use domain::{
    Field, Timestamp, destination::DestinationKind, ids::DestinationId, page::StreamView, view::DestinationView,
};

use self::add_forms::AddForms;
pub(crate) use self::{list_filter::ListFilter, notice::Notice, row::StreamRow};
use super::health::{is_behind, needs_attention};
use crate::streams::editor::EditorState;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamsState {
    rows: Vec<StreamRow>,
    order: Vec<DestinationId>,
    /// The row that was opened last.
    opened: Option<DestinationId>,
    filter: ListFilter,
    adding: AddForms,
    notice: Option<Notice>,
}

impl StreamsState {
    pub(crate) fn new(destinations: Vec<DestinationView>) -> Self {
        let mut state = Self {
            rows: destinations.into_iter().map(StreamRow::new).collect(),
            order: Vec::new(),
            opened: None,
            filter: ListFilter::default(),
            adding: AddForms::default(),
            notice: None,
        };
        state.arrange(false);
        state
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn count(&self) -> u64 {
        count(self.rows.iter().filter(|row| !row.deleted))
    }

    /// How many streams an administrator has to look at.
    pub(crate) fn attention(&self) -> u64 {
        let rows = self.rows.iter().filter(|row| !row.deleted);
        count(rows.filter(|row| needs_attention(&row.view.health)))
    }

    /// When the log is full, if streams that are behind make no progress.
    pub(crate) fn log_full_at(&self) -> Option<Timestamp> {
        let health = self.rows.iter().map(|row| &row.view.health);
        let behind = health.filter(|health| is_behind(health.state));
        behind.filter_map(|health| health.log_full_at).min()
    }

    pub(crate) fn rows(&self) -> &[StreamRow] {
        &self.rows
    }

    pub(crate) fn row(&self, id: DestinationId) -> Option<&StreamRow> {
        self.rows.iter().find(|row| row.view.id == id)
    }

    /// A field of a destination as it is stored, whatever is typed in its form.
    pub(crate) fn stored_text(&self, id: DestinationId, field: Field) -> Option<&str> {
        self.row(id).map(|row| row.view.target.values.text(field))
    }

    pub(crate) fn row_mut(&mut self, id: DestinationId) -> Option<&mut StreamRow> {
        self.rows.iter_mut().find(|row| row.view.id == id)
    }

    pub(crate) const fn adding(&self) -> Option<&EditorState> {
        self.adding.open()
    }

    pub(crate) const fn adding_mut(&mut self) -> Option<&mut EditorState> {
        self.adding.open_mut()
    }

    pub(crate) fn notice(&self) -> Option<Notice> {
        self.notice.clone()
    }

    /// Opens the add form. What was typed for this kind is still there, and what was typed for another is set aside, until
    /// adding ends.
    pub(crate) fn begin_adding(&mut self, kind: DestinationKind) {
        self.notice = None;
        self.adding.begin(kind);
    }

    pub(crate) fn stop_adding(&mut self) {
        self.adding.end();
    }

    pub(crate) fn dismiss_notice(&mut self) {
        self.notice = None;
    }

    /// Opens or closes a row. What was typed in it stays.
    pub(crate) fn toggle(&mut self, id: DestinationId) {
        let Some(row) = self.row_mut(id) else { return };
        row.expanded = !row.expanded;
        if row.expanded {
            self.opened = Some(id);
        }
    }

    /// The row that was opened last, as long as it is open, and what it shows.
    pub(crate) fn opened(&self) -> Option<(DestinationId, StreamView)> {
        let row = self.row(self.opened?).filter(|row| row.expanded)?;
        Some((row.view.id, row.shown))
    }

    /// Opens a row, if it is not open. False if there is no such stream.
    pub(crate) fn open(&mut self, id: DestinationId, view: StreamView) -> bool {
        let Some(row) = self.row_mut(id) else { return false };
        row.expanded = true;
        row.shown = view;
        row.hidden = false;
        self.opened = Some(id);
        true
    }

    /// Closes a row and forgets what was typed in it.
    pub(crate) fn cancel_edit(&mut self, id: DestinationId) {
        if let Some(row) = self.row_mut(id) {
            row.editor.reset(&row.view);
            row.expanded = false;
        }
        self.forget_deleted(id);
    }

    /// Removes the row of a destination that someone else deleted.
    pub(crate) fn forget_deleted(&mut self, id: DestinationId) {
        self.rows.retain(|row| !(row.deleted && row.view.id == id));
        self.order
            .retain(|shown| self.rows.iter().any(|row| row.view.id == *shown));
    }

    /// Shows what is stored instead of what was typed.
    pub(crate) fn reload_edit(&mut self, id: DestinationId) {
        if let Some(row) = self.row_mut(id) {
            row.editor.reset(&row.view);
        }
    }

    /// Takes over a fresh list. Open forms stay as they are, also that of a destination that was deleted, if it has unsaved
    /// text; if it has none, a message says that the row is gone. While the reader `is_busy` with the list, no row moves.
    pub(crate) fn follow(&mut self, fresh: Vec<DestinationView>, is_busy: bool) {
        let before = std::mem::take(&mut self.rows).into_iter();
        let mut before: BTreeMap<DestinationId, StreamRow> = before.map(|row| (row.view.id, row)).collect();
        for view in fresh {
            let row = match before.remove(&view.id) {
                Some(mut row) => {
                    row.follow(view);
                    row
                }
                None => StreamRow::new(view),
            };
            self.rows.push(row);
        }
        for mut row in before.into_values().filter(|row| row.expanded) {
            if row.editor.is_changed() {
                row.deleted = true;
                self.rows.push(row);
            } else {
                self.notice = Some(Notice::DeletedElsewhere(row.view.name.clone()));
            }
        }
        self.arrange(is_busy);
    }

    /// Whether leaving the page would lose something that was entered.
    pub(crate) fn is_unsaved(&self) -> bool {
        self.adding.is_unsaved() || self.rows.iter().any(StreamRow::is_unsaved)
    }

    /// Forgets what was entered in every form.
    pub(crate) fn discard_entered(&mut self) {
        self.adding.end();
        for row in &mut self.rows {
            row.editor.reset(&row.view);
        }
    }

    /// Takes over a destination of which a secret was rotated here, or a rotation ended. What was typed in its form stays.
    pub(crate) fn rotated(&mut self, view: DestinationView) {
        if let Some(row) = self.row_mut(view.id) {
            row.editor.rebase(&view);
            row.follow(view);
        }
    }

    /// Takes over one destination that was changed outside its form.
    pub(crate) fn changed_elsewhere(&mut self, view: DestinationView) {
        if let Some(row) = self.row_mut(view.id) {
            row.follow(view);
        }
    }
}

fn count<'a>(rows: impl Iterator<Item = &'a StreamRow>) -> u64 {
    u64::try_from(rows.count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
