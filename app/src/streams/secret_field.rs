//! A secret that is never shown again: given with a new destination, replaced in a stored one.

use domain::{Field, destination::SecretSpec};
use leptos::prelude::*;

use super::{
    editing::Editing,
    field::{FieldLook, field},
};
use crate::{browser, model::editor::EditorState};

pub(super) fn secret_field(editing: Editing, secret: Field, spec: &'static SecretSpec, look: FieldLook) -> AnyView {
    if !editing.is_edit() {
        return field(editing, secret, look);
    }
    let is_open = editing.read(EditorState::is_secret_open);
    let is_closed = Signal::derive(move || !is_open.get());
    let (field_id, button_id) = (editing.field_id(look.id), editing.field_id("replace"));
    let focused = button_id.clone();
    let notice_id = editing.field_id("secret-notice");
    let described_by = notice_id.clone();
    // Compared, so that typing does not draw the field anew.
    let shown = Memo::new(move |_| is_open.get());
    view! {
        <div class="field">
            <p class="field-label" hidden=is_open>
                {look.label}
            </p>
            <p class="field-hint" id=notice_id>
                {spec.notice}
            </p>
            <div class="secret-actions">
                <button
                    type="button"
                    class="button"
                    id=button_id
                    aria-describedby=described_by
                    disabled=is_open
                    on:click=move |_| change(editing, EditorState::replace_secret, &field_id)
                >
                    {spec.replace}
                </button>
                <button
                    type="button"
                    class="button"
                    title="Keep the one that is stored"
                    hidden=is_closed
                    on:click=move |_| change(editing, EditorState::keep_secret, &focused)
                >
                    "Cancel"
                </button>
            </div>
            {move || if shown.get() { field(editing, secret, look) } else { ().into_any() }}
        </div>
    }
    .into_any()
}

fn change(editing: Editing, change: fn(&mut EditorState), focus: &str) {
    editing.update(change);
    browser::focus(focus);
}
