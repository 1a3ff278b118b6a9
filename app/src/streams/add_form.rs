//! The form for a new destination, in a box above the list.

use domain::destination::DestinationKind;
use leptos::{ev::SubmitEvent, prelude::*};

use super::{
    add_menu::BUTTON_ID,
    context::Streams,
    editing::{Editing, Form},
    event_types::EventTypes,
    field::namespaces_field,
    google_fields::google_fields,
    http_fields::http_fields,
    refusal::Refusal,
    s3_fields::s3_fields,
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

/// The fields of the kind that was chosen.
pub(super) fn kind_fields(editing: Editing) -> AnyView {
    let kind = editing.get(EditorState::kind);
    let fields = move || match kind.get() {
        None => ().into_any(),
        Some(DestinationKind::Http) => http_fields(editing),
        Some(DestinationKind::GoogleCloudLogging) => google_fields(editing),
        Some(DestinationKind::AmazonS3) => s3_fields(editing),
    };
    view! { {fields} }.into_any()
}
