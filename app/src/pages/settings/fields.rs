//! The fields of a form.

use leptos::prelude::*;

use super::handle::Settings;
use crate::{
    ui::{PlainLook, field_foot, field_head, plain_field},
    wire::settings::{Kind, Part},
};

pub(super) fn draw_field(field: Part, form: &str, settings: Settings) -> AnyView {
    // Two forms of a page may ask for the same.
    let id = format!("{}-{}", form.trim_start_matches('/').replace('/', "-"), field.name);
    let form = form.to_owned();
    let error_field = field.error_field;
    let error = Signal::derive(move || {
        error_field.and_then(|name| settings.state.with(|state| state.message_for(&form, name)))
    });
    match field.kind {
        Kind::Hidden | Kind::Owner => draw_unseen(field),
        Kind::Lines => draw_lines(id, field, error),
        Kind::Choices | Kind::OneOf => draw_choices(&id, field, error),
        _ => draw_input(id, field, error),
    }
}

fn draw_input(id: String, field: Part, error: Signal<Option<String>>) -> AnyView {
    let (kind, autocomplete) = match field.kind {
        Kind::DateInput => ("date", "off"),
        Kind::CurrentPassword => ("password", "current-password"),
        Kind::NewPassword => ("password", "new-password"),
        _ => ("text", "off"),
    };
    let look = PlainLook {
        id,
        is_code: field.kind == Kind::CodeInput,
        name: field.name,
        label: field.label,
        kind,
        autocomplete,
        hint: field.note,
        value: field.text,
        is_optional: field.is_marked,
        is_locked: field.is_locked,
        takes_focus: false,
    };
    plain_field(look, error)
}

fn draw_unseen(field: Part) -> AnyView {
    let is_owner = field.kind == Kind::Owner;
    view! {
        <input
            class="visually-hidden"
            type=if is_owner { "text" } else { "hidden" }
            autocomplete=is_owner.then_some("username")
            tabindex="-1"
            aria-hidden="true"
            readonly=is_owner
            name=field.name
            value=field.text
        />
    }
    .into_any()
}

/// What it holds is set as a property: as its content it would not be escaped.
fn draw_lines(id: String, field: Part, error: Signal<Option<String>>) -> AnyView {
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described_by = format!("{hint_id} {error_id}");
    let is_invalid = Signal::derive(move || error.with(Option::is_some).then_some("true"));
    view! {
        <div class="field">
            {field_head(id.clone(), field.label, field.is_marked)}
            <textarea
                class="field-input field-code field-lines"
                id=id
                name=field.name
                rows="6"
                autocapitalize="none"
                spellcheck="false"
                disabled=field.is_locked
                prop:defaultValue=field.text
                aria-invalid=is_invalid
                aria-describedby=described_by
            ></textarea>
            {field_foot(hint_id, field.note, error_id, error)}
        </div>
    }
    .into_any()
}

fn draw_choices(id: &str, field: Part, error: Signal<Option<String>>) -> AnyView {
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described_by = format!("{hint_id} {error_id}");
    let kind = if field.kind == Kind::OneOf { "radio" } else { "checkbox" };
    let mut choices = Vec::new();
    for choice in field.parts {
        let id = format!("{id}-{}", choice.text);
        choices.push(draw_choice(id, kind, field.name.clone(), choice, field.is_locked));
    }
    view! {
        <fieldset class="field field-set" aria-describedby=described_by>
            <legend class="field-label">{field.label}</legend>
            {choices}
            {field_foot(hint_id, field.note, error_id, error)}
        </fieldset>
    }
    .into_any()
}

fn draw_choice(id: String, kind: &'static str, name: String, choice: Part, is_locked: bool) -> AnyView {
    let label_for = id.clone();
    view! {
        <label class="check" for=label_for>
            <input
                type=kind
                id=id
                name=name
                value=choice.text
                checked=choice.is_marked
                disabled=is_locked
            />
            <span>{choice.label}</span>
        </label>
    }
    .into_any()
}
