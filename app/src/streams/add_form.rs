//! The form for a new destination, in a box above the list.

use leptos::{ev::SubmitEvent, prelude::*};

use super::{
    add_menu::BUTTON_ID,
    context::Streams,
    editing::{Editing, Form},
    event_types::EventTypes,
    field::namespaces_field,
    kind_fields::kind_fields,
    refusal::Refusal,
    start_field::start_field,
    test_event::test_event,
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
                "This could include sensitive information. Make sure you trust the destination."
            </Alert>
            <Refusal editing />
            // Not all of it could be changed any more once it is added.
            <div class="form-fields" inert=add.pending()>
                {kind_fields(editing)}
                <EventTypes editing />
                {namespaces_field(editing)}
                {start_field(editing)}
            </div>
            <div class="form-actions">
                <button type="submit" class="button button-primary" disabled=cannot_add>
                    "Add"
                </button>
                <button type="button" class="button" on:click=cancel>
                    "Cancel"
                </button>
                {test_event(editing)}
            </div>
        </form>
    }
}
