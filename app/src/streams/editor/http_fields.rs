//! The fields of an HTTP destination.

use domain::{
    Field,
    destination::{DestinationKind, FieldSpec},
};
use leptos::prelude::*;

use super::{
    editing::{Editing, Form},
    field::name_field,
    field_groups::field_groups,
    headers_table::HeadersTable,
    signing_secret::SigningSecretField,
    spec_field::spec_field,
    verification_token::VerificationTokenField,
};

pub(super) fn http_fields(editing: Editing) -> AnyView {
    let spec = DestinationKind::Http.spec();
    let (grouped, plain): (Vec<_>, Vec<_>) = spec.given_fields().partition(|spec| spec.group.is_some());
    let fields = plain.into_iter().map(|spec| match spec.field {
        Field::VerificationToken => token(editing, spec),
        _ => spec_field(editing, spec),
    });
    view! {
        {name_field(editing, "")}
        {fields.collect::<Vec<_>>()}
        {field_groups(editing, grouped)}
        <HeadersTable editing />
    }
    .into_any()
}

/// The token can be chosen at first; after that, it is rotated here or changed through the APIs. The other secret is always made here.
fn token(editing: Editing, spec: &'static FieldSpec) -> AnyView {
    let Form::Edit(id) = editing.form else {
        return spec_field(editing, spec);
    };
    view! {
        <VerificationTokenField input_id=editing.field_id("token") id />
        <SigningSecretField input_id=editing.field_id("secret") id />
    }
    .into_any()
}
