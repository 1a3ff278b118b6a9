//! The form for a new destination, in a box above the list.

use domain::destination::DestinationKind;
use leptos::{ev::SubmitEvent, prelude::*};

use super::{
    add_menu::BUTTON_ID,
    context::Streams,
    editing::{Editing, Form},
    event_types::EventTypes,
    http_fields::HttpFields,
    refusal::Refusal,
};
use crate::{
    browser,
    model::{editor::EditorState, streams_state::StreamsState},
    ui::{Alert, AlertTone},
};

#[component]
pub(super) fn AddForm() -> impl IntoView {
    let streams = expect_context::<Streams>();
    let editing = Editing::new(streams, Form::Add);
    let add = streams.add();
    let can_save = editing.get(EditorState::can_save);
    let cannot_add = move || can_save.get() != Some(true) || add.pending().get();
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !cannot_add() {
            add.dispatch(());
        }
    };
    let cancel = move |_| {
        streams.state.update(StreamsState::stop_adding);
        browser::focus(BUTTON_ID);
    };
    view! {
        <form class="card form" aria-label="Add streaming destination" novalidate on:submit=on_submit>
            <Alert tone=AlertTone::Warning title="Destinations receive all audit event data">
                "This could include sensitive information. Make sure you trust the destination endpoint."
            </Alert>
            <Refusal editing />
            <KindFields editing />
            <EventTypes editing />
            <div class="form-actions">
                <button type="submit" class="button button-primary" disabled=cannot_add>
                    "Add"
                </button>
                <button type="button" class="button" on:click=cancel>
                    "Cancel"
                </button>
            </div>
        </form>
    }
}

/// The fields of the kind that was chosen.
#[component]
pub(super) fn KindFields(editing: Editing) -> impl IntoView {
    let kind = editing.get(EditorState::kind);
    move || {
        kind.get().map(|kind| match kind {
            DestinationKind::Http => view! { <HttpFields editing /> },
        })
    }
}
