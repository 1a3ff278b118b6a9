//! The form for a new destination, in a box above the list.

use leptos::{ev::SubmitEvent, prelude::*};

use super::{
    editing::{Editing, Form},
    event_types::EventTypes,
    field::namespaces_field,
    foot::FormFoot,
    kind_fields::kind_fields,
    start_field::start_field,
    state::EditorState,
};
use crate::{
    browser,
    streams::{context::Streams, ids::ADD_BUTTON_ID, state::StreamsState},
    ui::{Alert, AlertTone, Presses},
};

#[component]
pub(crate) fn AddForm() -> impl IntoView {
    let streams = expect_context::<Streams>();
    provide_context(Presses::watch());
    let editing = Editing::new(streams, Form::Add);
    let add = streams.add();
    editing.focus_marked_after(add.version());
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        if add.pending().get_untracked() {
            return;
        }
        if editing.change(EditorState::try_save) == Some(true) {
            add.dispatch(());
        } else {
            editing.focus_marked();
        }
    };
    let cancel = move |()| {
        streams.state.update(StreamsState::stop_adding);
        browser::focus(ADD_BUTTON_ID);
    };
    let kind = editing.get(EditorState::kind);
    let heading = move || kind.get().map(|kind| format!("New destination: {}", kind.spec().label));
    view! {
        <form class="card form" id=editing.form_id() aria-label="Add streaming destination" novalidate on:submit=on_submit>
            <h3>{heading}</h3>
            <Alert tone=AlertTone::Warning title="Destinations receive all audit event data">
                "This could include sensitive information. Make sure you trust the destination."
            </Alert>
            <p class="field-hint">"Fields that are not marked “(optional)” are required."</p>
            // A part of it could not be changed any more once it is added.
            <div class="form-fields" inert=add.pending()>
                {kind_fields(editing)}
                <EventTypes editing />
                {namespaces_field(editing)}
                {start_field(editing)}
            </div>
            <FormFoot editing submit="Add" is_pending=add.pending() on_cancel=cancel />
        </form>
    }
}
