//! The fields of the kind that was chosen, as its table has them. A kind that needs more than its table can express has a
//! component of its own.

use domain::destination::DestinationKind;
use leptos::prelude::*;

use super::{
    editing::Editing, field::name_field, field_groups::field_groups, google_fields::google_fields,
    http_fields::http_fields, state::EditorState,
};

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
    view! {
        {name_field(editing, "")}
        {field_groups(editing, kind.spec().given_fields())}
    }
    .into_any()
}
