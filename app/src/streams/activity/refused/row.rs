//! One refused event.

use domain::{
    delivery::{RefusedChange, RefusedChoice},
    ids::Seq,
    view::{RefusedView, first_line},
};
use leptos::prelude::*;

use super::{
    super::{event_link::EventLink, short_moment::ShortMoment},
    events::RefusedEvents,
};
use crate::model::text::grouped;

#[component]
pub(super) fn RefusedRow(events: RefusedEvents, event: RefusedView) -> impl IntoView {
    let seq = event.seq;
    let next_try = event.next_try_at.map(|at| {
        view! {
            <td data-label="Next try">
                <ShortMoment at />
            </td>
        }
    });
    let buttons = events
        .changes()
        .iter()
        .map(|change| view! { <RowButton events seq change=*change /> });
    let is_selected = move || events.selection.with(|selection| selection.contains(seq));
    view! {
        <tr>
            <td class="refused-check">
                <input
                    type="checkbox"
                    class="checkbox"
                    aria-label=format!("Select the event at position {seq}")
                    prop:checked=is_selected
                    on:change=move |_| events.selection.update(|selection| selection.toggle(seq))
                />
            </td>
            <td data-label="Event">
                <EventLink seq event=event.event />
            </td>
            <td data-label="Response">
                {response(&event.reason, event.response)}
            </td>
            <td class="refused-tries" data-label="Attempts">
                {grouped(event.tries.into())}
            </td>
            <td data-label="Last rejected">
                <ShortMoment at=event.refused_at />
            </td>
            {next_try}
            <td class="refused-actions">{buttons.collect_view()}</td>
        </tr>
    }
}

#[component]
fn RowButton(events: RefusedEvents, seq: Seq, change: RefusedChange) -> impl IntoView {
    let verb = events.verb(change);
    let label = format!("{verb}: event at position {seq}");
    view! {
        <button
            type="button"
            class="button button-small"
            aria-label=label
            disabled=events.send.pending()
            on:click=move |_| events.change(change, RefusedChoice::At(vec![seq]), 1)
        >
            {verb}
        </button>
    }
}

/// The reason and the first line of the response; all of it when it is opened.
fn response(reason: &str, response: String) -> impl IntoView + use<> {
    let reason = reason.to_owned();
    match first_line(&response).map(str::to_owned) {
        None => view! { <span>{reason}</span> }.into_any(),
        Some(line) => view! {
            <details class="response">
                <summary>
                    {reason} " " <code class="first-line">{line}</code>
                </summary>
                <pre class="answer" tabindex="0">
                    {response}
                </pre>
            </details>
        }
        .into_any(),
    }
}
