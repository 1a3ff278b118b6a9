//! A field with a few choices, whose text the form's state holds.

use domain::{Field, destination::Choice};
use leptos::prelude::*;

use super::{editing::Editing, field::FieldLook, message::foot};
use crate::ui::field_head;

/// The first of the choices is what holds without one; each is its text in the form's state and its label.
pub(super) fn choice_field(
    editing: Editing,
    field: Field,
    look: FieldLook,
    choices: Vec<(&'static str, &'static str)>,
) -> AnyView {
    let id = editing.field_id(look.id);
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described_by = format!("{hint_id} {error_id}");
    let error = editing.message(field);
    let is_wrong = Signal::derive(move || error.with(Option::is_some).then_some("true"));
    let mut options = Vec::new();
    for (value, label) in choices {
        options.push(view! { <option value=value>{label}</option> }.into_any());
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
            {foot(hint_id, look.hint, error_id, error)}
        </div>
    }
    .into_any()
}

/// All choices at once, each with what it means.
pub(super) fn choice_cards(editing: Editing, field: Field, look: FieldLook, choices: &'static [Choice]) -> AnyView {
    let cards: Vec<AnyView> = choices
        .iter()
        .map(|choice| card(editing, field, look.id, choice))
        .collect();
    view! {
        <fieldset class="field field-set">
            <legend class="field-label">{look.label}</legend>
            {cards}
        </fieldset>
    }
    .into_any()
}

fn card(editing: Editing, field: Field, name: &'static str, choice: &'static Choice) -> AnyView {
    let id = editing.field_id(choice.value);
    let (title_id, hint_id) = (format!("{id}-title"), format!("{id}-hint"));
    let is_chosen = editing.read(move |editor| editor.text(field) == choice.value);
    view! {
        <label class="choice">
            <input
                type="radio"
                name=editing.field_id(name)
                prop:checked=is_chosen
                aria-labelledby=title_id.clone()
                aria-describedby=hint_id.clone()
                on:change=move |_| choose(editing, field, choice.value.to_owned())
            />
            <span class="choice-title" id=title_id>
                {choice.label}
            </span>
            <span class="field-hint" id=hint_id>
                {choice.description}
            </span>
        </label>
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
