//! One page of the Log, by the address of the page.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use super::{
    drawer::Drawer,
    empty::{EmptyLog, nothing_matches},
    filter_bar::{filter_bar, known_id},
    live::{Live, arrived, live_switch},
    pager::{keep_searching, pager},
    table::{LogTable, TABLE_ID},
};
use crate::{
    browser,
    loading::load,
    model::log_location::LogLocation,
    server_fns::events::list_events,
    ui::{Loaded, TableSkeleton},
    wire::{LogPage, LogPageRequest},
};

#[component]
pub(crate) fn LogTab() -> impl IntoView {
    let search = use_location().search;
    let location = Memo::new(move |_| search.with(|search| LogLocation::from_query(search)));
    let start = Memo::new(move |_| location.get().at(LogPageRequest::First));
    let live = Live::new();
    let filter_open = RwSignal::new(false);
    let page = load(move || location.with(|location| live.query(location)), list_events);
    let turned = RwSignal::new(false);
    let is_open = Memo::new(move |_| location.with(|location| location.event.is_some()));
    let navigate = use_navigate();
    let go = Callback::new(move |href: String| {
        let options = NavigateOptions {
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&href, options);
    });
    let refresh = Callback::new(move |()| {
        turned.set(true);
        live.refresh();
        page.refetch();
    });
    view! {
        <div class="log-tools">
            {move || start.with(|start| filter_bar(start, go, filter_open))} {live_switch(live, location, go)}
        </div>
        {arrived(live, location, refresh)}
        <Loaded
            resource=page
            what="The Log can't be shown."
            skeleton=|| view! { <TableSkeleton rows=26 /> }
            view=move |page| loaded_page(page, location, turned, live)
        />
        <Show when=move || is_open.get()>
            <Drawer location />
        </Show>
    }
}

fn loaded_page(page: LogPage, location: Memo<LogLocation>, turned: RwSignal<bool>, live: Live) -> AnyView {
    let here = location.get_untracked();
    let late = live.show(&page, here.is_at_newest());
    let is_nothing = page.rows.is_empty() && here.page == LogPageRequest::First && page.searched_to.is_none();
    let known = page.known.iter().map(|(token, values)| known_values(token, values));
    let known = known.collect_view();
    if is_nothing && here.filter.is_empty() {
        return view! { <EmptyLog /> }.into_any();
    }
    focus_turned_page(turned);
    let searched = page.searched_to.map(|end| keep_searching(&here, end, turned));
    let pager = pager(&here, &page, turned);
    let rows = if is_nothing {
        nothing_matches(&here)
    } else {
        view! { <LogTable late rows=page.rows location /> }.into_any()
    };
    view! { {rows} {searched} {pager} {known} }.into_any()
}

fn known_values(token: &str, values: &[String]) -> AnyView {
    let options = values
        .iter()
        .map(|value| view! { <option value=value.clone()></option> });
    view! { <datalist id=known_id(token)>{options.collect_view()}</datalist> }.into_any()
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
