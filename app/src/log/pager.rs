//! The way to newer and older pages.

use leptos::prelude::*;

use super::{
    location::LogLocation,
    shown::Shown,
    wire::{LogPageRequest, LogPosition},
};
use crate::ui::Icon;

#[component]
pub(super) fn Pager(shown: RwSignal<Shown>, here: LogLocation, turned: RwSignal<bool>) -> impl IntoView {
    // Live tail moves the end of the page with each event.
    let ends = Memo::new(move |_| shown.with(|shown| (shown.newer, shown.older)));
    move || links(&here, ends.get(), turned)
}

fn links(
    here: &LogLocation,
    (newer, older): (Option<LogPosition>, Option<LogPosition>),
    turned: RwSignal<bool>,
) -> Option<AnyView> {
    let newer = newer.map(LogPageRequest::NewerThan);
    let older = older.map(LogPageRequest::OlderThan);
    let is_oldest_first = here.filter.oldest_first();
    let (back, on) = if is_oldest_first {
        (older, newer)
    } else {
        (newer, older)
    };
    if back.is_none() && on.is_none() {
        return None;
    }
    let [first_text, back_text, on_text] = if is_oldest_first {
        ["Oldest", "Older", "Newer"]
    } else {
        ["Newest", "Newer", "Older"]
    };
    let link = |page: LogPageRequest, rel: &'static str, text: &'static str| {
        let href = here.clone().at(page).href();
        let is_next = rel == "next";
        let arrow = |icon| view! { <Icon icon /> };
        view! {
            <a class="button" rel=rel href=href on:click=move |_| turned.set(true)>
                {(rel == "prev").then(|| arrow(icondata_lu::LuChevronLeft))}
                {text}
                {is_next.then(|| arrow(icondata_lu::LuChevronRight))}
            </a>
        }
        .into_any()
    };
    let first = back.map(|_| link(LogPageRequest::First, "start", first_text));
    let back = back.map(|page| link(page, "prev", back_text));
    let on = on.map(|page| link(page, "next", on_text));
    Some(view! { <nav class="pager" aria-label="Pages of the Log">{first} {back} {on}</nav> }.into_any())
}
