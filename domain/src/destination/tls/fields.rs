//! The fields about TLS.

use super::pem::parse_client_key;
use crate::{
    Field,
    destination::{Dependency, FieldSpec, Input, Needed, SecretSpec},
};

const GROUP: Option<&str> = Some("TLS and certificates");

pub(in crate::destination) const CA_CERTIFICATES: FieldSpec = FieldSpec {
    hint: "Certificates of private CAs in PEM form. They are trusted in addition to the system's CAs and those in AUDIT_STREAMS_CA_FILE.",
    placeholder: "-----BEGIN CERTIFICATE-----",
    description: "Certificates of CAs in PEM form, which are trusted for this destination in addition to the system's CAs and those in \
                  AUDIT_STREAMS_CA_FILE. At most 20. Null for none.",
    input: Input::Certificates(6),
    ..option(
        Field::TlsCaCertificates,
        "tls_ca_certificates",
        "tlsCaCertificates",
        "CA certificates",
    )
};

pub(in crate::destination) const CLIENT_CERTIFICATE: FieldSpec = FieldSpec {
    hint: "In PEM form, for a server that asks for one, followed by its intermediate certificates if there are any.",
    placeholder: "-----BEGIN CERTIFICATE-----",
    description: "Client certificate in PEM form, followed by its intermediate certificates if there are any. Shown to a server that asks for one. \
                  Null removes the certificate and its key.",
    input: Input::Certificates(6),
    ..option(
        Field::TlsClientCertificate,
        "tls_client_certificate",
        "tlsClientCertificate",
        "Client certificate",
    )
};

pub(in crate::destination) const CLIENT_KEY: FieldSpec = FieldSpec {
    hint: "The private key of the client certificate in PEM form, without a passphrase.",
    placeholder: "-----BEGIN PRIVATE KEY-----",
    description: "Private key of the client certificate in PEM form, without a passphrase. Never returned.",
    input: Input::Lines(6),
    depends_on: Some(Dependency {
        field: Field::TlsClientCertificate,
        needs: Needed::Any,
    }),
    secret: Some(SecretSpec {
        name: "client key",
        parse: |text| parse_client_key(text, Field::TlsClientKey),
        made: None,
        is_shown: false,
        notice: "The client key is stored encrypted and never shown again. To change it, add a new one.",
        replace: "Add a new client key",
    }),
    ..option(Field::TlsClientKey, "tls_client_key", "tlsClientKey", "Client key")
};

pub(in crate::destination) const SERVER_NAME: FieldSpec = FieldSpec {
    hint: "The name that is sent to the server (SNI) and that its certificate must be valid for, if it is not the host in the URL.",
    placeholder: "siem.internal",
    example: "siem.internal",
    description: "Name that is sent to the server (SNI) and that its certificate must be valid for. Null for the host in the URL.",
    max_chars: Some(253),
    ..option(Field::TlsServerName, "tls_server_name", "tlsServerName", "Server name")
};

pub(in crate::destination) const VERIFY: FieldSpec = FieldSpec {
    hint: "Without verification, anyone who can intercept the connection can read and change events. Add the CA of the server instead.",
    description: "Whether the certificate of the server is verified. Without verification, anyone who can intercept the connection can read and change events.",
    input: Input::Switch {
        off: "Skip certificate verification",
        on: "Verify the certificate of the server",
    },
    default: Input::ON,
    ..option(Field::TlsVerify, "tls_verify", "tlsVerify", "Certificate verification")
};

/// A field that GitLab does not have, and that is rarely needed.
const fn option(field: Field, api_key: &'static str, gitlab_key: &'static str, label: &'static str) -> FieldSpec {
    FieldSpec {
        gitlab_key: Some(gitlab_key),
        is_addition: true,
        is_required: false,
        group: GROUP,
        ..FieldSpec::new(field, api_key, label)
    }
}
