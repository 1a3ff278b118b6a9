//! What the rows show of the state of the tab.

use std::{collections::HashMap, sync::Arc};

use domain::{ids::DestinationId, view::DestinationView};
use leptos::prelude::*;

use super::{
    context::Streams,
    state::{StreamRow, StreamsState},
};

/// Signals that are set only when their value changes. The state changes with every key that is pressed in a form; memos of it would
/// then ask everything that is shown in every row whether it is still the same.
#[derive(Clone, Copy)]
pub(super) struct RowSignals {
    pub(super) view: RwSignal<Arc<DestinationView>>,
    pub(super) is_expanded: RwSignal<bool>,
    pub(super) is_hidden: RwSignal<bool>,
}

impl RowSignals {
    fn new(row: &StreamRow) -> Self {
        Self {
            view: RwSignal::new(row.view.clone()),
            is_expanded: RwSignal::new(row.expanded),
            is_hidden: RwSignal::new(row.hidden),
        }
    }

    fn follow(self, row: &StreamRow) {
        set(self.view, &row.view);
        set(self.is_expanded, &row.expanded);
        set(self.is_hidden, &row.hidden);
    }
}

fn set<T: Clone + PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, now: &T) {
    // The row may be gone by then.
    if signal.try_with_untracked(|before| before != now) == Some(true) {
        signal.set(now.clone());
    }
}

/// The signals of all rows that are rendered. One effect sets them: one for each row would run with every key, too.
#[derive(Clone, Copy)]
pub(super) struct RowsInStep {
    streams: Streams,
    rows: StoredValue<HashMap<DestinationId, RowSignals>>,
}

impl RowsInStep {
    pub(super) fn new(streams: Streams) -> Self {
        let rows = StoredValue::new(HashMap::new());
        Effect::new(move |_| streams.state.with(|state| follow(rows, state)));
        Self { streams, rows }
    }

    /// The signals of a row that is to be rendered, until the row is removed from the page, shortly after its destination. `None` if
    /// there is no such destination.
    pub(super) fn row(self, id: DestinationId) -> Option<RowSignals> {
        let new = |state: &StreamsState| state.row(id).map(RowSignals::new);
        let signals = self.streams.state.with_untracked(new)?;
        self.rows.update_value(|rows| {
            rows.insert(id, signals);
        });
        on_cleanup(move || {
            self.rows.try_update_value(|rows| rows.remove(&id));
        });
        Some(signals)
    }
}

fn follow(rows: StoredValue<HashMap<DestinationId, RowSignals>>, state: &StreamsState) {
    rows.with_value(|rows| {
        for row in state.rows() {
            if let Some(signals) = rows.get(&row.view.id) {
                signals.follow(row);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use domain::page::StreamView;

    use super::*;
    use crate::{streams::editor::stored_view, ui::Refresh};

    #[test]
    fn a_row_follows_its_destination_until_it_is_removed() {
        Owner::new().with(|| {
            let views = (1..=2).map(|id| stored_view(id, "SIEM", 1)).collect();
            let state = RwSignal::new(StreamsState::new(views));
            let refresh = Refresh::new();
            let rows = StoredValue::new(HashMap::new());
            let in_step = RowsInStep {
                streams: Streams::of(state, refresh),
                rows,
            };
            let [first, second] = [1, 2].map(DestinationId::new);
            let owner = Owner::new();
            let signals = owner.with(|| in_step.row(first)).unwrap();
            assert!(in_step.row(DestinationId::new(3)).is_none());
            let changes = Memo::new(move |before: Option<&u32>| {
                signals.is_expanded.track();
                signals.view.track();
                before.map_or(0, |before| before + 1)
            });
            assert_eq!(changes.get_untracked(), 0);
            state.update(|state| {
                state.open(second, StreamView::Settings);
                follow(rows, state);
            });
            assert_eq!(changes.get_untracked(), 0, "another row");
            state.update(|state| {
                state.open(first, StreamView::Settings);
                follow(rows, state);
            });
            assert_eq!(
                (changes.get_untracked(), signals.is_expanded.get_untracked()),
                (1, true)
            );
            owner.cleanup();
            assert!(rows.with_value(HashMap::is_empty));
            state.with_untracked(|state| follow(rows, state));
        });
    }
}
