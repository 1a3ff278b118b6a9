//! The fields of a bucket.

use super::secret_access_key::SecretAccessKey;
use crate::{
    Field,
    destination::{Choice, Dependency, FieldSpec, Input, Needed, SecretSpec, connection::PROXY, limits, tls},
};

const OPTIONS: Option<&str> = Some("Object options");

pub(super) const FIELDS: &[FieldSpec] = &[
    FieldSpec {
        gitlab_key: Some("accessKeyXid"),
        column: "access_key_xid",
        message_name: "Access key xid",
        placeholder: "AKIA1231dsdsdsdsds23",
        example: "AKIAIOSFODNN7EXAMPLE",
        ..FieldSpec::new(Field::AccessKeyId, "access_key_id", "Access Key ID")
    },
    FieldSpec {
        gitlab_key: Some("awsRegion"),
        column: "aws_region",
        message_name: "AWS region",
        placeholder: "us-east-1",
        example: "us-east-1",
        ..FieldSpec::new(Field::Region, "region", "AWS Region")
    },
    FieldSpec {
        gitlab_key: Some("bucketName"),
        column: "bucket_name",
        message_name: "Bucket name",
        rule: "must have 1 to 63 lowercase letters, digits, hyphens or periods, and start with a letter or digit",
        placeholder: "bucket-name",
        example: "audit-events",
        ..FieldSpec::new(Field::Bucket, "bucket", "Bucket Name")
    },
    FieldSpec {
        message_name: "Secret access key",
        description: "Never returned.",
        secret: Some(SecretSpec {
            name: "secret access key",
            parse: |text| SecretAccessKey::parse(text).map(|secret| secret.expose().to_owned()),
            made: None,
            is_shown: false,
            notice: "The secret access key is stored encrypted and never shown again, here or in the AWS console. To change it, add a new one.",
            replace: "Add a new Secret Access Key",
        }),
        ..FieldSpec::new(Field::SecretAccessKey, "secret_access_key", "Secret Access Key")
    },
    FieldSpec {
        message_name: "Endpoint url",
        hint: "For MinIO, Garage, R2 and other S3-compatible services, with their path if they have one. Leave empty for AWS.",
        placeholder: "https://minio.example.com:9000",
        example: "https://minio.example.com:9000",
        description: "URL of an S3-compatible service. Null for AWS.",
        input: Input::Url {
            label: "Endpoint url",
            warning: "HTTP is not encrypted: events can be read in transit. Use HTTPS where you can.",
        },
        ..addition(Field::EndpointUrl, "endpoint_url", "endpointUrl", "Endpoint URL")
    },
    FieldSpec {
        hint: "Prepended to every object key, followed by a slash.",
        placeholder: "audit/production",
        example: "audit/production",
        description: "Prefix of the key of every object. Null for no prefix.",
        ..addition(Field::KeyPrefix, "key_prefix", "keyPrefix", "Key prefix")
    },
    FieldSpec {
        column: "object_layout",
        description: "How events are grouped into objects.",
        input: Input::Choice {
            choices: LAYOUTS,
            schema: "LayoutName",
            description: "How events are grouped into objects.",
        },
        default: "events",
        prefilled: Some("batches"),
        ..addition(Field::ObjectLayout, "layout", "objectLayout", "Object layout")
    },
    FieldSpec {
        hint: "Format of the date in the key of an object.",
        description: "Format of the date in the key of an object.",
        input: Input::Choice {
            choices: PARTITIONS,
            schema: "PartitionsName",
            description: "Format of the date in the key of an object.",
        },
        default: "dates",
        ..option(Field::Partitions, "partitions", "partitions", "Date folders")
    },
    FieldSpec {
        hint: "Some services reject them.",
        description: "Whether checksum headers are omitted, for a service that rejects them.",
        input: Input::Switch {
            off: "Sent",
            on: "Left out",
        },
        default: Input::OFF,
        ..option(Field::Checksums, "omit_checksums", "omitChecksums", "Checksum headers")
    },
    FieldSpec {
        description: "Server-side encryption. Null for the default of the bucket.",
        input: Input::Choice {
            choices: ENCRYPTIONS,
            schema: "EncryptionName",
            description: "Server-side encryption.",
        },
        ..option(Field::Encryption, "encryption", "encryption", "Encryption")
    },
    FieldSpec {
        message_name: "KMS key id",
        hint: "Only with AWS KMS. Leave empty for the account's default key.",
        example: "alias/audit-events",
        description: "Id of the KMS key for `aws:kms`. Null for the account's default key.",
        depends_on: Some(Dependency {
            field: Field::Encryption,
            needs: Needed::Only("aws:kms"),
        }),
        ..option(Field::KmsKeyId, "kms_key_id", "kmsKeyId", "KMS key ID")
    },
    FieldSpec {
        message_name: "Lock mode",
        hint: "Protects objects from being changed or deleted. The bucket must have Object Lock enabled.",
        description: "Locks each object for `lock_days`. The bucket must have Object Lock enabled. Null for no lock.",
        input: Input::Choice {
            choices: LOCK_MODES,
            schema: "LockModeName",
            description: "Mode of Object Lock: who can shorten the time for which an object is locked.",
        },
        ..option(Field::LockMode, "lock_mode", "lockMode", "Object Lock")
    },
    FieldSpec {
        message_name: "Lock days",
        hint: "Only with Object Lock. 1 to 36500, counted from the upload of an object.",
        example: "30",
        description: "Number of days for which an object is locked after its upload. Null for no lock.",
        input: Input::Number { min: 1, max: 36_500 },
        depends_on: Some(Dependency {
            field: Field::LockMode,
            needs: Needed::Any,
        }),
        ..option(Field::LockDays, "lock_days", "lockDays", "Days of the lock")
    },
    FieldSpec {
        hint: "For a service with a private CA, or a network that inspects TLS: certificates in PEM form, trusted in addition to the system's CAs and those in AUDIT_STREAMS_CA_FILE.",
        ..tls::CA_CERTIFICATES
    },
    tls::CLIENT_CERTIFICATE,
    tls::CLIENT_KEY,
    FieldSpec {
        hint: "The name that is sent to the service (SNI) and that its certificate must be valid for, if it is not the host in the endpoint URL.",
        placeholder: "s3.internal",
        example: "s3.internal",
        description: "Name that is sent to the service (SNI) and that its certificate must be valid for. Null for the host in the endpoint URL.",
        // Amazon has a name of its own for each bucket.
        depends_on: Some(Dependency {
            field: Field::EndpointUrl,
            needs: Needed::Any,
        }),
        ..tls::SERVER_NAME
    },
    FieldSpec {
        hint: "Without verification, anyone who can intercept the connection can read events and stop them from reaching the bucket. Add the CA of the service instead.",
        description: "Whether the certificate of the service is verified. Without verification, anyone who can intercept the connection can read events \
                      and stop them from reaching the bucket.",
        ..tls::VERIFY
    },
    PROXY,
    FieldSpec {
        default: "30",
        ..limits::REQUEST_TIMEOUT
    },
    FieldSpec {
        hint: "Upper limit on the requests in flight, 1 to 256. Below it, their number adapts to the destination, up to 16. Batches are sent one at a time.",
        ..limits::MAX_CONCURRENCY
    },
    limits::MAX_RATE,
];

const LAYOUTS: &[Choice] = &[
    Choice {
        value: "batches",
        label: "Batches of JSON Lines, gzip",
        description: "Many events per object: fewer requests, lower cost, faster queries.",
        api_description: "Many events per object, as JSON Lines compressed with gzip.",
    },
    Choice {
        value: "events",
        label: "One object per event",
        description: "Each event is sent immediately as a JSON object, under the keys that GitLab uses.",
        api_description: "One object per event, with GitLab's keys.",
    },
];

const PARTITIONS: &[Choice] = &[
    choice("dates", "2026/11/29/08", "`2026/11/29/08`"),
    choice(
        "hive",
        "year=2026/month=11/day=29/hour=08",
        "`year=2026/month=11/day=29/hour=08`",
    ),
];

const ENCRYPTIONS: &[Choice] = &[
    choice("", "Default of the bucket", ""),
    choice("AES256", "AES256 (SSE-S3)", "A key that S3 manages."),
    choice("aws:kms", "AWS KMS (SSE-KMS)", "A key from AWS KMS."),
];

const LOCK_MODES: &[Choice] = &[
    choice("", "Off", ""),
    choice(
        "GOVERNANCE",
        "Governance",
        "Users with `s3:BypassGovernanceRetention` can shorten the lock.",
    ),
    choice("COMPLIANCE", "Compliance", "Nobody can shorten the lock."),
];

/// A field that GitLab does not have.
const fn addition(field: Field, api_key: &'static str, gitlab_key: &'static str, label: &'static str) -> FieldSpec {
    FieldSpec {
        gitlab_key: Some(gitlab_key),
        is_addition: true,
        is_required: false,
        ..FieldSpec::new(field, api_key, label)
    }
}

/// One that is rarely needed.
const fn option(field: Field, api_key: &'static str, gitlab_key: &'static str, label: &'static str) -> FieldSpec {
    FieldSpec {
        group: OPTIONS,
        ..addition(field, api_key, gitlab_key, label)
    }
}

const fn choice(value: &'static str, label: &'static str, api_description: &'static str) -> Choice {
    Choice {
        value,
        label,
        description: "",
        api_description,
    }
}
