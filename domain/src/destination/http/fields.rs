//! The fields of an HTTP endpoint.

use crate::{
    Field,
    destination::{
        BatchSettings, Choice, Dependency, FieldSpec, Input, Made, Needed, SecretSpec, VerificationToken,
        connection::PROXY, limits, tls,
    },
};

const BATCHING: Option<&str> = Some("Batching");

pub(super) const FIELDS: &[FieldSpec] = &[
    FieldSpec {
        gitlab_key: Some("url"),
        column: "destination_url",
        message_name: "Destination url",
        placeholder: "https://siem.example.com/events",
        fixed_after_create: Some("The URL can't be changed. Add another destination instead."),
        example: "https://siem.example.com/events",
        input: Input::Url {
            label: "Destination url",
            warning: "HTTP is not encrypted: events and the token can be read in transit. Use HTTPS where you can.",
        },
        max_chars: Some(2_000),
        ..FieldSpec::new(Field::Url, "url", "Destination URL")
    },
    FieldSpec {
        rule: "must be 16 to 24 characters long",
        hint: "Sent with every event so the receiver can verify its origin. 16 to 24 characters. Leave empty to generate one.",
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
    FieldSpec {
        hint: "One event per request, or a batch. Batches need far fewer requests.",
        description: "What a request carries: one event, or a batch of events.",
        input: Input::Choice {
            choices: FORMATS,
            schema: "RequestFormatName",
            description: "What a request carries.",
        },
        default: "event",
        ..option(Field::RequestFormat, "request_format", "requestFormat", "Format")
    },
    FieldSpec {
        hint: "Maximum number of events in a batch, 1 to 1000.",
        description: "Maximum number of events in a batch.",
        example: "500",
        input: number(BatchSettings::EVENTS),
        default: "500",
        ..option(Field::BatchEvents, "batch_events", "batchEvents", "Events per batch")
    },
    FieldSpec {
        hint: "Maximum size of a batch before compression, 1024 to 10485760 bytes (10 MiB).",
        description: "Maximum size of a batch in bytes, before compression. A larger event is sent alone.",
        example: "5242880",
        input: number(BatchSettings::BYTES),
        default: "5242880",
        ..option(Field::BatchBytes, "batch_bytes", "batchBytes", "Bytes per batch")
    },
    FieldSpec {
        hint: "A batch that is not full is sent this long after the previous one, 10 to 60000 ms. After a quiet time, events are sent at once.",
        description: "A batch that is not full is sent this many milliseconds after the previous one, or at once if that is longer ago.",
        example: "100",
        input: number(BatchSettings::WAIT_MS),
        default: "100",
        ..option(Field::BatchWait, "batch_wait_ms", "batchWaitMs", "Maximum wait (ms)")
    },
    FieldSpec {
        hint: "Compresses batches. The receiver must support it.",
        description: "Compression of batches, announced by the header `Content-Encoding`.",
        input: Input::Choice {
            choices: COMPRESSIONS,
            schema: "CompressionName",
            description: "Compression of batches.",
        },
        default: "none",
        depends_on: Some(Dependency {
            field: Field::RequestFormat,
            needs: Needed::Other("event"),
        }),
        ..option(Field::Compression, "compression", "compression", "Compression")
    },
    tls::CA_CERTIFICATES,
    tls::CLIENT_CERTIFICATE,
    tls::CLIENT_KEY,
    tls::SERVER_NAME,
    tls::VERIFY,
    PROXY,
    FieldSpec {
        default: "10",
        ..limits::REQUEST_TIMEOUT
    },
    limits::MAX_CONCURRENCY,
    limits::MAX_RATE,
    limits::RETRY_STATUSES,
    limits::REJECT_STATUSES,
];

const FORMATS: &[Choice] = &[
    choice(
        "event",
        "One event, as GitLab sends it",
        "One event, as GitLab sends it.",
    ),
    choice(
        "json_array",
        "Batch as a JSON array",
        "A JSON array of events, as `application/json`.",
    ),
    choice(
        "json_lines",
        "Batch as JSON Lines",
        "One event per line, as `application/x-ndjson`.",
    ),
];

const COMPRESSIONS: &[Choice] = &[
    choice("none", "None", "No compression."),
    choice("gzip", "gzip", "gzip."),
    choice("zstd", "zstd", "Zstandard."),
];

/// A field about batches, which GitLab does not have.
const fn option(field: Field, api_key: &'static str, gitlab_key: &'static str, label: &'static str) -> FieldSpec {
    FieldSpec {
        gitlab_key: Some(gitlab_key),
        is_addition: true,
        is_required: false,
        group: BATCHING,
        ..FieldSpec::new(field, api_key, label)
    }
}

const fn number((min, max): (u32, u32)) -> Input {
    Input::Number { min, max }
}

const fn choice(value: &'static str, label: &'static str, api_description: &'static str) -> Choice {
    Choice {
        value,
        label,
        description: "",
        api_description,
    }
}
