//! The fields of an HTTP endpoint.

use crate::{
    Field,
    destination::{FieldSpec, Input, Made, SecretSpec, VerificationToken},
};

pub(super) const FIELDS: &[FieldSpec] = &[
    FieldSpec {
        gitlab_key: Some("url"),
        column: "destination_url",
        placeholder: "https://siem.example.com/events",
        fixed_after_create: Some("The URL can't be changed. Add another destination instead."),
        example: "https://siem.example.com/events",
        input: Input::Url {
            label: "Destination url",
            warning: "With http, anybody on the way can read the events and the token. Use https where you can.",
        },
        max_chars: Some(2_000),
        ..FieldSpec::new(Field::Url, "url", "Destination URL")
    },
    FieldSpec {
        hint: "16 to 24 characters, sent with every event so that the receiver knows it is from here. Leave it empty to have one made.",
        description: "Sent with every event. Generated if a new destination has none.",
        example: "f3bQkVp9TzX2LdYw8HnRaC6s",
        fixed_after_create: Some(""),
        is_required: false,
        min_chars: Some(16),
        max_chars: Some(24),
        secret: Some(SecretSpec {
            name: "verification token",
            parse: |text| VerificationToken::parse(text).map(|token| token.expose().to_owned()),
            made: Some(Made::Token),
            is_shown: true,
            notice: "",
            replace: "",
        }),
        ..FieldSpec::new(Field::VerificationToken, "verification_token", "Verification token")
    },
    FieldSpec {
        input: Input::None,
        is_required: false,
        secret: Some(SecretSpec {
            name: "signing secret",
            parse: |text| Ok(text.to_owned()),
            made: Some(Made::SigningKey),
            is_shown: true,
            notice: "",
            replace: "",
        }),
        ..FieldSpec::new(Field::SigningSecret, "signing_secret", "Signing secret")
    },
];
