//! The fields of a Google Cloud Logging destination.

use domain::{
    Field, FieldError,
    destination::{DestinationKind, FieldSpec},
};
use leptos::{ev::DragEvent, prelude::*, task::spawn_local};
use web_sys::FileList;

use super::{editing::Editing, field::name_field, field_groups::field_groups, spec_field::spec_field};
use crate::{browser, ui::Icon, wire::AppError};

pub(super) fn google_fields(editing: Editing) -> AnyView {
    let fields = DestinationKind::GoogleCloudLogging.spec().given_fields();
    let (grouped, plain): (Vec<_>, Vec<_>) = fields.partition(|spec| spec.group.is_some());
    let fields = plain.into_iter().map(|spec| match spec.field {
        Field::PrivateKey => private_key(editing, spec),
        _ => spec_field(editing, spec),
    });
    view! {
        {name_field(editing, "Destination Name")}
        {fields.collect::<Vec<_>>()}
        {field_groups(editing, grouped)}
    }
    .into_any()
}

fn private_key(editing: Editing, spec: &'static FieldSpec) -> AnyView {
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
            {spec_field(editing, spec)}
            {key_file(editing)}
        </div>
    }
    .into_any()
}

/// The other way to give a key.
fn key_file(editing: Editing) -> AnyView {
    let is_closed = editing.read(|editor| !editor.is_secret_open(Field::PrivateKey));
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
