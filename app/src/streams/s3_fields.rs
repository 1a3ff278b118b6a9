//! The fields of an AWS S3 destination.

use domain::{Field, destination::ObjectLayout};
use leptos::prelude::*;

use super::{
    editing::Editing,
    field::{FieldLook, field, name_field, url_field},
    object_options::object_options,
    secret_field::{SecretLook, secret_field},
};

pub(super) fn s3_fields(editing: Editing) -> AnyView {
    let code = |id, label, placeholder| FieldLook {
        id,
        label,
        placeholder,
        is_code: true,
        ..FieldLook::default()
    };
    let endpoint = FieldLook {
        hint: "For MinIO, Garage, R2 and other services that speak S3; with their path, if they have one. Leave it empty for AWS.",
        is_optional: true,
        ..code("endpoint", "Endpoint URL", "https://minio.example.com:9000")
    };
    let prefix = FieldLook {
        hint: "Stands before the key of every object, with a slash between them.",
        is_optional: true,
        ..code("prefix", "Key prefix", "audit/production")
    };
    let secret = SecretLook {
        secret: Field::SecretAccessKey,
        field: code("secret", "Secret Access Key", ""),
        words: "The secret access key is stored encrypted and never shown again, here or in the AWS console. To change it, add a new one.",
        replace: "Add a new Secret Access Key",
    };
    let warning = "With http, anybody on the way can read the events. Use https where you can.";
    view! {
        {name_field(editing, "")}
        {field(editing, Field::AccessKeyId, code("access-key", "Access Key ID", "AKIA1231dsdsdsdsds23"))}
        {field(editing, Field::Region, code("region", "AWS Region", "us-east-1"))}
        {field(editing, Field::Bucket, code("bucket", "Bucket Name", "bucket-name"))}
        {secret_field(editing, secret)}
        {url_field(editing, Field::EndpointUrl, endpoint, warning)}
        {field(editing, Field::KeyPrefix, prefix)}
        <fieldset class="field field-set">
            <legend class="field-label">"Object layout"</legend>
            {layout_choice(
                editing,
                ObjectLayout::Batches,
                "Batches of JSON Lines, gzip",
                "Many events an object: fewer requests, less to pay, quick to query.",
            )}
            {layout_choice(
                editing,
                ObjectLayout::Events,
                "One object per event",
                "A JSON object for each event at once, under the keys that GitLab uses.",
            )}
        </fieldset>
        {object_options(editing)}
    }
    .into_any()
}

fn layout_choice(editing: Editing, layout: ObjectLayout, title: &'static str, words: &'static str) -> AnyView {
    let id = editing.field_id(layout.as_str());
    let (title_id, words_id) = (format!("{id}-title"), format!("{id}-words"));
    let is_chosen = editing.read(move |editor| editor.layout() == layout);
    view! {
        <label class="choice">
            <input
                type="radio"
                name=editing.field_id("layout")
                prop:checked=is_chosen
                aria-labelledby=title_id.clone()
                aria-describedby=words_id.clone()
                on:change=move |_| editing.update(|editor| editor.set_layout(layout))
            />
            <span class="choice-title" id=title_id>
                {title}
            </span>
            <span class="field-hint" id=words_id>
                {words}
            </span>
        </label>
    }
    .into_any()
}
