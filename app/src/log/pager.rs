//! The way to newer and older pages, and on through a search that ended early.

use leptos::prelude::*;

use crate::{
    model::log_location::LogLocation,
    ui::{Icon, Moment},
    wire::{LogPage, LogPageRequest, LogPosition},
};

pub(super) fn pager(here: &LogLocation, page: &LogPage, turned: RwSignal<bool>) -> Option<AnyView> {
    let oldest_first = here.filter.oldest_first();
    let newer = page.newer.map(LogPageRequest::NewerThan);
    let older = page.older.map(LogPageRequest::OlderThan);
    let (back, on) = if oldest_first { (older, newer) } else { (newer, older) };
    if back.is_none() && on.is_none() {
        return None;
    }
    let [first_word, back_word, on_word] = if oldest_first {
        ["Oldest", "Older", "Newer"]
    } else {
        ["Newest", "Newer", "Older"]
    };
    let link = |page: LogPageRequest, rel: &'static str, word: &'static str| {
        let href = here.clone().at(page).href();
        let is_next = rel == "next";
        let arrow = |icon| view! { <Icon icon /> };
        view! {
            <a class="button" rel=rel href=href on:click=move |_| turned.set(true)>
                {(rel == "prev").then(|| arrow(icondata_lu::LuChevronLeft))}
                {word}
                {is_next.then(|| arrow(icondata_lu::LuChevronRight))}
            </a>
        }
        .into_any()
    };
    let first = back.map(|_| link(LogPageRequest::First, "start", first_word));
    let back = back.map(|page| link(page, "prev", back_word));
    let on = on.map(|page| link(page, "next", on_word));
    Some(view! { <nav class="pager" aria-label="Pages of the Log">{first} {back} {on}</nav> }.into_any())
}

/// How far the search has come, and the rest of it.
pub(super) fn keep_searching(here: &LogLocation, end: LogPosition, turned: RwSignal<bool>) -> AnyView {
    let goes_back = match here.page {
        LogPageRequest::OlderThan(_) => true,
        LogPageRequest::NewerThan(_) => false,
        _ => !here.filter.oldest_first(),
    };
    let (words, page) = if goes_back {
        ("Searched back to ", LogPageRequest::OlderThan(end))
    } else {
        ("Searched up to ", LogPageRequest::NewerThan(end))
    };
    let href = here.clone().at(page).href();
    view! {
        <p class="log-searched">
            <span>{words} <Moment at=end.created_at />"."</span>
            <a class="button" href=href on:click=move |_| turned.set(true)>
                "Keep searching"
            </a>
        </p>
    }
    .into_any()
}
