//! The tab: its heading, messages, the form for a new destination, and the list.

use domain::view::DestinationView;
use leptos::prelude::*;

use super::{
    address::follow_address,
    context::Streams,
    count::StreamCount,
    editor::{AddForm, TestAdded},
    empty::EmptyStreams,
    head::{ListHead, LogFull, MissingStream, NothingShown},
    ids::NOTICE_ID,
    list::StreamList,
    server_fns::list_destinations,
    state::{Notice, StreamsState},
};
use crate::ui::{Alert, AlertTone, LeaveDialog, LeaveGuard, Live, Refresh, TableSkeleton};

#[component]
pub(crate) fn StreamsTab() -> impl IntoView {
    let refresh = Refresh::new();
    view! {
        <Live
            source=()
            ask=|(), known| list_destinations(known)
            what="The streams can't be shown."
            skeleton=|| view! { <TableSkeleton rows=4 /> }
            refresh=refresh
            view=move |list| view! { <LoadedStreams list refresh /> }.into_any()
        />
    }
}

#[component]
fn LoadedStreams(list: Signal<Vec<DestinationView>>, refresh: Refresh) -> impl IntoView {
    let streams = Streams::new(list, refresh);
    provide_context(streams);
    let location = follow_address(streams);
    let state = streams.state;
    show_count(state);
    let is_empty = Memo::new(move |_| state.with(StreamsState::is_empty));
    let is_adding = Memo::new(move |_| state.with(|state| state.adding().is_some()));
    let notice = Memo::new(move |_| state.with(StreamsState::notice));
    let is_unsaved = Memo::new(move |_| state.with(StreamsState::is_unsaved));
    let discard = Callback::new(move |()| state.update(StreamsState::discard_entered));
    let guard = LeaveGuard::provide(is_unsaved.into(), discard);
    view! {
        <LeaveDialog guard />
        <div class="streams-tab">
            <div id=NOTICE_ID tabindex="-1" role="status">{move || notice.get().map(|notice| view! { <NoticeAlert notice /> })}</div>
            // Also above the first destination's form: another kind can be chosen there.
            <Show when=move || !is_empty.get() || is_adding.get()>
                <ListHead location />
            </Show>
            <LogFull />
            <MissingStream location />
            <Show when=move || is_adding.get()>
                <AddForm />
            </Show>
            <Show when=move || !is_empty.get() fallback=move || view! { <EmptyStreams is_adding /> }>
                <StreamList />
                <NothingShown />
            </Show>
        </div>
    }
}

/// The count in the tab is that of the list.
fn show_count(state: RwSignal<StreamsState>) {
    let shown = expect_context::<StreamCount>();
    let count = Memo::new(move |_| state.with(StreamsState::count));
    Effect::new(move |_| shown.set(count.get()));
}

#[component]
fn NoticeAlert(notice: Notice) -> impl IntoView {
    let streams = expect_context::<Streams>();
    let tone = match notice {
        Notice::DeletedElsewhere(_) => AlertTone::Warning,
        Notice::Added(_) | Notice::Deleted => AlertTone::Good,
    };
    view! {
        <Alert tone on_dismiss=move |()| streams.state.update(StreamsState::dismiss_notice)>
            <p>{notice.message()}</p>
            {match notice {
                Notice::Added(id) => view! { <TestAdded id /> }.into_any(),
                Notice::Deleted | Notice::DeletedElsewhere(_) => ().into_any(),
            }}
        </Alert>
    }
}
