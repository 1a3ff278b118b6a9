//! The form of a destination that exists.

use domain::ids::DestinationId;
use leptos::{ev::SubmitEvent, html, prelude::*};

use super::{
    delete_dialog::DeleteDialog,
    editing::{Editing, Form},
    event_types::EventTypes,
    field::namespaces_field,
    foot::FormFoot,
    kind_fields::kind_fields,
    state::EditorState,
};
use crate::{
    browser,
    streams::{context::Streams, ids::toggle_id},
    ui::{Icon, Presses},
};

#[component]
pub(crate) fn EditForm(id: DestinationId, name: Signal<String>) -> impl IntoView {
    let streams = expect_context::<Streams>();
    provide_context(Presses::watch());
    let editing = Editing::new(streams, Form::Edit(id));
    let save = streams.save();
    editing.focus_marked_after(save.version());
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        if save.pending().get_untracked() {
            return;
        }
        let is_valid = editing.change(EditorState::try_save) == Some(true);
        match editing.now(EditorState::edit_request).flatten() {
            Some(request) if is_valid => {
                save.dispatch(request);
            }
            _ => editing.focus_marked(),
        }
    };
    let cancel = move |()| {
        streams.state.update(|state| state.cancel_edit(id));
        browser::focus(toggle_id(id));
    };
    view! {
        <form
            class="form"
            id=editing.form_id()
            novalidate
            on:submit=on_submit
            aria-label=move || format!("Settings of {}", name.get())
        >
            <p class="field-hint">"Fields that are not marked “(optional)” are required."</p>
            {kind_fields(editing)}
            <EventTypes editing />
            {namespaces_field(editing)}
            <FormFoot editing submit="Save" is_pending=save.pending() on_cancel=cancel />
        </form>
        <DeleteButton id name />
    }
}

/// Away from the buttons that are used every day.
#[component]
fn DeleteButton(id: DestinationId, name: Signal<String>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let ask = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.show_modal().unwrap_or_default();
        }
    };
    view! {
        <div class="form-delete">
            <button type="button" class="button button-danger" on:click=ask>
                <Icon icon=icondata_lu::LuTrash2 />
                "Delete destination"
            </button>
        </div>
        <DeleteDialog id name dialog />
    }
}
