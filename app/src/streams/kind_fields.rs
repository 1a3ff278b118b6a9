//! The fields of the kind that was chosen, as its table has them. A kind that needs more than its table can express has a
//! component of its own.

use domain::destination::{Choice, DestinationKind, FieldSpec, Input};
use leptos::prelude::*;

use super::{
    choice_field::{choice_cards, choice_field},
    editing::Editing,
    field::{FieldLook, field, name_field, url_field},
    google_fields::google_fields,
    http_fields::http_fields,
    secret_field::secret_field,
};
use crate::model::editor::EditorState;

pub(super) fn kind_fields(editing: Editing) -> AnyView {
    let kind = editing.get(EditorState::kind);
    let fields = move || match kind.get() {
        None => ().into_any(),
        Some(DestinationKind::Http) => http_fields(editing),
        Some(DestinationKind::GoogleCloudLogging) => google_fields(editing),
        Some(kind) => table_fields(editing, kind),
    };
    view! { {fields} }.into_any()
}

/// The name and every field of the table; those of a group are folded away until somebody looks for them.
fn table_fields(editing: Editing, kind: DestinationKind) -> AnyView {
    let mut fields = Vec::new();
    let mut specs = kind.spec().given_fields().peekable();
    while let Some(spec) = specs.next() {
        let Some(group) = spec.group else {
            fields.push(spec_field(editing, spec));
            continue;
        };
        let mut grouped = vec![spec_field(editing, spec)];
        while let Some(spec) = specs.next_if(|spec| spec.group == Some(group)) {
            grouped.push(spec_field(editing, spec));
        }
        let options = view! {
            <details class="options">
                <summary class="field-label">{group}</summary>
                {grouped}
            </details>
        };
        fields.push(options.into_any());
    }
    view! {
        {name_field(editing, "")}
        {fields}
    }
    .into_any()
}

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
            choice_field(editing, spec.field, look, vec![(Input::OFF, off), (Input::ON, on)])
        }
        (Input::None, _) => ().into_any(),
        (Input::Text | Input::Lines(_) | Input::Number { .. }, _) => field(editing, spec.field, look),
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
        rows: match spec.input {
            Input::Lines(rows) => rows,
            _ => 1,
        },
        ..FieldLook::default()
    }
}
