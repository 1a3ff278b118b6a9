//! A field with a few choices, whose text the form's state holds.

use domain::Field;
use leptos::prelude::*;

use super::{editing::Editing, field::FieldLook};
use crate::ui::{field_foot, field_head};

/// The first of the choices is what holds without one; each is its text in the form's state and its label.
pub(super) fn choice_field(
    editing: Editing,
    field: Field,
    look: FieldLook,
    choices: &'static [(&'static str, &'static str)],
) -> AnyView {
    let id = editing.field_id(look.id);
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described_by = format!("{hint_id} {error_id}");
    let error = editing.message(field);
    let is_wrong = Signal::derive(move || error.with(Option::is_some).then_some("true"));
    let mut options = Vec::new();
    for (value, label) in choices {
        options.push(view! { <option value=*value>{*label}</option> }.into_any());
    }
    view! {
        <div class="field">
            {field_head(id.clone(), look.label.to_owned(), look.is_optional)}
            <select
                class="field-input"
                id=id
                aria-invalid=is_wrong
                aria-describedby=described_by
                prop:value=editing.text(field)
                on:change:target=move |event| choose(editing, field, event.target().value())
            >
                {options}
            </select>
            {field_foot(hint_id, look.hint.to_owned(), error_id, error)}
        </div>
    }
    .into_any()
}

/// A choice is made at once: there is nothing more to type.
fn choose(editing: Editing, field: Field, value: String) {
    editing.update(|editor| {
        editor.set_text(field, value);
        editor.visit(field);
    });
}
