//! The way to newer and older pages.

use leptos::prelude::*;

use crate::{
    model::log_location::LogLocation,
    ui::Icon,
    wire::{LogPageRequest, LogPosition},
};

#[component]
pub(super) fn Pager(
    newer: Option<LogPosition>,
    older: Option<LogPosition>,
    is_newest: bool,
    turned: RwSignal<bool>,
) -> impl IntoView {
    if is_newest && older.is_none() {
        return ().into_any();
    }
    let turn = move |_| turned.set(true);
    let newest = (!is_newest).then(|| {
        view! {
            <a class="button" href=href(LogPageRequest::Newest) on:click=turn>
                "Newest"
            </a>
        }
    });
    let newer = newer.map(|position| {
        view! {
            <a class="button" rel="prev" href=href(LogPageRequest::NewerThan(position)) on:click=turn>
                <Icon icon=icondata_lu::LuChevronLeft />
                "Newer"
            </a>
        }
    });
    let older = older.map(|position| {
        view! {
            <a class="button" rel="next" href=href(LogPageRequest::OlderThan(position)) on:click=turn>
                "Older"
                <Icon icon=icondata_lu::LuChevronRight />
            </a>
        }
    });
    view! {
        <nav class="pager" aria-label="Pages of the Log">
            {newest} {newer} {older}
        </nav>
    }
    .into_any()
}

fn href(page: LogPageRequest) -> String {
    LogLocation::page(page).href()
}
