//! One page of the Log, by the address of the page.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    drawer::Drawer,
    empty::EmptyLog,
    pager::Pager,
    table::{LogTable, TABLE_ID},
};
use crate::{
    browser,
    loading::load,
    model::log_location::{LogLocation, LogPageParameter},
    server_fns::events::list_events,
    ui::{Loaded, TableSkeleton},
    wire::{LogPage, LogPageRequest},
};

#[component]
pub(crate) fn LogTab() -> impl IntoView {
    let query = use_query_map();
    let location = Memo::new(move |_| LogLocation::from_query(|name| query.read().get(name)));
    let page = load(move || location.get().page, |page| list_events(LogPageParameter(page)));
    let turned = RwSignal::new(false);
    let is_open = Memo::new(move |_| location.get().event.is_some());
    view! {
        <Loaded
            resource=page
            what="The Log can't be shown."
            skeleton=|| view! { <TableSkeleton rows=26 /> }
            view=move |page| view! { <LoadedPage page location turned /> }
        />
        <Show when=move || is_open.get()>
            <Drawer location />
        </Show>
    }
}

#[component]
fn LoadedPage(page: LogPage, location: Memo<LogLocation>, turned: RwSignal<bool>) -> impl IntoView {
    let request = location.get_untracked().page;
    if page.rows.is_empty() && request == LogPageRequest::Newest {
        return view! { <EmptyLog /> }.into_any();
    }
    focus_turned_page(turned);
    let is_newest = page.newer.is_none();
    let (newer, older) = (page.newer, page.older);
    view! {
        <LogTable rows=page.rows location />
        <Pager newer older is_newest turned />
    }
    .into_any()
}

/// The link that turned the page is gone with the old page: the keyboard goes on at the top of the new one.
fn focus_turned_page(turned: RwSignal<bool>) {
    Effect::new(move |_| {
        if turned.get_untracked() {
            turned.set(false);
            browser::focus(TABLE_ID);
        }
    });
}
