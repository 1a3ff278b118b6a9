//! The Log tab, by the address of the page.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use super::{
    drawer::Drawer,
    empty::cannot_filter,
    export::{ExportStatus, Exports},
    filter_bar::FilterBar,
    histogram::HistogramPanel,
    live::{LiveSwitch, LiveTail},
    location::LogLocation,
    results::Results,
    server_fns::{list_events, suggest_values},
    value::{ValueMenu, ValueMenus},
    views_menu::Views,
    wire::{LogPage, LogPageRequest},
};
use crate::{
    deadline::in_time,
    resource::json_resource,
    ui::{ErrorView, TableSkeleton, suspended},
    wire::AppError,
};

#[component]
pub(crate) fn LogTab() -> impl IntoView {
    let search = use_location().search;
    let location = Memo::new(move |_| search.with(|search| LogLocation::from_query(search)));
    let start = Memo::new(move |_| location.get().at(LogPageRequest::First));
    let query = Memo::new(move |_| location.with(LogLocation::query));
    let is_open = Memo::new(move |_| location.with(|location| location.event.is_some()));
    let suggestions = json_resource(|| (), |()| suggest_values());
    let page = json_resource(move || query.get(), |query| in_time(list_events(query)));
    let (live, views, turned) = (LiveTail::new(), Views::new(), RwSignal::new(false));
    let exports = Exports::new();
    ValueMenus::provide();
    let navigate = use_navigate();
    let go = Callback::new(move |href: String| {
        let options = NavigateOptions {
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&href, options);
    });
    view! {
        <div class="log-tools">
            <FilterBar location=start go suggestions views exports />
            <LiveSwitch location live go />
        </div>
        <ExportStatus exports />
        <HistogramPanel location go />
        <div class="log-results">
            <Transition fallback=|| {
                view! { <TableSkeleton rows=26 /> }
            }>
                {move || suspended(page, move |answer| {
                    let retry = Callback::new(move |()| page.refetch());
                    results(answer, location, live, turned, retry)
                })}
            </Transition>
        </div>
        <ValueMenu location />
        <Show when=move || is_open.get()>
            <Drawer location live go />
        </Show>
    }
}

fn results(
    answer: Result<LogPage, AppError>,
    location: Memo<LogLocation>,
    live: LiveTail,
    turned: RwSignal<bool>,
    on_retry: Callback<()>,
) -> AnyView {
    match answer {
        Ok(page) => view! { <Results page location live turned /> }.into_any(),
        Err(AppError::Invalid(_)) => cannot_filter(&location.get_untracked()),
        Err(error) => view! { <ErrorView what="The Log can't be shown." error on_retry /> }.into_any(),
    }
}
