//! The fields of a form.

use leptos::prelude::*;

use super::handle::Settings;
use crate::{
    ui::{PlainLook, field_foot, field_head, plain_field},
    wire::settings::{Choice, FieldKind, FormField},
};

pub(super) fn draw_field(field: FormField, form: &str, settings: Settings) -> AnyView {
    // Two forms of a page may ask for the same.
    let id = format!("{}-{}", form.trim_start_matches('/').replace('/', "-"), field.name);
    let form = form.to_owned();
    let told_as = field.field;
    let error =
        Signal::derive(move || told_as.and_then(|name| settings.state.with(|state| state.message_for(&form, name))));
    match field.kind {
        FieldKind::Hidden => view! { <input type="hidden" name=field.name value=field.value /> }.into_any(),
        FieldKind::Owner => draw_owner(field.value),
        FieldKind::Lines => draw_lines(id, field, error),
        FieldKind::Switch => draw_switch(id, field, error),
        FieldKind::AnyOf(ref choices) => draw_any_of(&id, &field, choices, error),
        FieldKind::Text => draw_input(id, field, "text", "off", error),
        FieldKind::Code => draw_input(id, field, "text", "off", error),
        FieldKind::Date => draw_input(id, field, "date", "off", error),
        FieldKind::CurrentPassword => draw_input(id, field, "password", "current-password", error),
        FieldKind::NewPassword => draw_input(id, field, "password", "new-password", error),
    }
}

fn draw_input(
    id: String,
    field: FormField,
    kind: &'static str,
    autocomplete: &'static str,
    error: Signal<Option<String>>,
) -> AnyView {
    let look = PlainLook {
        id,
        is_code: field.kind == FieldKind::Code,
        name: field.name,
        label: field.label,
        kind,
        autocomplete,
        hint: field.hint,
        value: field.value,
        is_optional: field.is_optional,
        is_locked: field.is_locked,
        takes_focus: false,
    };
    plain_field(look, error)
}

/// Password managers ask whose password it is.
fn draw_owner(username: String) -> AnyView {
    view! {
        <input
            class="visually-hidden"
            type="text"
            autocomplete="username"
            tabindex="-1"
            aria-hidden="true"
            readonly
            value=username
        />
    }
    .into_any()
}

/// What it holds is set as a property: as its content it would not be escaped.
fn draw_lines(id: String, field: FormField, error: Signal<Option<String>>) -> AnyView {
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described_by = format!("{hint_id} {error_id}");
    let is_invalid = Signal::derive(move || error.with(Option::is_some).then_some("true"));
    view! {
        <div class="field">
            {field_head(id.clone(), field.label, field.is_optional)}
            <textarea
                class="field-input field-code field-lines"
                id=id
                name=field.name
                rows="6"
                autocapitalize="none"
                spellcheck="false"
                disabled=field.is_locked
                prop:defaultValue=field.value
                aria-invalid=is_invalid
                aria-describedby=described_by
            ></textarea>
            {field_foot(hint_id, field.hint, error_id, error)}
        </div>
    }
    .into_any()
}

fn draw_switch(id: String, field: FormField, error: Signal<Option<String>>) -> AnyView {
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    view! {
        <div class="field">
            {draw_checkbox(id, field.name, "true".to_owned(), field.label, !field.value.is_empty(), field.is_locked, hint_id.clone())}
            {field_foot(hint_id, field.hint, error_id, error)}
        </div>
    }
    .into_any()
}

fn draw_any_of(id: &str, field: &FormField, choices: &[Choice], error: Signal<Option<String>>) -> AnyView {
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described_by = format!("{hint_id} {error_id}");
    let choices = choices.iter().map(|choice| {
        let (id, name) = (format!("{id}-{}", choice.value), field.name.clone());
        draw_checkbox(
            id,
            name,
            choice.value.clone(),
            choice.label.clone(),
            false,
            field.is_locked,
            error_id.clone(),
        )
    });
    let choices = choices.collect_view();
    view! {
        <fieldset class="field field-set" aria-describedby=described_by>
            <legend class="field-label">{field.label.clone()}</legend>
            {choices}
            {field_foot(hint_id, field.hint.clone(), error_id, error)}
        </fieldset>
    }
    .into_any()
}

fn draw_checkbox(
    id: String,
    name: String,
    value: String,
    label: String,
    is_on: bool,
    is_locked: bool,
    described_by: String,
) -> AnyView {
    let label_for = id.clone();
    view! {
        <label class="check" for=label_for>
            <input
                type="checkbox"
                id=id
                name=name
                value=value
                checked=is_on
                disabled=is_locked
                aria-describedby=described_by
            />
            <span>{label}</span>
        </label>
    }
    .into_any()
}
