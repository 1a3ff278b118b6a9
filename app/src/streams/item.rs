//! One destination: what it is, where it goes and how it is doing; opened, its form.

use domain::{Field, destination::DestinationKind, ids::DestinationId};
use leptos::prelude::*;

use super::{
    context::Streams,
    edit_form::EditForm,
    editing::{Editing, Form},
    verification_token::VerificationTokenBadge,
};
use crate::{
    browser,
    drawn::{draw_panel_in, drawn_place},
    model::streams_state::{StreamRow, StreamsState},
    ui::Icon,
    wire::DestinationView,
};

/// Id of the button that opens a row, where the focus returns when its form is closed.
pub(super) fn toggle_id(id: DestinationId) -> String {
    format!("stream-{id}")
}

#[component]
pub(super) fn StreamItem(id: DestinationId) -> impl IntoView {
    let streams = expect_context::<Streams>();
    let row = move |read: fn(&StreamRow) -> bool| {
        Memo::new(move |_| streams.state.with(|state| state.row(id).is_some_and(read)))
    };
    let is_expanded = row(|row| row.expanded);
    let shows_activity = row(|row| row.shows_activity);
    let view = Memo::new(move |_| streams.state.with(|state| state.row(id).map(|row| row.view.clone())));
    let text = move |read: fn(&DestinationView) -> String| {
        Signal::derive(move || view.with(|view| view.as_ref().map(read).unwrap_or_default()))
    };
    let name = text(|view| view.draft.name.clone());
    let target = text(|view| view.draft.target.summary());
    // A destination never becomes one of another kind.
    let kind = view.with_untracked(|view| view.as_ref().map(|view| view.draft.kind()));
    let token = text(|view| view.draft.target.text(Field::VerificationToken).to_owned());
    let is_shown = |kind: DestinationKind| kind.spec().given_secret().is_some_and(|(_, secret)| secret.is_shown);
    let token = kind.is_some_and(is_shown).then_some(token);
    let is_filtered =
        Signal::derive(move || view.with(|view| view.as_ref().is_some_and(|view| view.draft.is_filtered())));
    let status = text(|view| view.status.clone());
    let changed = Callback::new(move |()| {
        streams.state.update(StreamsState::changed);
        streams.refresh.dispatch(());
    });
    let panel_id = format!("stream-{id}-settings");
    view! {
        <li class="stream">
            <div class="stream-head">
                <div class="stream-title">
                    <button
                        type="button"
                        id=toggle_id(id)
                        class="stream-toggle"
                        aria-expanded=move || is_expanded.get().to_string()
                        aria-controls=panel_id.clone()
                        on:click=move |_| streams.state.update(|state| state.toggle(id))
                    >
                        <span class="chevron">
                            <Icon icon=icondata_lu::LuChevronRight />
                        </span>
                        <bdi class="stream-name">{name}</bdi>
                    </button>
                    <span class="badge">{kind.map(|kind| kind.spec().badge)}</span>
                    <FilteredBadge id is_filtered />
                </div>
                <p class="stream-url">
                    <bdi>{target}</bdi>
                </p>
                {drawn_place(status, changed, Callback::new(|_| {}))}
                {draw_end(streams, id, token)}
            </div>
            <div id=panel_id class="stream-panel" hidden=move || !is_expanded.get()>
                <Show when=move || is_expanded.get()>{open_row(streams, id, name, shows_activity)}</Show>
            </div>
        </li>
    }
}

/// What stands at the end of a row.
fn draw_end(streams: Streams, id: DestinationId, token: Option<Signal<String>>) -> AnyView {
    view! {
        <div class="stream-end">
            {token.map(|token| view! { <VerificationTokenBadge token /> })}
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
    .into_any()
}

/// The settings of a stream, or what it has done.
fn open_row(streams: Streams, id: DestinationId, name: Signal<String>, shows_activity: Memo<bool>) -> AnyView {
    let shown = move || match shows_activity.get() {
        true => draw_panel_in(
            RwSignal::new(format!("activity/{id}/hour")),
            "The activity can't be shown.",
        ),
        false => view! { <EditForm id name /> }.into_any(),
    };
    view! { {panel_tabs(streams, id, shows_activity)} {shown} }.into_any()
}

/// What an open row shows.
fn panel_tabs(streams: Streams, id: DestinationId, shows_activity: Memo<bool>) -> AnyView {
    let tab = move |label: &'static str, at_activity: bool| {
        view! {
            <button
                type="button"
                class="segment"
                aria-pressed=move || (shows_activity.get() == at_activity).to_string()
                on:click=move |_| streams.state.update(|state| state.open(id, at_activity))
            >
                {label}
            </button>
        }
        .into_any()
    };
    view! { <div class="segments stream-tabs" role="group" aria-label="What to show">{[tab("Settings", false), tab("Activity", true)]}</div> }
        .into_any()
}

/// Opens the form, if it is closed, at its first field.
fn edit(streams: Streams, id: DestinationId) {
    streams.state.update(|state| state.open(id, false));
    browser::focus(Editing::new(streams, Form::Edit(id)).field_id("name"));
}

/// Tells that not every event goes there.
#[component]
fn FilteredBadge(id: DestinationId, is_filtered: Signal<bool>) -> impl IntoView {
    let words_id = format!("stream-{id}-filtered");
    view! {
        <span class="filtered" hidden=Signal::derive(move || !is_filtered.get())>
            <button type="button" class="badge badge-button" popovertarget=words_id.clone()>
                <Icon icon=icondata_lu::LuListFilter />
                "filtered"
            </button>
            <span id=words_id class="words" popover="auto">
                "Destination has filters applied. "
                <a href="/help#event-filters" target="_blank">
                    "What are filters?"
                </a>
            </span>
        </span>
    }
}
