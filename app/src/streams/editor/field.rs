//! A field of a form whose text the form's state holds.

use domain::{Field, destination::DestinationName};
use leptos::prelude::*;
use web_sys::HtmlTextAreaElement;

use super::{editing::Editing, message::foot};
use crate::ui::{Icon, field_head};

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
    /// Its characters are hidden unless somebody asks to see them.
    pub(super) is_secret: bool,
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
    let message = editing.message(field);
    let shared = Shared {
        described_by: format!("{hint_id} {error_id}"),
        is_wrong: Signal::derive(move || message.with(Option::is_some).then_some("true")),
        is_shown: RwSignal::new(!look.is_secret),
    };
    let input = match look.rows {
        0 | 1 => line_input(editing, field, look, &shared),
        _ => lines_input(editing, field, look, &shared),
    };
    let reveal = look.is_secret.then(|| reveal_button(look.label, shared.is_shown));
    view! {
        <div class="field">
            {field_head(id, look.label.to_owned(), look.is_optional)}
            <div class="field-with-button">{input} {reveal}</div>
            {foot(hint_id, look.hint, error_id, message)}
        </div>
    }
    .into_any()
}

/// What an input of either kind has.
struct Shared {
    described_by: String,
    is_wrong: Signal<Option<&'static str>>,
    /// False while the characters of a secret are hidden.
    is_shown: RwSignal<bool>,
}

fn line_input(editing: Editing, field: Field, look: FieldLook, shared: &Shared) -> AnyView {
    let is_shown = shared.is_shown;
    view! {
        <input
            class=if look.is_code { "field-input field-code" } else { "field-input" }
            id=editing.field_id(look.id)
            type=move || if is_shown.get() { "text" } else { "password" }
            autocomplete=if look.is_secret { "new-password" } else { "off" }
            autocapitalize="none"
            spellcheck="false"
            placeholder=look.placeholder
            disabled=look.is_disabled
            maxlength=look.max_chars.map(|chars| chars.to_string())
            prop:value=editing.text(field)
            aria-required=(!look.is_optional).then_some("true")
            aria-invalid=shared.is_wrong
            aria-describedby=shared.described_by.clone()
            on:input:target=move |event| typed(editing, field, event.target().value())
            on:blur=move |_| editing.leave(field)
        />
    }
    .into_any()
}

fn lines_input(editing: Editing, field: Field, look: FieldLook, shared: &Shared) -> AnyView {
    let is_shown = shared.is_shown;
    let class = move || match is_shown.get() {
        true => "field-input field-code field-lines",
        false => "field-input field-code field-lines field-masked",
    };
    view! {
        <textarea
            class=class
            id=editing.field_id(look.id)
            rows=look.rows.to_string()
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
            placeholder=look.placeholder
            prop:value=editing.text(field)
            aria-required=(!look.is_optional).then_some("true")
            aria-invalid=shared.is_wrong
            aria-describedby=shared.described_by.clone()
            on:input:target=move |event| typed_lines(editing, field, &event.target())
            on:blur=move |_| editing.leave(field)
        ></textarea>
    }
    .into_any()
}

/// Shows or hides the characters of a secret that is being typed.
fn reveal_button(label: &'static str, is_shown: RwSignal<bool>) -> AnyView {
    let name = format!("Reveal {}", label.to_lowercase());
    let icon = move || match is_shown.get() {
        true => view! { <Icon icon=icondata_lu::LuEyeOff /> },
        false => view! { <Icon icon=icondata_lu::LuEye /> },
    };
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label=name.clone()
            title=name
            aria-pressed=move || is_shown.get().to_string()
            on:click=move |_| is_shown.update(|shown| *shown = !*shown)
        >
            {icon}
        </button>
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

/// A URL, and a warning if everything sent there can be read in transit.
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
