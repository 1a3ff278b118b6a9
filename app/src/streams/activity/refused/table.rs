//! A page of refused events, and the way to the other pages.

use domain::{delivery::RefusedList, view::RefusedPage};
use leptos::prelude::*;

use super::{super::short_moment::Zone, events::RefusedEvents, row::RefusedRow, selection::Pages};

#[component]
pub(super) fn Table(events: RefusedEvents, page: Signal<RefusedPage>, label: &'static str) -> impl IntoView {
    let seqs = move || page.with(|page| page.items.iter().map(|event| event.seq).collect::<Vec<_>>());
    let are_all = Memo::new(move |_| events.selection.with(|selection| selection.has_all(&seqs())));
    let has_next_try = events.list == RefusedList::Retrying;
    view! {
        <table class="refused-table" aria-label=label>
            <thead>
                <tr>
                    <th scope="col" class="refused-check">
                        <input
                            type="checkbox"
                            class="checkbox"
                            aria-label="Select all events on this page"
                            prop:checked=are_all
                            on:change=move |_| events.selection.update(|selection| selection.toggle_all(&seqs()))
                        />
                    </th>
                    <th scope="col">"Event"</th>
                    <th scope="col">"Response"</th>
                    <th scope="col" class="refused-tries">
                        "Attempts"
                    </th>
                    <th scope="col">"Last rejected (" <Zone /> ")"</th>
                    {has_next_try.then(|| view! { <th scope="col">"Next try"</th> })}
                    <th scope="col">
                        <span class="visually-hidden">"Actions"</span>
                    </th>
                </tr>
            </thead>
            <tbody>
                <For
                    each=move || page.with(|page| page.items.clone())
                    key=|event| (event.seq, event.tries, event.refused_at, event.next_try_at)
                    children=move |event| view! { <RefusedRow events event /> }
                />
            </tbody>
        </table>
    }
}

#[component]
pub(super) fn Pager(events: RefusedEvents, page: Signal<RefusedPage>, total: Memo<u64>) -> impl IntoView {
    let older = Memo::new(move |_| page.with(|page| page.next_before));
    let pages = events.pages;
    let label = match events.list {
        RefusedList::Retrying => "Pages of rejected events",
        RefusedList::Parked => "Pages of parked events",
    };
    let range = move || {
        let count = page.with(|page| page.items.len());
        pages.with(|pages| pages.range(count, total.get()))
    };
    let is_needed = Memo::new(move |_| older.get().is_some() || pages.with(|pages| pages.before().is_some()));
    let go_older = move |_| {
        if let Some(before) = older.get_untracked() {
            let count = page.with_untracked(|page| page.items.len());
            events.go(pages.with_untracked(|pages| pages.older(before, count)));
        }
    };
    view! {
        <Show when=move || is_needed.get()>
            <nav class="refused-pager" aria-label=label>
                <button
                    type="button"
                    class="button button-small"
                    disabled=move || pages.with(|pages| pages.before().is_none())
                    on:click=move |_| events.go(pages.with_untracked(Pages::newer))
                >
                    "Newer"
                </button>
                <span class="pager-range">{range}</span>
                <button
                    type="button"
                    class="button button-small"
                    disabled=move || older.get().is_none()
                    on:click=go_older
                >
                    "Older"
                </button>
            </nav>
        </Show>
    }
}
