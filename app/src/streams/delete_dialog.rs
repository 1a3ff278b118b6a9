//! Asks once more before a destination is deleted.

use domain::ids::DestinationId;
use leptos::{html, prelude::*};

use super::context::Streams;

#[component]
pub(super) fn DeleteDialog(id: DestinationId, name: Signal<String>, dialog: NodeRef<html::Dialog>) -> impl IntoView {
    let delete = expect_context::<Streams>().delete();
    let title_id = format!("delete-{id}-title");
    let body_id = format!("delete-{id}-body");
    let confirm = move |_| {
        delete.dispatch(id);
    };
    Effect::new(move |_| {
        if delete.version().get() > 0 {
            close(dialog);
        }
    });
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby=title_id aria-describedby=body_id>
            <h2 id=title_id.clone()>"Are you sure about deleting this destination?"</h2>
            <p id=body_id.clone()>
                "Deleting the streaming destination "
                <strong>
                    <bdi>{name}</bdi>
                </strong> " will stop audit events being streamed"
            </p>
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| close(dialog)>
                    "Cancel"
                </button>
                <button
                    type="button"
                    class="button button-danger-solid"
                    disabled=move || delete.pending().get()
                    on:click=confirm
                >
                    "Delete destination"
                </button>
            </div>
        </dialog>
    }
}

fn close(dialog: NodeRef<html::Dialog>) {
    if let Some(dialog) = dialog.get_untracked() {
        dialog.close();
    }
}
