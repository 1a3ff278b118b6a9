//! Keeps the address of the page and what the tab shows in step.

use domain::{ids::DestinationId, page::StreamView};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use super::{context::Streams, ids::toggle_id, links::StreamsLocation, state::StreamsState};
use crate::browser;

/// Opens what the address says, now and when a link changes it; and changes the address when a row is opened or closed.
/// The address is replaced, so that *Back* leaves the page. Returns what the address says.
pub(super) fn follow_address(streams: Streams) -> Memo<StreamsLocation> {
    let query = use_query_map();
    let location = Memo::new(move |_| query.with(StreamsLocation::from_query));
    let state = streams.state;
    state.update(|state| {
        apply(state, location.get_untracked());
    });
    Effect::new(move |before: Option<StreamsLocation>| {
        let now = location.get();
        let shown = state.with_untracked(StreamsState::opened);
        let is_new = before.is_none() || now.stream != shown;
        let opened = state.try_update(|state| apply(state, now)).flatten();
        // A link to parked events leads to these, once they are shown.
        let is_row = now.stream.is_some_and(|(_, view)| view != StreamView::Parked);
        if let Some(id) = opened.filter(|_| is_new && is_row) {
            browser::focus(toggle_id(id));
        }
        now
    });
    keep_address(state, location);
    location
}

/// The row that it opens, if there is one.
fn apply(state: &mut StreamsState, location: StreamsLocation) -> Option<DestinationId> {
    state.set_attention_only(location.attention_only);
    let (id, view) = location.stream?;
    state.open(id, view).then_some(id)
}

fn keep_address(state: RwSignal<StreamsState>, location: Memo<StreamsLocation>) {
    let navigate = use_navigate();
    let opened = Memo::new(move |_| state.with(StreamsState::opened));
    Effect::watch(
        move || opened.get(),
        move |stream, _, _| {
            let now = location.get_untracked();
            let wanted = StreamsLocation { stream: *stream, ..now };
            if wanted != now {
                let options = NavigateOptions {
                    replace: true,
                    scroll: false,
                    ..NavigateOptions::default()
                };
                navigate(&wanted.address(), options);
            }
        },
        false,
    );
}
