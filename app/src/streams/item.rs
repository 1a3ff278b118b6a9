//! One destination: what it is, where it goes and how it is doing; opened, its form.

use domain::{Field, destination::DestinationKind, ids::DestinationId};
use leptos::prelude::*;

use super::{
    context::Streams,
    edit_form::EditForm,
    editing::{Editing, Form},
    health::Health,
    verification_token::VerificationTokenBadge,
};
use crate::{
    browser,
    model::{
        kind::{badge_label, target_line},
        streams_state::StreamRow,
    },
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
    let view = Memo::new(move |_| streams.state.with(|state| state.row(id).map(|row| row.view.clone())));
    let text = move |read: fn(&DestinationView) -> String| {
        Signal::derive(move || view.with(|view| view.as_ref().map(read).unwrap_or_default()))
    };
    let name = text(|view| view.draft.name.clone());
    let target = text(|view| target_line(&view.draft.target));
    let token = text(|view| view.draft.target.text(Field::VerificationToken).to_owned());
    // A destination never becomes one of another kind.
    let kind = view.with_untracked(|view| view.as_ref().map(|view| view.draft.kind()));
    let has_token = kind == Some(DestinationKind::Http);
    let is_filtered =
        Signal::derive(move || view.with(|view| view.as_ref().is_some_and(|view| view.draft.is_filtered())));
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
                    <span class="badge">{kind.map(badge_label)}</span>
                    <FilteredBadge id is_filtered />
                </div>
                <p class="stream-url">
                    <bdi>{target}</bdi>
                </p>
                <Health view />
                <div class="stream-end">
                    {has_token.then(|| view! { <VerificationTokenBadge token /> })}
                    <button type="button" class="icon-button needs-script" aria-label="Edit" title="Edit" on:click=move |_| edit(streams, id)>
                        <Icon icon=icondata_lu::LuPencil />
                    </button>
                </div>
            </div>
            <div id=panel_id class="stream-panel" hidden=move || !is_expanded.get()>
                <Show when=move || is_expanded.get()>
                    <EditForm id name />
                </Show>
            </div>
        </li>
    }
}

/// Opens the form, if it is closed, at its first field.
fn edit(streams: Streams, id: DestinationId) {
    streams.state.update(|state| state.expand(id));
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
