//! A field of a plain form: the browser keeps what is typed.

use leptos::prelude::*;

/// What a field is and what it looks like. Texts are empty where there is nothing to say.
#[derive(Clone, Default)]
pub(crate) struct PlainLook {
    /// No other element of the page has it.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) label: String,
    /// Type of the input.
    pub(crate) kind: &'static str,
    pub(crate) autocomplete: &'static str,
    pub(crate) hint: String,
    /// What it holds at first.
    pub(crate) value: String,
    pub(crate) is_code: bool,
    pub(crate) is_optional: bool,
    pub(crate) is_locked: bool,
    /// Takes the focus when the page opens.
    pub(crate) takes_focus: bool,
}

pub(crate) fn plain_field(look: PlainLook, error: Signal<Option<String>>) -> AnyView {
    let (hint_id, error_id) = (format!("{}-hint", look.id), format!("{}-error", look.id));
    let described_by = format!("{hint_id} {error_id}");
    let is_invalid = Signal::derive(move || error.with(Option::is_some).then_some("true"));
    view! {
        <div class="field">
            {field_head(look.id.clone(), look.label, look.is_optional)}
            <input
                class=if look.is_code { "field-input field-code" } else { "field-input" }
                id=look.id
                name=look.name
                type=look.kind
                value=look.value
                autocomplete=look.autocomplete
                autocapitalize="none"
                spellcheck="false"
                required=!look.is_optional
                disabled=look.is_locked
                autofocus=look.takes_focus
                aria-invalid=is_invalid
                aria-describedby=described_by
            />
            {field_foot(hint_id, look.hint, error_id, error)}
        </div>
    }
    .into_any()
}

/// The label, and whether the field may be left empty.
pub(crate) fn field_head(id: String, label: String, is_optional: bool) -> AnyView {
    view! {
        <div class="field-head">
            <label class="field-label" for=id>
                {label}
            </label>
            {is_optional.then(|| view! { <span class="field-optional">"optional"</span> })}
        </div>
    }
    .into_any()
}

/// The hint, and what is wrong. The field names both as its description.
pub(crate) fn field_foot(hint_id: String, hint: String, error_id: String, error: Signal<Option<String>>) -> AnyView {
    view! {
        <p class="field-hint" id=hint_id>
            {(!hint.is_empty()).then_some(hint)}
        </p>
        <p class="field-error" id=error_id role="status">
            {error}
        </p>
    }
    .into_any()
}
