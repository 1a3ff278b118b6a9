//! The fields of a log of Google Cloud Logging.

use super::private_key::PrivateKey;
use crate::{
    Field,
    destination::{FieldSpec, Input, SecretSpec, connection::PROXY, limits, tls},
};

pub(super) const FIELDS: &[FieldSpec] = &[
    FieldSpec {
        gitlab_key: Some("googleProjectIdName"),
        column: "google_project_id_name",
        message_name: "Google project id name",
        placeholder: "my-google-project",
        example: "my-google-project",
        ..FieldSpec::new(Field::ProjectId, "project_id", "Project ID")
    },
    FieldSpec {
        gitlab_key: Some("clientEmail"),
        message_name: "Client email",
        rule: "must be the e-mail address of a service account",
        placeholder: "my-email@my-google-project.iam.gserviceaccount.com",
        example: "audit@my-google-project.iam.gserviceaccount.com",
        ..FieldSpec::new(Field::ClientEmail, "client_email", "Client Email")
    },
    FieldSpec {
        gitlab_key: Some("logIdName"),
        column: "log_id_name",
        message_name: "Log id name",
        hint: "Names the log in Google Cloud, where entries can be filtered by it.",
        placeholder: "audit-events",
        example: "audit-events",
        default: "audit-events",
        prefilled: Some(""),
        ..FieldSpec::new(Field::LogId, "log_id", "Log ID")
    },
    FieldSpec {
        hint: "Paste the private_key of the service account's key, or its whole JSON: that fills in the project ID and the client email as well.",
        placeholder: "-----BEGIN PRIVATE KEY-----",
        description: "PEM, from the service account's key file. Never returned.",
        input: Input::Lines(16),
        secret: Some(SecretSpec {
            name: "private key",
            parse: |text| PrivateKey::parse(text).map(|key| key.expose().to_owned()),
            made: None,
            is_shown: false,
            notice: "The private key is stored encrypted and never shown again, here or in the Google Cloud console. To change it, add a new one.",
            replace: "Add a new private key",
        }),
        ..FieldSpec::new(Field::PrivateKey, "private_key", "Private key")
    },
    // Google's names are fixed, and its certificates those of public CAs: what comes between them and this server is a proxy that
    // inspects TLS, whose CA can be trusted.
    FieldSpec {
        hint: "For a network that inspects TLS: the certificates of its CAs in PEM form, trusted in addition to the system's CAs and those in AUDIT_STREAMS_CA_FILE.",
        ..tls::CA_CERTIFICATES
    },
    PROXY,
    FieldSpec {
        default: "20",
        ..limits::REQUEST_TIMEOUT
    },
    FieldSpec {
        hint: "Upper limit on the requests in flight, 1 to 256. Below it, their number adapts to the destination, up to 16.",
        ..limits::MAX_CONCURRENCY
    },
    limits::MAX_RATE,
];
