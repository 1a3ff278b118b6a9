//! The fields of an HTTP destination.

use domain::{Field, destination::DestinationName};
use leptos::prelude::*;

use super::{editing::Editing, headers_table::HeadersTable};
use crate::ui::{FieldLook, Icon, TextField};

#[component]
pub(super) fn HttpFields(editing: Editing) -> impl IntoView {
    let is_edit = editing.is_edit();
    let name = FieldLook {
        label: "Destination Name",
        takes_focus: !is_edit,
        max_chars: u32::try_from(DestinationName::MAX_CHARS).ok(),
        ..FieldLook::default()
    };
    let url = FieldLook {
        label: "Destination URL",
        placeholder: "https://siem.example.com/events",
        hint: is_edit.then_some("The URL can't be changed. Add another destination instead."),
        is_code: true,
        is_disabled: is_edit,
        ..FieldLook::default()
    };
    view! {
        <EditorField editing field=Field::Name id="name" look=name />
        <div>
            <EditorField editing field=Field::Url id="url" look=url />
            <HttpHint editing />
        </div>
        {(!is_edit).then(|| view! { <ChosenToken editing /> })}
        <HeadersTable editing />
    }
}

/// The token can be chosen at first, and never changes after that.
#[component]
fn ChosenToken(editing: Editing) -> impl IntoView {
    let token = FieldLook {
        label: "Verification token",
        hint: Some(
            "16 to 24 characters, sent with every event so that the receiver knows it is from here. Leave it empty to have one made.",
        ),
        is_code: true,
        is_optional: true,
        ..FieldLook::default()
    };
    view! { <EditorField editing field=Field::VerificationToken id="token" look=token /> }
}

#[component]
fn EditorField(editing: Editing, field: Field, id: &'static str, look: FieldLook) -> impl IntoView {
    view! {
        <TextField
            id=editing.field_id(id)
            look
            text=editing.text(field)
            error=editing.message(field)
            on_input=editing.set_text(field)
            on_leave=editing.visit(field)
        />
    }
}

#[component]
fn HttpHint(editing: Editing) -> impl IntoView {
    let is_plain = editing.get(|editor| {
        let url = editor.text(Field::Url).trim_start();
        url.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"))
    });
    view! {
        <div role="status">
            {move || {
                (is_plain.get() == Some(true))
                    .then(|| {
                        view! {
                            <p class="field-warning">
                                <Icon icon=icondata_lu::LuTriangleAlert />
                                "With http, anybody on the way can read the events and the token. Use https where you can."
                            </p>
                        }
                    })
            }}
        </div>
    }
}
