//! The destinations, oldest first.

use leptos::prelude::*;

use super::{context::Streams, item::StreamItem};
use crate::model::streams_state::StreamsState;

#[component]
pub(super) fn StreamList() -> impl IntoView {
    let streams = expect_context::<Streams>();
    let ids = Memo::new(move |_| streams.state.with(StreamsState::ids));
    view! {
        <ul class="streams" aria-label="Streaming destinations">
            <For each=move || ids.get() key=|id| *id let:id>
                <StreamItem id />
            </For>
        </ul>
    }
}
