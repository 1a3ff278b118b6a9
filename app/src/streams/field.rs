//! A field of a form whose text the form's state holds.

use domain::{Field, destination::DestinationName};
use leptos::prelude::*;
use web_sys::HtmlTextAreaElement;

use super::editing::Editing;
use crate::ui::{Icon, field_foot, field_head};

/// What a field looks like. Texts are empty where there is nothing to say.
#[derive(Clone, Copy, Default)]
pub(super) struct FieldLook {
    /// Within the form.
    pub(super) id: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) placeholder: &'static str,
    /// For URLs, tokens and ids.
    pub(super) is_code: bool,
    pub(super) is_optional: bool,
    pub(super) is_disabled: bool,
    pub(super) max_chars: Option<u32>,
    /// More than one makes it a field of lines.
    pub(super) rows: u8,
}

/// The name, which every kind has. Its id is where the focus goes when a form opens.
pub(super) fn name_field(editing: Editing, placeholder: &'static str) -> AnyView {
    let look = FieldLook {
        id: "name",
        label: "Destination Name",
        placeholder,
        max_chars: u32::try_from(DestinationName::MAX_CHARS).ok(),
        ..FieldLook::default()
    };
    field(editing, Field::Name, look)
}

/// The groups and projects to admit, of every kind of destination.
pub(super) fn namespaces_field(editing: Editing) -> AnyView {
    let look = FieldLook {
        id: "namespaces",
        label: "Filter by groups or projects",
        hint: "Up to 5 full paths, separated by commas. Events that belong to no group or project are always sent.",
        placeholder: "engineering, sales/crm",
        is_optional: true,
        ..FieldLook::default()
    };
    field(editing, Field::Namespaces, look)
}

pub(super) fn field(editing: Editing, field: Field, look: FieldLook) -> AnyView {
    let id = editing.field_id(look.id);
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described_by = format!("{hint_id} {error_id}");
    let error = editing.message(field);
    let is_wrong = Signal::derive(move || error.with(Option::is_some).then_some("true"));
    let input = if look.rows > 1 {
        view! {
            <textarea
                class="field-input field-code field-lines"
                id=id.clone()
                rows=look.rows.to_string()
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                placeholder=look.placeholder
                prop:value=editing.text(field)
                aria-required="true"
                aria-invalid=is_wrong
                aria-describedby=described_by
                on:input:target=move |event| typed_lines(editing, field, &event.target())
                on:blur=move |_| left(editing, field)
            ></textarea>
        }
        .into_any()
    } else {
        view! {
            <input
                class=if look.is_code { "field-input field-code" } else { "field-input" }
                id=id.clone()
                type="text"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                placeholder=look.placeholder
                disabled=look.is_disabled
                maxlength=look.max_chars.map(|chars| chars.to_string())
                prop:value=editing.text(field)
                aria-required=(!look.is_optional).then_some("true")
                aria-invalid=is_wrong
                aria-describedby=described_by
                on:input:target=move |event| typed(editing, field, event.target().value())
                on:blur=move |_| left(editing, field)
            />
        }
        .into_any()
    };
    view! {
        <div class="field">
            {field_head(id, look.label.to_owned(), look.is_optional)}
            {input}
            {field_foot(hint_id, look.hint.to_owned(), error_id, error)}
        </div>
    }
    .into_any()
}

fn typed(editing: Editing, field: Field, text: String) {
    editing.update(|editor| editor.set_text(field, text));
}

/// What was pasted may have been taken apart, and then the field shows its own part of it.
fn typed_lines(editing: Editing, field: Field, area: &HtmlTextAreaElement) {
    let text = area.value();
    typed(editing, field, text.clone());
    let kept = editing.now(|editor| editor.text(field).to_owned());
    if let Some(kept) = kept.filter(|kept| *kept != text) {
        area.set_value(&kept);
    }
}

/// Also called when the field is taken away while it has the focus: nothing of its form may be left by then.
fn left(editing: Editing, field: Field) {
    editing.update(|editor| editor.visit(field));
}

/// A URL, and a word of warning if everything sent there can be read on the way.
pub(super) fn url_field(editing: Editing, url: Field, look: FieldLook, warning: &'static str) -> AnyView {
    let is_plain = editing.get(move |editor| {
        let start = editor.text(url).trim_start().get(..7);
        start.is_some_and(|start| start.eq_ignore_ascii_case("http://"))
    });
    let warn = move || {
        if is_plain.get() != Some(true) {
            return ().into_any();
        }
        view! {
            <p class="field-warning">
                <Icon icon=icondata_lu::LuTriangleAlert />
                {warning}
            </p>
        }
        .into_any()
    };
    view! {
        <div>
            {field(editing, url, look)}
            <div role="status">{warn}</div>
        </div>
    }
    .into_any()
}
