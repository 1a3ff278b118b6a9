//! Asks once more, or for what an action needs, before it is taken.

use leptos::{ev::MouseEvent, html, prelude::*, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlDialogElement};

use super::{form::draw_form, handle::Settings};
use crate::wire::settings::RowAction;

/// Opens as soon as it is there. Closing it gives the focus back; then it goes.
pub(super) fn draw_dialog(action: RowAction, settings: Settings) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            dialog.show_modal().unwrap_or_default();
        }
    });
    let title = action.title.clone();
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-labelledby="dialog-title"
            aria-describedby="dialog-body"
            on:close=move |_| settings.stop_asking()
        >
            <h2 id="dialog-title">{action.title}</h2>
            <p id="dialog-body">{action.body}</p>
            {draw_form(action.form, title, settings, true)}
        </dialog>
    }
    .into_any()
}

/// For a button inside.
pub(super) fn close_dialog(event: &MouseEvent) {
    let button = event.target().and_then(|button| button.dyn_into::<Element>().ok());
    let dialog = button.and_then(|button| button.closest("dialog").ok().flatten());
    if let Some(dialog) = dialog.and_then(|dialog| dialog.dyn_into::<HtmlDialogElement>().ok()) {
        dialog.close();
    }
}
