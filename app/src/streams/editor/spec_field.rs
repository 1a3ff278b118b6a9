//! A field as the table of its kind has it.

use domain::destination::{Choice, FieldSpec, Input};
use leptos::prelude::*;

use super::{
    choice_field::{choice_cards, choice_field},
    editing::Editing,
    field::{FieldLook, field, url_field},
    secret_field::secret_field,
};

pub(super) fn spec_field(editing: Editing, spec: &'static FieldSpec) -> AnyView {
    let look = look_of(editing, spec);
    match (spec.input, &spec.secret) {
        (_, Some(secret)) if secret.made.is_none() => secret_field(editing, spec.field, secret, look),
        (Input::Url { warning, .. }, _) => url_field(editing, spec.field, look, warning),
        (Input::Choice { choices, .. }, _) if choices.iter().any(|choice| !choice.description.is_empty()) => {
            choice_cards(editing, spec.field, look, choices)
        }
        (Input::Choice { choices, .. }, _) => {
            let options = choices.iter().map(|Choice { value, label, .. }| (*value, *label));
            choice_field(editing, spec.field, look, options.collect())
        }
        (Input::Switch { off, on }, _) => {
            let mut choices = vec![(Input::OFF, off), (Input::ON, on)];
            // The default comes first.
            if spec.default == Input::ON {
                choices.reverse();
            }
            choice_field(editing, spec.field, look, choices)
        }
        (Input::None, _) => ().into_any(),
        (Input::Text | Input::Lines(_) | Input::Certificates(_) | Input::Proxy | Input::Number { .. }, _) => {
            field(editing, spec.field, look)
        }
    }
}

fn look_of(editing: Editing, spec: &'static FieldSpec) -> FieldLook {
    let fixed = spec.fixed_after_create.filter(|_| editing.is_edit());
    FieldLook {
        id: spec.api_key,
        label: spec.label,
        hint: fixed.unwrap_or(spec.hint),
        placeholder: spec.placeholder,
        is_code: !matches!(spec.input, Input::Number { .. }),
        is_optional: !spec.is_required,
        is_disabled: fixed.is_some(),
        is_secret: spec.secret.as_ref().is_some_and(|secret| !secret.is_shown),
        rows: match spec.input {
            Input::Lines(rows) | Input::Certificates(rows) => rows,
            _ => 1,
        },
        ..FieldLook::default()
    }
}
