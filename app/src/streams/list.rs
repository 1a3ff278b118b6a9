//! The destinations.

use leptos::prelude::*;

use super::{
    context::Streams,
    ids::LIST_ID,
    rendered::{all_rows_link, rendered_rows},
    row::StreamItem,
    row_signals::RowsInStep,
};

#[component]
pub(super) fn StreamList() -> impl IntoView {
    let streams = expect_context::<Streams>();
    let ids = rendered_rows(streams);
    let rows = RowsInStep::new(streams);
    let is_empty = Memo::new(move |_| streams.state.with(|state| state.shown_count() == 0));
    view! {
        <ul id=LIST_ID class="streams" aria-label="Streaming destinations" hidden=move || is_empty.get()>
            <For each=move || ids.get() key=|id| *id let:id>
                {rows.row(id).map(|signals| view! { <StreamItem id signals /> })}
            </For>
        </ul>
        {all_rows_link(streams)}
    }
}
