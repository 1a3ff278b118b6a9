//! The fields of an HTTP destination.

use domain::Field;
use leptos::prelude::*;

use super::{
    editing::{Editing, Form},
    field::{FieldLook, field, name_field, url_field},
    headers_table::HeadersTable,
    signing_secret::SigningSecretField,
    verification_token::VerificationTokenField,
};

pub(super) fn http_fields(editing: Editing) -> AnyView {
    let is_edit = editing.is_edit();
    let url = FieldLook {
        id: "url",
        label: "Destination URL",
        placeholder: "https://siem.example.com/events",
        hint: if is_edit {
            "The URL can't be changed. Add another destination instead."
        } else {
            ""
        },
        is_code: true,
        is_disabled: is_edit,
        ..FieldLook::default()
    };
    let warning = "With http, anybody on the way can read the events and the token. Use https where you can.";
    view! {
        {name_field(editing, "")}
        {url_field(editing, Field::Url, url, warning)}
        {token(editing)}
        <HeadersTable editing />
    }
    .into_any()
}

/// The token can be chosen at first, and is only changed through the APIs after that; the other secret is always made here.
fn token(editing: Editing) -> AnyView {
    let Form::Edit(id) = editing.form else {
        let look = FieldLook {
            id: "token",
            label: "Verification token",
            hint: "16 to 24 characters, sent with every event so that the receiver knows it is from here. Leave it empty to have one made.",
            is_code: true,
            is_optional: true,
            ..FieldLook::default()
        };
        return field(editing, Field::VerificationToken, look);
    };
    let token = editing.text(Field::VerificationToken);
    view! {
        <VerificationTokenField id=editing.field_id("token") token />
        <SigningSecretField input_id=editing.field_id("secret") id />
    }
    .into_any()
}
