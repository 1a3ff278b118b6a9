//! Boxes to tick, alone or of several.

use domain::Field;
use leptos::prelude::*;

use super::{context::FormContext, field::field_foot};

/// A box of a [`ChoiceField`].
pub(crate) struct Choice {
    /// What is sent.
    pub(crate) value: &'static str,
    pub(crate) label: String,
    pub(crate) is_chosen: Signal<bool>,
}

/// Boxes under a common label.
#[component]
pub(crate) fn ChoiceField(
    name: &'static str,
    field: Field,
    label: &'static str,
    /// `checkbox`, or `radio` for one of them.
    kind: &'static str,
    choices: Vec<Choice>,
    #[prop(optional, into)] hint: Signal<String>,
) -> impl IntoView {
    let form = expect_context::<FormContext>();
    let id = form.id_of(name);
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described_by = format!("{hint_id} {error_id}");
    let error = form.error_of(field);
    let is_invalid = Signal::derive(move || error.with(Option::is_some).then_some("true"));
    let choices = choices.into_iter().enumerate().map(|(position, choice)| {
        // The first box takes the focus when none is right.
        let is_invalid = move || is_invalid.get().filter(|_| position == 0);
        let is_chosen = choice.is_chosen;
        view! {
            <label class="check">
                <input
                    type=kind
                    name=name
                    value=choice.value
                    checked=move || is_chosen.get()
                    aria-invalid=is_invalid
                />
                <span>{choice.label}</span>
            </label>
        }
    });
    view! {
        <fieldset class="field field-set" aria-describedby=described_by>
            <legend class="field-label">{label}</legend>
            {choices.collect_view()}
            {field_foot(hint_id, hint, error_id, error)}
        </fieldset>
    }
}

/// One box, which sends `true` if it is ticked.
#[component]
pub(crate) fn CheckField(
    name: &'static str,
    label: &'static str,
    #[prop(optional, into)] hint: Signal<String>,
    #[prop(optional, into)] is_ticked: Signal<bool>,
    #[prop(optional)] is_locked: bool,
) -> impl IntoView {
    let hint_id = format!("{}-hint", expect_context::<FormContext>().id_of(name));
    let described_by = hint_id.clone();
    view! {
        <div class="field">
            <label class="check">
                <input
                    type="checkbox"
                    name=name
                    value="true"
                    checked=move || is_ticked.get()
                    disabled=is_locked
                    aria-describedby=described_by
                />
                <span>{label}</span>
            </label>
            <p class="field-hint" id=hint_id>
                {move || Some(hint.get()).filter(|hint| !hint.is_empty())}
            </p>
        </div>
    }
}
