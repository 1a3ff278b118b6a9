//! AWS S3, and services that speak S3.
//!
//! Limits and messages are GitLab's: <https://docs.gitlab.com/administration/compliance/audit_event_streaming/>. The
//! endpoint URL, the key prefix, the object layout and the options of objects are this product's own. GitLab's rules are
//! Amazon's; other services name keys, regions and buckets in other ways, so where an endpoint URL is given only that is
//! refused which cannot stand in a URL or in the header that carries the signature.

mod advice;
mod fields;
mod options;
mod secret_access_key;

use self::{advice::advice, fields::FIELDS};
pub use self::{
    options::{Encryption, LockMode, ObjectLock, ObjectOptions, Partitions},
    secret_access_key::SecretAccessKey,
};
use super::{
    DeliveryLimits, DestinationUrl, FieldMap, GitlabModel, Input, KindSpec, Taken, connection::ConnectionSettings,
    rules::TextRules,
};
use crate::{Field, FieldError, FieldErrors, escape::escaped};

const ACCESS_KEY_ID: TextRules = TextRules {
    field: Field::AccessKeyId,
    label: "Access key xid",
    min: 16,
    max: 128,
    is_valid: is_word,
    invalid: "Access key xid must only contain letters, digits or underscore",
};

/// Of another service, as `minioadmin`, `svc-audit`, `user@corp` or `tenant$user`.
const OTHER_ACCESS_KEY_ID: TextRules = TextRules {
    min: 1,
    is_valid: is_in_scope,
    invalid: "Access key xid must only contain ASCII letters, digits and punctuation, without slashes and commas",
    ..ACCESS_KEY_ID
};

const REGION: TextRules = TextRules {
    field: Field::Region,
    label: "AWS region",
    min: 1,
    max: 50,
    is_valid: is_region,
    invalid: "AWS region must be a valid region code, for example us-east-1",
};

/// Of another service, as `RegionOne` or `US`.
const OTHER_REGION: TextRules = TextRules {
    is_valid: is_in_scope,
    invalid: "AWS region must only contain ASCII letters, digits and punctuation, without slashes and commas",
    ..REGION
};

const BUCKET: TextRules = TextRules {
    field: Field::Bucket,
    label: "Bucket name",
    min: 1,
    max: 63,
    is_valid: is_bucket,
    invalid: "Bucket name is invalid",
};

/// Of another service, as `audit_logs` or `tenant:audit`.
const OTHER_BUCKET: TextRules = TextRules {
    max: 255,
    is_valid: is_path_segment,
    invalid: "Bucket name must only contain ASCII letters, digits and punctuation, without slashes, and not be . or ..",
    ..BUCKET
};

const KEY_PREFIX: TextRules = TextRules {
    field: Field::KeyPrefix,
    label: "Key prefix",
    min: 1,
    max: 255,
    is_valid: is_key_prefix,
    invalid: "Key prefix must only contain letters, digits and !-_.*'()=/, and no part of it may be empty, . or ..",
};

pub(super) const AMAZON_S3: KindSpec = KindSpec {
    name: "aws",
    label: "AWS S3",
    badge: "AWS S3",
    description: "A bucket of AWS S3, or of an S3-compatible service",
    fields: FIELDS,
    has_headers: false,
    identity: &[Field::EndpointUrl, Field::Bucket, Field::KeyPrefix],
    taken: Taken {
        field: Field::Bucket,
        message: "Bucket name has already been taken",
        unified_message: "Config bucketName already taken.",
    },
    gitlab: GitlabModel {
        class: "AuditEvents::Instance::AmazonS3Configuration",
        created: "instance_amazon_s3_configuration_created",
        updated: "instance_amazon_s3_configuration_updated",
        deleted: "instance_amazon_s3_configuration_deleted",
        noun: "Instance Amazon S3 configuration",
        is_named: true,
        create_verb: "Created",
        delete_verb: "Deleted",
        place: |values| {
            let (bucket, region) = (values.text(Field::Bucket), values.text(Field::Region));
            format!("bucket: {bucket} and AWS region: {region}")
        },
    },
    parse,
    summary,
    place: |values| format!("s3://{}", values.text(Field::Bucket)),
    advice,
    accepted: "The test event was stored as an object of its own.",
    respondent: None,
};

fn parse(values: &FieldMap) -> Result<FieldMap, FieldErrors> {
    let mut errors = FieldErrors::default();
    let settings = errors.collect_all(S3Settings::parse(values));
    let connection = errors.collect_all(ConnectionSettings::parse(values));
    let limits = errors.collect_all(DeliveryLimits::parse(values, FIELDS));
    let (Some(settings), Some(connection), Some(limits)) = (settings, connection, limits) else {
        return Err(errors);
    };
    match settings.endpoint_url() {
        Some(url) => connection.tls.check_url(url)?,
        // Amazon has a name of its own for each bucket.
        None if connection.tls.server_name.is_some() => {
            return Err(FieldError::new(Field::TlsServerName, "Server name needs an endpoint URL").into());
        }
        None => {}
    }
    let values = settings.values().with_all(connection.values(FIELDS));
    Ok(values.with_all(limits.values()))
}

/// Bucket and prefix, and the host of a service other than Amazon's.
fn summary(values: &FieldMap) -> String {
    let (bucket, prefix) = (values.text(Field::Bucket), values.text(Field::KeyPrefix));
    let slash = if prefix.is_empty() { "" } else { "/" };
    let host = host(values.text(Field::EndpointUrl));
    let separator = if host.is_empty() { "" } else { " · " };
    ["s3://", bucket, slash, prefix, separator, host].concat()
}

/// Host and port of a URL; empty if there is none.
fn host(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    rest.split('/').next().unwrap_or_default()
}

/// How events are grouped into objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ObjectLayout {
    /// One object per event, with GitLab's keys.
    #[default]
    Events,
    /// Many events per object, as JSON Lines compressed with gzip.
    Batches,
}

impl ObjectLayout {
    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Batches => "batches",
        }
    }

    fn parse(text: &str) -> Result<Self, FieldError> {
        match text.trim() {
            "" | "events" => Ok(Self::Events),
            "batches" => Ok(Self::Batches),
            _ => Err(FieldError::new(
                Field::ObjectLayout,
                "Object layout must be events or batches",
            )),
        }
    }
}

/// Where objects are put, and how. Made by parsing alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Settings {
    access_key_id: String,
    region: String,
    bucket: String,
    endpoint_url: Option<DestinationUrl>,
    key_prefix: String,
    layout: ObjectLayout,
    options: ObjectOptions,
}

impl S3Settings {
    /// The secret is not looked at.
    ///
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub fn parse(values: &FieldMap) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let is_amazon = values.text(Field::EndpointUrl).trim().is_empty();
        let (access_key_id, region, bucket) = if is_amazon {
            (ACCESS_KEY_ID, REGION, BUCKET)
        } else {
            (OTHER_ACCESS_KEY_ID, OTHER_REGION, OTHER_BUCKET)
        };
        let access_key_id = errors.collect(access_key_id.parse(values.text(Field::AccessKeyId)));
        let region = errors.collect(region.parse(values.text(Field::Region)));
        let bucket = errors.collect(bucket.parse(values.text(Field::Bucket)));
        let endpoint_url = errors.collect(parse_endpoint(values.text(Field::EndpointUrl)));
        let key_prefix = errors.collect(parse_key_prefix(values.text(Field::KeyPrefix)));
        let layout = errors.collect(ObjectLayout::parse(values.text(Field::ObjectLayout)));
        let options = errors.collect_all(ObjectOptions::parse(values));
        let place = access_key_id.zip(region).zip(bucket);
        match (place, endpoint_url.zip(key_prefix), layout.zip(options)) {
            (Some(((access_key_id, region), bucket)), Some((endpoint_url, key_prefix)), Some((layout, options))) => {
                Ok(Self {
                    access_key_id,
                    region,
                    bucket,
                    endpoint_url,
                    key_prefix,
                    layout,
                    options,
                })
            }
            _ => Err(errors),
        }
    }

    /// The access key ID.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The AWS region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The name of the bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// As it stands in the path of a URL: percent-encoded as request signatures ask for.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>
    pub fn encoded_bucket(&self) -> String {
        escaped(&self.bucket, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
        })
    }

    /// The endpoint; `None` for Amazon's own.
    pub const fn endpoint_url(&self) -> Option<&DestinationUrl> {
        self.endpoint_url.as_ref()
    }

    /// Without a slash at either end; empty for none.
    pub fn key_prefix(&self) -> &str {
        &self.key_prefix
    }

    /// How events are put into objects.
    pub const fn layout(&self) -> ObjectLayout {
        self.layout
    }

    /// How the date of an object becomes folders of its key.
    pub const fn partitions(&self) -> Partitions {
        self.options.partitions
    }

    /// The options of objects.
    pub const fn options(&self) -> &ObjectOptions {
        &self.options
    }

    /// These settings as values, without a secret.
    pub fn values(&self) -> FieldMap {
        let options = &self.options;
        let encryption = options.encryption.as_ref();
        let mut values = FieldMap::from([
            (Field::AccessKeyId, self.access_key_id.as_str()),
            (Field::Region, self.region.as_str()),
            (Field::Bucket, self.bucket.as_str()),
            (Field::ObjectLayout, self.layout.as_str()),
            (Field::Partitions, options.partitions.as_str()),
            (
                Field::Checksums,
                if options.omit_checksums { Input::ON } else { Input::OFF },
            ),
        ]);
        for (field, text) in [
            (Field::EndpointUrl, self.endpoint_url().map(DestinationUrl::as_str)),
            (Field::KeyPrefix, Some(self.key_prefix.as_str())),
            (Field::Encryption, encryption.map(Encryption::as_str)),
            (Field::KmsKeyId, encryption.and_then(Encryption::kms_key_id)),
            (Field::LockMode, options.lock.map(|lock| lock.mode.as_str())),
        ] {
            values.set_or_remove(field, text.unwrap_or_default());
        }
        if let Some(lock) = options.lock {
            values.set(Field::LockDays, lock.days.to_string());
        }
        values
    }
}

/// `None` for Amazon's own.
fn parse_endpoint(text: &str) -> Result<Option<DestinationUrl>, FieldError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let endpoint = DestinationUrl::normal(text).map_err(at_endpoint)?;
    if text.contains('?') {
        return Err(FieldError::new(
            Field::EndpointUrl,
            "Endpoint url can't contain a query (the part after ?)",
        ));
    }
    Ok(Some(endpoint))
}

/// Without a slash at the end; empty for none.
fn parse_key_prefix(text: &str) -> Result<String, FieldError> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let prefix = KEY_PREFIX.parse(text)?;
    Ok(prefix.trim_end_matches('/').to_owned())
}

/// An endpoint obeys the rules of every URL; its messages stand at its own field.
fn at_endpoint(error: FieldError) -> FieldError {
    let message = error.message.replacen("Destination url", "Endpoint url", 1);
    FieldError::new(Field::EndpointUrl, message)
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_region(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_bucket(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
}

fn is_key_prefix(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!-_.*'()=".contains(&byte);
    text.strip_suffix('/')
        .unwrap_or(text)
        .split('/')
        .all(|part| !matches!(part, "" | "." | "..") && part.bytes().all(is_allowed))
}

/// A part of the scope in the header that carries the signature: slashes separate its parts, and commas what follows it.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html>
fn is_in_scope(text: &str) -> bool {
    is_graphic(text) && !text.contains(['/', ','])
}

fn is_path_segment(text: &str) -> bool {
    is_graphic(text) && !text.contains(['/', '\\']) && !matches!(text, "." | "..")
}

fn is_graphic(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
