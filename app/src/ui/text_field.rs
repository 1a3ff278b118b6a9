//! A field whose text the page holds.

use leptos::{html, prelude::*};

/// What a field looks like; what it holds comes beside it.
#[derive(Clone, Copy, Default)]
pub(crate) struct FieldLook {
    pub(crate) label: &'static str,
    pub(crate) hint: Option<&'static str>,
    pub(crate) placeholder: &'static str,
    /// For URLs, tokens and ids.
    pub(crate) is_code: bool,
    pub(crate) is_optional: bool,
    pub(crate) is_disabled: bool,
    /// Takes the focus when it appears.
    pub(crate) takes_focus: bool,
    pub(crate) max_chars: Option<u32>,
}

#[component]
pub(crate) fn TextField<I, L>(
    #[prop(into)] id: String,
    look: FieldLook,
    #[prop(into)] text: Signal<String>,
    #[prop(into)] error: Signal<Option<String>>,
    on_input: I,
    /// Also called when the field is taken away while it has the focus: nothing of its owner may be left by then.
    on_leave: L,
) -> impl IntoView
where
    I: Fn(String) + Send + Sync + 'static,
    L: Fn() + Send + Sync + 'static,
{
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described_by = {
        let error_id = error_id.clone();
        let hint_id = look.hint.map(|_| hint_id.clone());
        move || match (&hint_id, error.with(Option::is_some)) {
            (Some(hint), true) => Some(format!("{hint} {error_id}")),
            (Some(hint), false) => Some(hint.clone()),
            (None, true) => Some(error_id.clone()),
            (None, false) => None,
        }
    };
    let optional = look
        .is_optional
        .then(|| view! { <span class="field-optional">"optional"</span> });
    let input = NodeRef::<html::Input>::new();
    focus_when_shown(input, look.takes_focus);
    view! {
        <div class="field">
            <div class="field-head">
                <label class="field-label" for=id.clone()>
                    {look.label}
                </label>
                {optional}
            </div>
            <input
                node_ref=input
                class=if look.is_code { "field-input field-code" } else { "field-input" }
                id=id
                type="text"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                placeholder=look.placeholder
                disabled=look.is_disabled
                maxlength=look.max_chars.map(|chars| chars.to_string())
                prop:value=move || text.get()
                aria-required=(!look.is_optional).then_some("true")
                aria-invalid=move || error.with(|error| error.is_some().then_some("true"))
                aria-describedby=described_by
                on:input:target=move |event| on_input(event.target().value())
                on:blur=move |_| on_leave()
            />
            {look.hint.map(|hint| view! { <p class="field-hint" id=hint_id>{hint}</p> })}
            <p class="field-error" id=error_id role="status">{move || error.get()}</p>
        </div>
    }
}

fn focus_when_shown(input: NodeRef<html::Input>, takes_focus: bool) {
    Effect::new(move |_| {
        if let (Some(input), true) = (input.get(), takes_focus) {
            crate::browser::focus_element(&input);
        }
    });
}
