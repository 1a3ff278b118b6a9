//! Which rows are shown, and in which order.

use domain::ids::DestinationId;

use super::{StreamRow, StreamsState, list_filter::ListFilter};
use crate::streams::health::rank;

impl StreamsState {
    pub(crate) const fn filter(&self) -> &ListFilter {
        &self.filter
    }

    pub(crate) fn search(&mut self, text: String) {
        self.filter.search = text;
        self.hide_unwanted();
    }

    pub(crate) fn set_attention_only(&mut self, attention_only: bool) {
        if self.filter.attention_only != attention_only {
            self.filter.attention_only = attention_only;
            self.hide_unwanted();
        }
    }

    /// How many rows are shown.
    pub(crate) fn shown_count(&self) -> usize {
        self.rows.iter().filter(|row| !row.hidden).count()
    }

    /// The order in which rows are shown.
    pub(crate) fn ids(&self) -> Vec<DestinationId> {
        self.order.clone()
    }

    /// Takes over a new set of rows. While the reader `is_busy` with the list, rows that are there stay where they are, and
    /// new ones come last.
    pub(super) fn arrange(&mut self, is_busy: bool) {
        if is_busy || self.rows.iter().any(|row| row.expanded) {
            self.order.retain(|id| self.rows.iter().any(|row| row.view.id == *id));
            let new = self.rows.iter().map(|row| row.view.id);
            let new: Vec<DestinationId> = new.filter(|id| !self.order.contains(id)).collect();
            for row in self.rows.iter_mut().filter(|row| new.contains(&row.view.id)) {
                row.hidden = !self.filter.admits(row);
            }
            self.order.extend(new);
            return;
        }
        let mut sorted: Vec<&StreamRow> = self.rows.iter().collect();
        sorted.sort_by_key(|row| rank(&row.view.health));
        self.order = sorted.into_iter().map(|row| row.view.id).collect();
        self.hide_unwanted();
    }

    pub(super) fn hide_unwanted(&mut self) {
        for row in &mut self.rows {
            row.hidden = !self.filter.admits(row);
        }
    }
}
