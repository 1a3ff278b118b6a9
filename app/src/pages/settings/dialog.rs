//! Asks once more, or for what an action needs, before it is taken.

use leptos::{html, prelude::*};

use super::{form::draw_form, handle::Settings};
use crate::wire::settings::Part;

/// Opens as soon as it is there. Closing it gives the focus back; then it goes.
pub(super) fn draw_dialog(action: Part, settings: Settings) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            dialog.show_modal().unwrap_or_default();
        }
    });
    let form = action.parts.into_iter().next();
    let form = form.map(|form| draw_form(form, None, settings));
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-labelledby="dialog-title"
            aria-describedby="dialog-body"
            on:close=move |_| settings.stop_asking()
        >
            <h2 id="dialog-title">{action.text}</h2>
            <p id="dialog-body">{action.note}</p>
            {form}
        </dialog>
    }
    .into_any()
}
