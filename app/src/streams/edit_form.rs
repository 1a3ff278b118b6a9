//! The form of a destination that exists.

use domain::ids::DestinationId;
use leptos::{ev::SubmitEvent, html, prelude::*};

use super::{
    context::Streams,
    delete_dialog::DeleteDialog,
    editing::{Editing, Form},
    event_types::EventTypes,
    field::namespaces_field,
    item::toggle_id,
    kind_fields::kind_fields,
    refusal::Refusal,
    test_event::test_event,
};
use crate::{
    browser,
    model::editor::EditorState,
    ui::{Alert, AlertTone, Icon},
};

#[component]
pub(super) fn EditForm(id: DestinationId, name: Signal<String>) -> impl IntoView {
    let streams = expect_context::<Streams>();
    let editing = Editing::new(streams, Form::Edit(id));
    let save = streams.save();
    let can_save = editing.get(EditorState::can_save);
    let request = editing.get(EditorState::edit_request);
    let cannot_save = Signal::derive(move || can_save.get() != Some(true) || save.pending().get());
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let (false, Some(request)) = (cannot_save.get_untracked(), request.get_untracked().flatten()) {
            save.dispatch(request);
        }
    };
    let dialog = NodeRef::<html::Dialog>::new();
    view! {
        <form class="form" novalidate on:submit=on_submit aria-label=move || format!("Settings of {}", name.get())>
            <Saved editing />
            <Refusal editing />
            {kind_fields(editing)}
            <EventTypes editing />
            {namespaces_field(editing)}
            <Actions id editing cannot_save dialog />
        </form>
        <DeleteDialog id name dialog />
    }
}

#[component]
fn Actions(
    id: DestinationId,
    editing: Editing,
    cannot_save: Signal<bool>,
    dialog: NodeRef<html::Dialog>,
) -> impl IntoView {
    let streams = expect_context::<Streams>();
    let cancel = move |_| {
        streams.state.update(|state| state.cancel_edit(id));
        browser::focus(toggle_id(id));
    };
    let ask = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.show_modal().unwrap_or_default();
        }
    };
    view! {
        <div class="form-actions">
            <button type="submit" class="button button-primary" disabled=cannot_save>
                "Save"
            </button>
            <button
                type="button"
                class="button"
                on:click=cancel
            >
                "Cancel"
            </button>
            {test_event(editing)}
            <button type="button" class="button button-danger form-far" on:click=ask>
                <Icon icon=icondata_lu::LuTrash2 />
                "Delete destination"
            </button>
        </div>
    }
}

#[component]
fn Saved(editing: Editing) -> impl IntoView {
    let saved = editing.get(EditorState::is_saved);
    view! {
        <div role="status">
            {move || {
                (saved.get() == Some(true))
                    .then(|| {
                        view! {
                            <Alert
                                tone=AlertTone::Good
                                on_dismiss=move |()| editing.update(EditorState::dismiss_saved)
                            >
                                "Stream updated successfully"
                            </Alert>
                        }
                    })
            }}
        </div>
    }
}
