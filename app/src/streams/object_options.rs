//! How the objects of an AWS S3 destination are put: rarely needed, so they are folded away until somebody looks for them.

use domain::{Field, destination::TargetDraft};
use leptos::prelude::*;

use super::{
    choice_field::choice_field,
    editing::Editing,
    field::{FieldLook, field},
};

pub(super) fn object_options(editing: Editing) -> AnyView {
    let look = |id, label, hint| FieldLook {
        id,
        label,
        hint,
        is_optional: true,
        ..FieldLook::default()
    };
    let partitions = look(
        "partitions",
        "Date folders",
        "Where the date stands in the key of an object.",
    );
    let checksums = look("checksums", "Checksum headers", "Some services refuse them.");
    let encryption = look("encryption", "Encryption", "What the service encrypts objects with.");
    let kms_key = FieldLook {
        is_code: true,
        ..look(
            "kms-key",
            "KMS key ID",
            "Only with AWS KMS. Without one, the account's default key is used.",
        )
    };
    let lock_mode = look(
        "lock-mode",
        "Object Lock",
        "Keeps objects from being changed or deleted. The bucket must have Object Lock enabled.",
    );
    let lock_days = look(
        "lock-days",
        "Days of the lock",
        "Only with Object Lock: 1 to 36500, from when an object is put.",
    );
    view! {
        <details class="options">
            <summary class="field-label">"Object options"</summary>
            {choice_field(
                editing,
                Field::Partitions,
                partitions,
                &[("", "2026/11/29/08"), ("hive", "year=2026/month=11/day=29/hour=08")],
            )}
            {choice_field(
                editing,
                Field::Checksums,
                checksums,
                &[("", "Sent"), (TargetDraft::OMITTED, "Left out")],
            )}
            {choice_field(
                editing,
                Field::Encryption,
                encryption,
                &[("", "Default of the bucket"), ("AES256", "AES256 (SSE-S3)"), ("aws:kms", "AWS KMS (SSE-KMS)")],
            )}
            {field(editing, Field::KmsKeyId, kms_key)}
            {choice_field(
                editing,
                Field::LockMode,
                lock_mode,
                &[("", "Off"), ("GOVERNANCE", "Governance"), ("COMPLIANCE", "Compliance")],
            )}
            {field(editing, Field::LockDays, lock_days)}
        </details>
    }
    .into_any()
}
