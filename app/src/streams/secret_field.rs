//! A secret that is never shown again: given with a new destination, replaced in a stored one.

use domain::Field;
use leptos::prelude::*;

use super::{
    editing::Editing,
    field::{FieldLook, field},
};
use crate::{browser, model::editor::EditorState};

/// What is said about a secret that is stored.
pub(super) struct SecretLook {
    pub(super) secret: Field,
    pub(super) field: FieldLook,
    /// Where it can and can't be seen, and how it is changed.
    pub(super) words: &'static str,
    /// The button that opens an empty field.
    pub(super) replace: &'static str,
}

pub(super) fn secret_field(editing: Editing, look: SecretLook) -> AnyView {
    let secret = look.secret;
    if !editing.is_edit() {
        return field(editing, secret, look.field);
    }
    let is_open = editing.read(EditorState::is_secret_open);
    let is_closed = Signal::derive(move || !is_open.get());
    let (field_id, button_id) = (editing.field_id(look.field.id), editing.field_id("replace"));
    let focused = button_id.clone();
    let words_id = editing.field_id("secret-words");
    let described_by = words_id.clone();
    // Compared, so that typing does not draw the field anew.
    let shown = Memo::new(move |_| is_open.get());
    view! {
        <div class="field">
            <p class="field-label" hidden=is_open>
                {look.field.label}
            </p>
            <p class="field-hint" id=words_id>
                {look.words}
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
                    {look.replace}
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
            {move || if shown.get() { field(editing, secret, look.field) } else { ().into_any() }}
        </div>
    }
    .into_any()
}

fn change(editing: Editing, change: fn(&mut EditorState), focus: &str) {
    editing.update(change);
    browser::focus(focus);
}
