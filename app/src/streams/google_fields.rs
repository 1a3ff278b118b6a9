//! The fields of a Google Cloud Logging destination.

use domain::{Field, FieldError};
use leptos::{ev::DragEvent, prelude::*, task::spawn_local};
use web_sys::FileList;

use super::{
    editing::Editing,
    field::{FieldLook, field, name_field},
    secret_field::{SecretLook, secret_field},
};
use crate::{browser, ui::Icon, wire::AppError};

pub(super) fn google_fields(editing: Editing) -> AnyView {
    let code = |id, label, placeholder| FieldLook {
        id,
        label,
        placeholder,
        is_code: true,
        ..FieldLook::default()
    };
    let email = "my-email@my-google-project.iam.gserviceaccount.com";
    let log = FieldLook {
        hint: "Names the log in Google Cloud, where entries can be filtered by it.",
        ..code("log", "Log ID", "audit-events")
    };
    view! {
        {name_field(editing, "Destination Name")}
        {field(editing, Field::ProjectId, code("project", "Project ID", "my-google-project"))}
        {field(editing, Field::ClientEmail, code("email", "Client Email", email))}
        {field(editing, Field::LogId, log)}
        {private_key(editing)}
    }
    .into_any()
}

fn private_key(editing: Editing) -> AnyView {
    let look = SecretLook {
        secret: Field::PrivateKey,
        field: FieldLook {
            id: "key",
            label: "Private key",
            hint: "Paste the private_key of the service account's key, or its whole JSON: that fills in the project ID and the client email as well.",
            placeholder: "-----BEGIN PRIVATE KEY-----",
            rows: 16,
            ..FieldLook::default()
        },
        words: "The private key is stored encrypted and never shown again, here or in the Google Cloud console. To change it, add a new one.",
        replace: "Add a new private key",
    };
    let is_over = RwSignal::new(false);
    let on_drag = move |event: DragEvent| {
        // A text that is dragged is left to the field under it.
        let is_file = has_files(&event);
        if is_file {
            event.prevent_default();
        }
        is_over.set(is_file);
    };
    let on_drop = move |event: DragEvent| {
        is_over.set(false);
        if has_files(&event) {
            event.prevent_default();
            take(editing, event.data_transfer().and_then(|transfer| transfer.files()));
        }
    };
    let class = Signal::derive(move || if is_over.get() { "key-area key-over" } else { "key-area" });
    view! {
        <div class=class on:dragover=on_drag on:dragleave=move |_| is_over.set(false) on:drop=on_drop>
            {secret_field(editing, look)}
            {key_file(editing)}
        </div>
    }
    .into_any()
}

/// The other way to give a key.
fn key_file(editing: Editing) -> AnyView {
    let is_closed = editing.read(|editor| !editor.is_secret_open());
    let filled = editing.read(|editor| match editor.is_filled() {
        true => "Project ID, Client Email and Private key were filled in from the key.".to_owned(),
        false => String::new(),
    });
    view! {
        <div class="key-file" hidden=is_closed>
            <label class="button">
                <Icon icon=icondata_lu::LuFileKey />
                "Choose a key file"
                <input
                    type="file"
                    class="visually-hidden"
                    accept=".json,application/json"
                    on:change:target=move |event| {
                        take(editing, event.target().files());
                        // The same file can be chosen again.
                        event.target().set_value("");
                    }
                />
            </label>
            <span class="field-hint">"or drop it here."</span>
        </div>
        <p class="field-hint" role="status">
            {filled}
        </p>
    }
    .into_any()
}

fn has_files(event: &DragEvent) -> bool {
    let transfer = event.data_transfer();
    transfer.is_some_and(|transfer| transfer.types().includes(&"Files".into(), 0))
}

fn take(editing: Editing, files: Option<FileList>) {
    let Some(file) = files.and_then(|files| files.get(0)) else {
        return;
    };
    spawn_local(async move {
        let text = browser::file_text(&file).await;
        editing.update(|editor| {
            match text {
                Some(text) => editor.set_text(Field::PrivateKey, text),
                None => editor.refuse(AppError::Invalid(unreadable().into())),
            }
            editor.visit(Field::PrivateKey);
        });
    });
}

fn unreadable() -> FieldError {
    FieldError::new(
        Field::PrivateKey,
        "This file can't be read. Open it and paste its text.",
    )
}
