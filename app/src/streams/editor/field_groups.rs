//! Fields of a table, those of a group folded away until somebody looks for them.

use domain::destination::FieldSpec;
use leptos::prelude::*;

use super::{editing::Editing, spec_field::spec_field};

pub(super) fn field_groups(editing: Editing, specs: impl IntoIterator<Item = &'static FieldSpec>) -> AnyView {
    let mut fields = Vec::new();
    let mut specs = specs.into_iter().peekable();
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
    fields.into_any()
}
