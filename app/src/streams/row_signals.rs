//! What a row shows of the state of the tab.

use std::sync::Arc;

use domain::view::DestinationView;
use leptos::prelude::*;

use super::context::Streams;

/// Signals that are set only when their value changes. The state changes with every key that is pressed in a form; memos of it would
/// then ask everything that is shown in every row whether it is still the same.
#[derive(Clone, Copy)]
pub(super) struct RowSignals {
    pub(super) view: Signal<Arc<DestinationView>>,
    pub(super) is_expanded: Signal<bool>,
    pub(super) is_hidden: Signal<bool>,
}

impl RowSignals {
    /// Follows the row of this destination until it is removed, which is a moment after its destination.
    pub(super) fn new(streams: Streams, first: Arc<DestinationView>) -> Self {
        let id = first.id;
        let now = move || {
            streams.state.with(|state| {
                let row = state.row(id)?;
                Some((row.view.clone(), row.expanded, row.hidden))
            })
        };
        let (view, is_expanded, is_hidden) = untrack(now).unwrap_or((first, false, true));
        let (view, is_expanded, is_hidden) = (
            RwSignal::new(view),
            RwSignal::new(is_expanded),
            RwSignal::new(is_hidden),
        );
        Effect::new(move |_| {
            if let Some(now) = now() {
                set(view, now.0);
                set(is_expanded, now.1);
                set(is_hidden, now.2);
            }
        });
        Self {
            view: view.into(),
            is_expanded: is_expanded.into(),
            is_hidden: is_hidden.into(),
        }
    }
}

fn set<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, now: T) {
    if signal.with_untracked(|before| *before != now) {
        signal.set(now);
    }
}
