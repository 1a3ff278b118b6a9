//! A form of the page.

use leptos::{ev::MouseEvent, prelude::*, wasm_bindgen::JsCast};
use web_sys::HtmlDialogElement;

use super::{
    button::{Button, around, draw_button},
    fields::draw_field,
    handle::Settings,
    outcome::draw_outcome,
};
use crate::wire::settings::{Kind, Part};

/// Mistakes are reported by the server, at their fields: it alone knows all of them. A form without a label of its own stands
/// in a dialog.
pub(super) fn draw_form(form: Part, label: Option<String>, settings: Settings) -> AnyView {
    let path = form.name.clone();
    let mut fields = Vec::new();
    for field in form.parts {
        fields.push(draw_field(field, &path, settings));
    }
    let in_dialog = label.is_none();
    let is_danger = form.kind == Kind::DangerForm;
    let mut buttons = Vec::new();
    if in_dialog {
        let cancel = Button {
            label: "Cancel".to_owned(),
            class: "button",
            takes_focus: is_danger,
            ..Button::default()
        };
        buttons.push(draw_button(cancel, settings, Box::new(|event| close_dialog(&event))));
    }
    if !form.label.is_empty() {
        let submit = Button {
            label: form.label,
            class: match (is_danger, in_dialog) {
                (true, true) => "button button-danger-solid",
                (true, false) => "button button-danger",
                (false, _) => "button button-primary",
            },
            is_submit: true,
            ..Button::default()
        };
        buttons.push(draw_button(submit, settings, Box::new(|_| {})));
    }
    let outcome = draw_outcome(settings, Some(form.name.clone()));
    view! {
        <form
            class="form"
            method="post"
            action=form.name
            novalidate
            aria-label=label
            on:submit=move |event| settings.submit(&event, &path)
        >
            {fields}
            {outcome}
            <div class=if in_dialog { "dialog-actions" } else { "form-actions" }>{buttons}</div>
        </form>
    }
    .into_any()
}

/// Closing gives the focus back; then the dialog goes.
fn close_dialog(event: &MouseEvent) {
    let dialog = around(event, "dialog");
    if let Some(dialog) = dialog.and_then(|dialog| dialog.dyn_into::<HtmlDialogElement>().ok()) {
        dialog.close();
    }
}
