//! Loads the list once, then keeps it fresh.

use std::time::Duration;

use leptos::prelude::*;

use super::{add_form::AddForm, add_menu::AddMenu, context::Streams, empty::EmptyStreams, list::StreamList};
use crate::{
    browser,
    clock::Clock,
    loading::load,
    model::{
        streams_state::{Notice, StreamsState},
        text::counted,
    },
    server_fns::destinations::list_destinations,
    ui::{Alert, AlertTone, Loaded, TableSkeleton},
    wire::DestinationView,
};

const REFRESHED_EVERY: Duration = Duration::from_secs(3);

/// The heading, where the focus goes when a stream has been deleted.
pub(super) const HEADING_ID: &str = "streams-heading";

#[component]
pub(crate) fn StreamsTab() -> impl IntoView {
    let destinations = load(|| (), |()| list_destinations(None));
    view! {
        <Loaded
            resource=destinations
            what="The streams can't be shown."
            skeleton=|| view! { <TableSkeleton rows=4 /> }
            view=|destinations| view! { <LoadedStreams destinations /> }
        />
    }
}

#[component]
fn LoadedStreams(destinations: Vec<DestinationView>) -> impl IntoView {
    let streams = Streams::new(destinations);
    provide_context(streams);
    keep_fresh(streams);
    let state = streams.state;
    let is_empty = Memo::new(move |_| state.with(StreamsState::is_empty));
    let is_adding = Memo::new(move |_| state.with(|state| state.adding().is_some()));
    view! {
        <div role="status">
            {move || {
                let notice = state.with(StreamsState::notice);
                notice.map(|notice| view! { <NoticeAlert notice /> })
            }}
        </div>
        <Show when=move || !is_empty.get()>
            <ListHead />
        </Show>
        <Show when=move || is_adding.get()>
            <AddForm />
        </Show>
        <Show when=move || !is_empty.get() fallback=move || view! { <EmptyStreams is_adding /> }>
            <StreamList />
        </Show>
    }
}

#[component]
fn ListHead() -> impl IntoView {
    let streams = expect_context::<Streams>();
    view! {
        <div class="streams-head">
            <h2 id=HEADING_ID tabindex="-1">
                {move || counted(streams.state.with(StreamsState::count), "destination")}
            </h2>
            <AddMenu />
        </div>
    }
}

#[component]
fn NoticeAlert(notice: Notice) -> impl IntoView {
    let streams = expect_context::<Streams>();
    view! {
        <Alert tone=AlertTone::Good on_dismiss=move |()| streams.state.update(StreamsState::dismiss_notice)>
            {notice.message()}
        </Alert>
    }
}

/// Asks again every few seconds while the page is looked at.
fn keep_fresh(streams: Streams) {
    let clock = expect_context::<Clock>();
    Effect::new(move |_| {
        // Times are in UTC until then.
        if clock.is_ready() {
            streams.refresh.dispatch(());
        }
        let refresh = move || {
            if browser::is_visible() && !streams.refresh.pending().get_untracked() {
                streams.refresh.dispatch(());
            }
        };
        let handle = set_interval_with_handle(refresh, REFRESHED_EVERY);
        on_cleanup(move || {
            if let Ok(handle) = handle {
                handle.clear();
            }
        });
    });
}
