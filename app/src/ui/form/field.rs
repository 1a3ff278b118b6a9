//! Fields for text. The browser keeps what is typed; `value` is what the field shows at first and after a reset.

use domain::{Field, FieldError};
use leptos::prelude::*;

use super::context::FormContext;
use crate::ui::text_and_link;

#[component]
pub(crate) fn TextField(
    /// Name of the argument of the server function.
    name: &'static str,
    /// Whose errors are shown here.
    field: Field,
    label: &'static str,
    #[prop(optional, into)] hint: Signal<String>,
    #[prop(optional, into)] value: Signal<String>,
    /// Type of the input.
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    /// Stands behind the input: the unit of a number.
    #[prop(optional)]
    unit: Option<&'static str>,
    /// For addresses, numbers and sizes.
    #[prop(optional)]
    is_code: bool,
    #[prop(optional)] is_optional: bool,
    /// Set elsewhere: shown, and not sent.
    #[prop(optional)]
    is_locked: bool,
) -> impl IntoView {
    let form = expect_context::<FormContext>();
    let id = form.id_of(name);
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let error = form.error_of(field);
    let described_by = format!("{hint_id} {error_id}");
    let is_invalid = Signal::derive(move || error.with(Option::is_some).then_some("true"));
    view! {
        <div class="field">
            {field_head(id.clone(), label, is_optional)}
            <div class="field-row" class:field-with-unit=unit.is_some()>
                <input
                    class=if is_code { "field-input field-code" } else { "field-input" }
                    id=id
                    name=name
                    type=kind
                    value=value
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    required=!is_optional
                    disabled=is_locked
                    aria-invalid=is_invalid
                    aria-describedby=described_by
                />
                {unit.map(|unit| view! { <span class="field-unit">{unit}</span> })}
            </div>
            {field_foot(hint_id, hint, error_id, error)}
        </div>
    }
}

#[component]
pub(crate) fn PasswordField(
    name: &'static str,
    field: Field,
    label: &'static str,
    #[prop(optional, into)] hint: Signal<String>,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    #[prop(optional)] is_optional: bool,
) -> impl IntoView {
    view! { <TextField name field label hint kind="password" autocomplete is_optional /> }
}

/// A field of several lines.
#[component]
pub(crate) fn LinesField(
    name: &'static str,
    field: Field,
    label: &'static str,
    #[prop(into)] hint: Signal<String>,
    #[prop(into)] value: Signal<String>,
    #[prop(optional)] is_locked: bool,
) -> impl IntoView {
    let form = expect_context::<FormContext>();
    let id = form.id_of(name);
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let error = form.error_of(field);
    let described_by = format!("{hint_id} {error_id}");
    let is_invalid = Signal::derive(move || error.with(Option::is_some).then_some("true"));
    view! {
        <div class="field">
            {field_head(id.clone(), label, true)}
            <textarea
                class="field-input field-code field-lines"
                id=id
                name=name
                rows="6"
                autocapitalize="none"
                spellcheck="false"
                disabled=is_locked
                aria-invalid=is_invalid
                aria-describedby=described_by
                inner_html=move || value.with(|text| escaped(text))
            ></textarea>
            {field_foot(hint_id, hint, error_id, error)}
        </div>
    }
}

/// Leptos does not escape what stands in a `textarea`.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The label, and whether the field may be left empty.
pub(crate) fn field_head(id: String, label: impl Into<String>, is_optional: bool) -> AnyView {
    let label: String = label.into();
    view! {
        <div class="field-head">
            <label class="field-label" for=id>
                {label}
            </label>
            {is_optional.then(|| view! { <span class="field-optional">"(optional)"</span> })}
        </div>
    }
    .into_any()
}

/// The hint, and what is wrong. The field names both as its description.
pub(crate) fn field_foot(
    hint_id: String,
    hint: impl Into<Signal<String>>,
    error_id: String,
    error: Signal<Option<FieldError>>,
) -> AnyView {
    let hint: Signal<String> = hint.into();
    view! {
        <p class="field-hint" id=hint_id>
            {move || Some(hint.get()).filter(|hint| !hint.is_empty())}
        </p>
        <p class="field-error" id=error_id role="status">
            {move || error.get().map(|error| text_and_link(error.message, error.setting))}
        </p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_several_lines_cannot_end_its_field() {
        assert_eq!(escaped("</textarea><b>&amp;"), "&lt;/textarea>&lt;b>&amp;amp;");
    }
}
