//! An event in a list, with the way to its details in the Log.

use domain::{ids::Seq, view::EventBrief};
use leptos::prelude::*;

use crate::log::AUDIT_EVENTS;

/// The action, linked to the event in the Log, and the event type.
#[component]
pub(super) fn EventLink(seq: Seq, event: Option<EventBrief>) -> impl IntoView {
    let href = event_address(seq);
    match event {
        Some(event) => view! {
            <a class="event-action" href=href>
                <bdi>{event.action}</bdi>
            </a>
            <code class="event-type">{event.event_type}</code>
        }
        .into_any(),
        None => view! { <span class="quiet">{format!("Position {seq}: no longer in the log")}</span> }.into_any(),
    }
}

/// The address of the Log with the details of an event open.
pub(super) fn event_address(seq: Seq) -> String {
    format!("{AUDIT_EVENTS}?tab=log&event={seq}")
}
