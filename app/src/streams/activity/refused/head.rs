//! How many events are in the list, what can be done about them, and what is done with the selected ones.

use domain::{
    delivery::{RefusedChange, RefusedChoice, RefusedList},
    view::{RefusedPage, RefusedView},
};
use leptos::prelude::*;

use super::{
    super::super::ids::parked_id,
    events::{RefusedEvents, list_name},
    selection::Selection,
};
use crate::model::text::{counted, grouped};

#[component]
pub(super) fn Head(events: RefusedEvents, page: Signal<RefusedPage>, total: Memo<u64>) -> impl IntoView {
    let advice = Memo::new(move |_| page.with(|page| distinct_advice(&page.items)));
    let heading_id = match events.list {
        RefusedList::Parked => parked_id(events.id),
        RefusedList::Retrying => format!("{}-{}", list_name(events.list), events.id),
    };
    let (title, lead) = words(events.list);
    let all = events
        .changes()
        .iter()
        .map(|change| view! { <AllButton events change=*change total /> });
    view! {
        <div class="section-head">
            <h3 id=heading_id tabindex="-1">
                {move || title(total.get())}
            </h3>
            <div class="section-actions">{all.collect_view()}</div>
        </div>
        <p class="quiet">{lead}</p>
        <ul class="advice">
            <For each=move || advice.get() key=String::clone children=|advice| view! { <li>{advice}</li> } />
        </ul>
        <SelectionBar events />
    }
}

/// The heading, and the sentence below it.
fn words(list: RefusedList) -> (fn(u64) -> String, &'static str) {
    match list {
        RefusedList::Retrying => (
            |total| format!("{}, retrying", counted(total, "rejected event")),
            "Each of these events is tried five times in about ten minutes, and then parked. Other events are not blocked.",
        ),
        RefusedList::Parked => (
            |total| counted(total, "parked event"),
            "These events were rejected and are no longer retried. Other events are not blocked.",
        ),
    }
}

#[component]
fn AllButton(events: RefusedEvents, change: RefusedChange, total: Memo<u64>) -> impl IntoView {
    let label = match change {
        RefusedChange::Park => "Park all",
        RefusedChange::Retry if events.list == RefusedList::Retrying => "Retry all now",
        RefusedChange::Retry => "Retry all",
        RefusedChange::Discard => "Discard all",
    };
    view! {
        <button
            type="button"
            class="button button-small"
            disabled=events.send.pending()
            on:click=move |_| events.change(change, RefusedChoice::All, total.get_untracked())
        >
            {label}
        </button>
    }
}

#[component]
fn SelectionBar(events: RefusedEvents) -> impl IntoView {
    let selected = Memo::new(move |_| events.selection.with(Selection::seqs));
    let count = move || u64::try_from(selected.with(Vec::len)).unwrap_or(u64::MAX);
    let pending = events.send.pending();
    let is_none = move || pending.get() || selected.with(Vec::is_empty);
    let button = move |change: RefusedChange| {
        let label = match change {
            RefusedChange::Park => "Park selected",
            RefusedChange::Retry if events.list == RefusedList::Retrying => "Retry selected now",
            RefusedChange::Retry => "Retry selected",
            RefusedChange::Discard => "Discard selected",
        };
        let run = move |_| events.change(change, RefusedChoice::At(selected.get_untracked()), count());
        view! {
            <button type="button" class="button button-small" disabled=is_none on:click=run>
                {label}
            </button>
        }
    };
    view! {
        <div class="selection" role="group" aria-label="Selected events">
            <span class="selection-count" role="status">
                {move || format!("{} selected", grouped(count()))}
            </span>
            {events.changes().iter().map(|change| button(*change)).collect_view()}
        </div>
    }
}

/// Each only once: most refused events of a destination have the same.
fn distinct_advice(items: &[RefusedView]) -> Vec<String> {
    let mut advice: Vec<String> = Vec::new();
    for item in items {
        if !advice.contains(&item.next_step) {
            advice.push(item.next_step.clone());
        }
    }
    advice
}
