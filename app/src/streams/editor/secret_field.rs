//! A secret that is never shown again: given with a new destination, replaced in a stored one.

use domain::{Field, destination::SecretSpec};
use leptos::prelude::*;

use super::{
    editing::Editing,
    field::{FieldLook, field},
    state::EditorState,
};
use crate::browser;

pub(super) fn secret_field(editing: Editing, secret: Field, spec: &'static SecretSpec, look: FieldLook) -> AnyView {
    // Compared, so that the field stays while something is typed.
    let is_stored = editing.get(move |editor| editor.is_secret_stored(secret));
    view! {
        {move || match is_stored.get() == Some(true) {
            true => stored_secret(editing, secret, spec, look),
            false => field(editing, secret, look),
        }}
    }
    .into_any()
}

fn stored_secret(editing: Editing, secret: Field, spec: &'static SecretSpec, look: FieldLook) -> AnyView {
    let is_open = editing.read(move |editor| editor.is_secret_open(secret));
    let is_closed = Signal::derive(move || !is_open.get());
    let (field_id, button_id) = (
        editing.field_id(look.id),
        editing.field_id(&format!("{}-replace", look.id)),
    );
    let focused = button_id.clone();
    let notice_id = editing.field_id(&format!("{}-notice", look.id));
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
                    on:click=move |_| change(editing, |editor| editor.replace_secret(secret), &field_id)
                >
                    {spec.replace}
                </button>
                <button
                    type="button"
                    class="button"
                    title="Keep the one that is stored"
                    hidden=is_closed
                    on:click=move |_| change(editing, |editor| editor.keep_secret(secret), &focused)
                >
                    "Cancel"
                </button>
            </div>
            {move || if shown.get() { field(editing, secret, look) } else { ().into_any() }}
        </div>
    }
    .into_any()
}

fn change(editing: Editing, change: impl FnOnce(&mut EditorState), focus: &str) {
    editing.update(change);
    browser::focus(focus);
}
