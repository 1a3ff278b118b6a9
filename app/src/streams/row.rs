//! One destination: what it is, where events are sent and how the stream is doing; open, its form or its activity.

use std::sync::Arc;

use domain::{
    Field,
    destination::{RotatedSecret, TlsSettings},
    ids::DestinationId,
    page::StreamView,
    view::DestinationView,
};
use leptos::{ev, prelude::*};

use super::{
    activity::Activity,
    badges::{FilteredBadge, KindBadge, UnverifiedBadge},
    commands::{CommandOutcome, Commands},
    context::Streams,
    deactivate::DeactivateDialog,
    editor::{EditForm, Editing, Form, VerificationTokenBadge},
    ids::{HEADING_ID, panel_id, tab_id, tab_panel_id, toggle_id},
    row_signals::RowSignals,
    state::StreamRow,
    status::{Health, Rate},
    switches::{ActiveSwitch, PauseButton, RetryButtons},
    tabs::{StreamTabs, tab_of},
};
use crate::{
    browser,
    ui::{Alert, AlertTone, Icon, LeaveGuard},
};

#[component]
pub(super) fn StreamItem(id: DestinationId, signals: RowSignals) -> impl IntoView {
    let RowSignals {
        is_expanded, is_hidden, ..
    } = signals;
    let view: Signal<Arc<DestinationView>> = signals.view.into();
    let name = Memo::new(move |_| view.with(|view| view.name.clone()));
    let is_out_of_sight = RwSignal::new(false);
    let is_seen = Memo::new(move |_| is_expanded.get() || !(is_hidden.get() || is_out_of_sight.get()));
    let on_sight = move |event: ev::Event| {
        if let Some(is_now) = browser::is_out_of_sight(&event) {
            is_out_of_sight.set(is_now);
        }
    };
    view! {
        <li
            class="stream"
            class:stream-closed=move || !is_expanded.get()
            hidden=move || is_hidden.get()
            on:contentvisibilityautostatechange=on_sight
        >
            <StreamHead view name is_expanded=is_expanded.into() is_seen=is_seen.into() />
            <div id=panel_id(id) class="stream-panel" hidden=move || !is_expanded.get()>
                <Show when=move || is_expanded.get()>
                    <OpenRow view name=name.into() />
                </Show>
            </div>
        </li>
    }
}

#[component]
fn StreamHead(
    view: Signal<Arc<DestinationView>>,
    name: Memo<String>,
    is_expanded: Signal<bool>,
    is_seen: Signal<bool>,
) -> impl IntoView {
    let streams = expect_context::<Streams>();
    let guard = expect_context::<LeaveGuard>();
    let (id, kind) = view.with_untracked(|view| (view.id, view.kind));
    let target = Memo::new(move |_| view.with(|view| view.target.summary()));
    let is_filtered = Memo::new(move |_| view.with(|view| view.is_filtered()));
    let is_unverified = Memo::new(move |_| view.with(|view| TlsSettings::skips_verification(&view.target.values)));
    let health = Memo::new(move |_| view.with(|view| view.health.clone()));
    let commands = Commands::new(streams, id);
    view! {
        <div class="stream-head" class:stream-inactive=move || !view.with(|view| view.active)>
            <div class="stream-title">
                <button
                    type="button"
                    id=toggle_id(id)
                    class="stream-toggle"
                    aria-expanded=move || is_expanded.get().to_string()
                    aria-controls=panel_id(id)
                    on:click=move |_| toggle(streams, guard, id)
                >
                    <span class="chevron">
                        <Icon icon=icondata_lu::LuChevronRight />
                    </span>
                    <bdi class="stream-name">{name}</bdi>
                </button>
                <KindBadge kind />
                <UnverifiedBadge is_unverified />
                <FilteredBadge id is_filtered />
            </div>
            <p class="stream-url">
                <bdi>{target}</bdi>
            </p>
            <div class="stream-health">
                <Health id health is_seen />
                <RetryButtons commands view name />
            </div>
            <Rate id health />
            <div class="stream-commands">
                <PauseButton commands view name />
                <ActiveSwitch commands view name />
            </div>
            <RowEnd view />
            <CommandOutcome commands health />
        </div>
        <DeactivateDialog commands view name />
    }
}

/// The verification token and *Edit*.
#[component]
fn RowEnd(view: Signal<Arc<DestinationView>>) -> impl IntoView {
    let streams = expect_context::<Streams>();
    let (id, kind) = view.with_untracked(|view| (view.id, view.kind));
    let has_token = kind.spec().given_secret().is_some_and(|(_, secret)| secret.is_shown);
    let token = has_token.then(|| Signal::derive(move || view.with(|view| verification_token(view))));
    let previous = |view: &Arc<DestinationView>| view.previous_valid_until(RotatedSecret::VerificationToken);
    let is_new = Signal::derive(move || view.with(|view| previous(view).is_some()));
    view! {
        <div class="stream-end">
            {token.map(|token| view! { <VerificationTokenBadge token is_new /> })}
            <button
                type="button"
                class="icon-button needs-script"
                aria-label="Edit"
                title="Edit"
                on:click=move |_| edit(streams, id)
            >
                <Icon icon=icondata_lu::LuPencil />
            </button>
        </div>
    }
}

fn verification_token(view: &DestinationView) -> String {
    view.target.values.text(Field::VerificationToken).to_owned()
}

/// The settings of a stream, or its activity.
#[component]
fn OpenRow(view: Signal<Arc<DestinationView>>, name: Signal<String>) -> impl IntoView {
    let streams = expect_context::<Streams>();
    let id = view.with_untracked(|view| view.id);
    let health = Signal::derive(move || view.with(|view| view.health.clone()));
    let shown = Memo::new(move |_| streams.state.with(|state| state.row(id).map(|row| row.shown)));
    let parked_is_wanted = Memo::new(move |_| shown.get() == Some(StreamView::Parked));
    let tab_shown = Memo::new(move |_| shown.get().map(tab_of));
    let choose = Callback::new(move |view| show(streams, id, view));
    let labelled_by = move || tab_id(id, tab_shown.get().unwrap_or(StreamView::Settings));
    view! {
        <StreamTabs id shown=tab_shown choose />
        <DeletedElsewhere id />
        <div role="tabpanel" id=tab_panel_id(id) aria-labelledby=labelled_by>
            {move || match tab_shown.get() {
                Some(StreamView::Activity | StreamView::Parked) => {
                    let changed = Callback::new(move |()| streams.refresh.now());
                    view! { <Activity id health parked_is_wanted changed /> }.into_any()
                }
                Some(StreamView::Settings) => view! { <EditForm id name /> }.into_any(),
                None => ().into_any(),
            }}
        </div>
    }
}

/// Shown in a row with unsaved text whose destination is gone.
#[component]
fn DeletedElsewhere(id: DestinationId) -> impl IntoView {
    let state = expect_context::<Streams>().state;
    let is_deleted = Memo::new(move |_| state.with(|state| state.row(id).is_some_and(|row| row.deleted)));
    let close = move |_| {
        state.update(|state| state.forget_deleted(id));
        browser::focus(HEADING_ID);
    };
    view! {
        <div role="alert">
            <Show when=move || is_deleted.get()>
                <Alert tone=AlertTone::Warning title="Someone else deleted this destination">
                    <p>"Your changes cannot be saved. Copy what you need before you close it."</p>
                    <p class="alert-actions">
                        <button type="button" class="button" on:click=close>
                            "Close"
                        </button>
                    </p>
                </Alert>
            </Show>
        </div>
    }
}

/// Opens or closes a row. What was entered in it is discarded only if the reader agrees.
fn toggle(streams: Streams, guard: LeaveGuard, id: DestinationId) {
    let state = streams.state;
    if state.with_untracked(|state| state.row(id).is_some_and(StreamRow::is_unsaved)) {
        guard.ask(move || state.update(|state| state.cancel_edit(id)));
    } else {
        state.update(|state| state.toggle(id));
    }
}

/// Opens the form, if it is closed, at its first field.
fn edit(streams: Streams, id: DestinationId) {
    show(streams, id, StreamView::Settings);
    browser::focus(Editing::new(streams, Form::Edit(id)).field_id("name"));
}

fn show(streams: Streams, id: DestinationId, view: StreamView) {
    streams.state.update(|state| {
        state.open(id, view);
    });
}
