//! AWS S3 destinations: what an administrator types, and what may be stored.
//!
//! Limits and messages are GitLab's: <https://docs.gitlab.com/administration/compliance/audit_event_streaming/>. The
//! endpoint URL, the key prefix, the object layout and the options of objects are this product's own. GitLab's rules are
//! Amazon's; other services name keys, regions and buckets in other ways, so where an endpoint URL is given only that is
//! refused which cannot stand in a URL or in the header that carries the signature.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    DestinationUrl,
    rules::TextRules,
    s3_options::{ObjectOptions, Partitions},
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

const SECRET_ACCESS_KEY: TextRules = TextRules {
    field: Field::SecretAccessKey,
    label: "Secret access key",
    min: 1,
    max: 4_096,
    is_valid: is_graphic,
    invalid: "Secret access key must only contain letters, digits and ASCII punctuation",
};

/// How events become objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectLayout {
    /// One object an event, under GitLab's keys.
    #[default]
    Events,
    /// Many events an object: JSON Lines, gzip.
    Batches,
}

impl ObjectLayout {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Batches => "batches",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Events, Self::Batches]
            .into_iter()
            .find(|layout| layout.as_str() == text)
    }
}

/// The fields of the form, as filled in.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct S3Draft {
    pub access_key_id: String,
    /// None keeps the one that is stored.
    #[serde(default)]
    pub secret_access_key: Option<String>,
    pub region: String,
    pub bucket: String,
    /// Empty for Amazon's own.
    #[serde(default)]
    pub endpoint_url: String,
    /// Empty for none.
    #[serde(default)]
    pub key_prefix: String,
    #[serde(default)]
    pub layout: ObjectLayout,
    /// `dates` or `hive`; empty for `dates`.
    #[serde(default)]
    pub partitions: String,
    /// Whether objects are put without checksum headers.
    #[serde(default)]
    pub omit_checksums: bool,
    /// `AES256` or `aws:kms`; empty for what the bucket does by itself.
    #[serde(default)]
    pub encryption: String,
    /// Empty for the account's own key.
    #[serde(default)]
    pub kms_key_id: String,
    /// `GOVERNANCE` or `COMPLIANCE`; empty for none.
    #[serde(default)]
    pub lock_mode: String,
    /// Empty without a lock.
    #[serde(default)]
    pub lock_days: String,
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
    /// The same place, with objects made in another way.
    #[must_use]
    pub fn with_layout(self, layout: ObjectLayout) -> Self {
        Self { layout, ..self }
    }

    /// The secret is not looked at.
    ///
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub fn parse(draft: &S3Draft) -> Result<Self, FieldErrors> {
        let mut errors = Self::mistakes(draft);
        let endpoint_url = match draft.endpoint_url.trim() {
            "" => Some(None),
            _ if errors.message_for(Field::EndpointUrl).is_some() => None,
            url => errors.collect(DestinationUrl::normal(url).map(Some).map_err(at_endpoint)),
        };
        // What is wrong with them is among the errors already.
        let options = ObjectOptions::parse(draft).ok().filter(|_| errors.is_empty());
        if let (Some(endpoint_url), Some(options)) = (endpoint_url, options) {
            let text = |text: &str| text.trim().to_owned();
            return Ok(Self {
                access_key_id: text(&draft.access_key_id),
                region: text(&draft.region),
                bucket: text(&draft.bucket),
                endpoint_url,
                key_prefix: text(&draft.key_prefix).trim_end_matches('/').to_owned(),
                layout: draft.layout,
                options,
            });
        }
        Err(errors)
    }

    /// What can be told without parsing the endpoint's host: enough while somebody types.
    pub(super) fn mistakes(draft: &S3Draft) -> FieldErrors {
        let mut errors = FieldErrors::default();
        let (access_key_id, region, bucket) = match draft.endpoint_url.trim() {
            "" => (ACCESS_KEY_ID, REGION, BUCKET),
            _ => (OTHER_ACCESS_KEY_ID, OTHER_REGION, OTHER_BUCKET),
        };
        errors.collect(access_key_id.parse(&draft.access_key_id));
        errors.collect(region.parse(&draft.region));
        errors.collect(bucket.parse(&draft.bucket));
        if !draft.endpoint_url.trim().is_empty() {
            errors.collect(check_endpoint(&draft.endpoint_url));
        }
        if !draft.key_prefix.trim().is_empty() {
            errors.collect(KEY_PREFIX.parse(&draft.key_prefix));
        }
        errors.collect_all(ObjectOptions::parse(draft));
        errors
    }

    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    pub fn region(&self) -> &str {
        &self.region
    }

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

    pub const fn endpoint_url(&self) -> Option<&DestinationUrl> {
        self.endpoint_url.as_ref()
    }

    /// Without a slash at either end; empty for none.
    pub fn key_prefix(&self) -> &str {
        &self.key_prefix
    }

    pub const fn layout(&self) -> ObjectLayout {
        self.layout
    }

    pub const fn partitions(&self) -> Partitions {
        self.options.partitions
    }

    pub const fn options(&self) -> &ObjectOptions {
        &self.options
    }

    /// The form that is filled in with these, without a secret.
    pub fn draft(&self) -> S3Draft {
        let draft = S3Draft {
            access_key_id: self.access_key_id.clone(),
            secret_access_key: None,
            region: self.region.clone(),
            bucket: self.bucket.clone(),
            endpoint_url: self.endpoint_url().map_or_else(String::new, DestinationUrl::to_string),
            key_prefix: self.key_prefix.clone(),
            layout: self.layout,
            ..S3Draft::default()
        };
        self.options.fill_in(draft)
    }
}

fn check_endpoint(text: &str) -> Result<(), FieldError> {
    DestinationUrl::check_shape(text).map_err(at_endpoint)?;
    if text.contains('?') {
        return Err(FieldError::new(
            Field::EndpointUrl,
            "Endpoint url can't contain a query (the part after ?)",
        ));
    }
    Ok(())
}

/// An endpoint obeys the rules of every URL; its messages stand at its own field.
fn at_endpoint(error: FieldError) -> FieldError {
    let message = error.message.replacen("Destination url", "Endpoint url", 1);
    FieldError::new(Field::EndpointUrl, message)
}

/// A secret: its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretAccessKey(String);

impl SecretAccessKey {
    /// Blanks and line breaks at either end are dropped.
    ///
    /// # Errors
    /// A [`FieldError`] on [`Field::SecretAccessKey`] naming the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        SECRET_ACCESS_KEY.parse(text).map(Self)
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretAccessKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretAccessKey(..)")
    }
}

impl fmt::Debug for S3Draft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("S3Draft")
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
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
mod tests {
    use super::*;

    fn draft() -> S3Draft {
        S3Draft {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            region: "eu-central-1".into(),
            bucket: "audit-events".into(),
            ..S3Draft::default()
        }
    }

    #[test]
    fn a_full_draft_is_accepted() {
        let settings = S3Settings::parse(&S3Draft {
            endpoint_url: " https://minio.example:9000 ".into(),
            key_prefix: "audit/env=prod/".into(),
            layout: ObjectLayout::Batches,
            ..draft()
        })
        .unwrap();
        assert_eq!(settings.endpoint_url().unwrap().as_str(), "https://minio.example:9000");
        let same = S3Settings::parse(&S3Draft {
            endpoint_url: "HTTPS://Minio.example:443/".into(),
            ..draft()
        });
        assert_eq!(same.unwrap().endpoint_url().unwrap().as_str(), "https://minio.example");
        assert_eq!(
            (settings.key_prefix(), settings.bucket()),
            ("audit/env=prod", "audit-events")
        );
        assert_eq!(S3Settings::parse(&draft()).unwrap().endpoint_url(), None);
    }

    #[test]
    fn each_broken_rule_has_its_message() {
        let long = "a".repeat(64);
        let changed = |change: fn(&mut S3Draft, &str), text: &str| {
            let mut draft = draft();
            change(&mut draft, text);
            S3Settings::parse(&draft).unwrap_err().to_string()
        };
        let id: fn(&mut S3Draft, &str) = |draft, text| draft.access_key_id = text.into();
        let region: fn(&mut S3Draft, &str) = |draft, text| draft.region = text.into();
        let bucket: fn(&mut S3Draft, &str) = |draft, text| draft.bucket = text.into();
        let endpoint: fn(&mut S3Draft, &str) = |draft, text| draft.endpoint_url = text.into();
        let prefix: fn(&mut S3Draft, &str) = |draft, text| draft.key_prefix = text.into();
        for (change, text, start) in [
            (id, "", "Access key xid can't be blank"),
            (id, "AKIA", "Access key xid is too short (minimum is 16 characters)"),
            (id, "AKIAIOSFODNN7-EXAMPLE", "Access key xid must only contain letters"),
            (region, "", "AWS region can't be blank"),
            (region, "US East", "AWS region must be a valid region code"),
            (bucket, "", "Bucket name can't be blank"),
            (bucket, "Bucket", "Bucket name is invalid"),
            (bucket, "-bucket", "Bucket name is invalid"),
            (
                bucket,
                long.as_str(),
                "Bucket name is too long (maximum is 63 characters)",
            ),
            (endpoint, "minio.example", "Endpoint url must be a valid URL"),
            (endpoint, "https://x.example:port", "Endpoint url must be a valid URL"),
            (endpoint, "https://x.example/?a=1", "Endpoint url can't contain a query"),
            (
                endpoint,
                "ftp://x.example",
                "Endpoint url is blocked: Only allowed schemes",
            ),
            (prefix, "/audit", "Key prefix must only contain"),
            (prefix, "a/../b", "Key prefix must only contain"),
            (prefix, "a b", "Key prefix must only contain"),
        ] {
            let message = changed(change, text);
            assert!(message.starts_with(start), "{text:?}: {message}");
        }
    }

    #[test]
    fn another_service_has_other_names() {
        let other = |access_key_id: &str, region: &str, bucket: &str| {
            S3Settings::parse(&S3Draft {
                access_key_id: access_key_id.into(),
                region: region.into(),
                bucket: bucket.into(),
                endpoint_url: "https://s3.example/storage".into(),
                ..S3Draft::default()
            })
        };
        for access_key_id in ["minioadmin", "svc-audit", "user@corp", "tenant$user", "a=b+c"] {
            for region in ["RegionOne", "US", "default", "us_east", "1"] {
                for bucket in ["audit_logs", "Audit", "tenant:audit", "a", "100%?#"] {
                    let settings = other(access_key_id, region, bucket).unwrap();
                    assert_eq!(
                        (settings.access_key_id(), settings.region(), settings.bucket()),
                        (access_key_id, region, bucket)
                    );
                    assert_eq!(S3Settings::parse(&settings.draft()), Ok(settings));
                }
            }
        }
        let encoded = |bucket| other("a", "r", bucket).unwrap().encoded_bucket();
        assert_eq!(encoded("tenant:100%?#~_"), "tenant%3A100%25%3F%23~_");
        let long = "a".repeat(256);
        for (access_key_id, region, bucket, start) in [
            ("", "r", "b", "Access key xid can't be blank"),
            ("a/b", "r", "b", "Access key xid must only contain"),
            ("a b", "r", "b", "Access key xid must only contain"),
            ("a\nb", "r", "b", "Access key xid must only contain"),
            ("a", "", "b", "AWS region can't be blank"),
            ("a", "r,s", "b", "AWS region must only contain"),
            ("a", "r/s", "b", "AWS region must only contain"),
            ("a", "r", " ", "Bucket name can't be blank"),
            ("a", "r", "b/c", "Bucket name must only contain"),
            ("a", "r", "b\\c", "Bucket name must only contain"),
            ("a", "r", "..", "Bucket name must only contain"),
            ("a", "r", "b\u{7f}", "Bucket name must only contain"),
            ("a", "r", "bücher", "Bucket name must only contain"),
            (
                "a",
                "r",
                long.as_str(),
                "Bucket name is too long (maximum is 255 characters)",
            ),
        ] {
            let message = other(access_key_id, region, bucket).unwrap_err().to_string();
            assert!(
                message.starts_with(start),
                "{access_key_id} {region} {bucket}: {message}"
            );
        }
    }

    #[test]
    fn a_secret_is_kept_without_the_line_break_it_was_pasted_with() {
        let secret = SecretAccessKey::parse("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n").unwrap();
        assert_eq!(secret.expose(), "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        assert_eq!(format!("{secret:?}"), "SecretAccessKey(..)");
        assert!(SecretAccessKey::parse(" \n").is_err());
        assert!(SecretAccessKey::parse("two words").is_err());
    }

    #[test]
    fn layouts_have_names() {
        for layout in [ObjectLayout::Events, ObjectLayout::Batches] {
            assert_eq!(ObjectLayout::parse(layout.as_str()), Some(layout));
        }
        assert_eq!(ObjectLayout::parse("rows"), None);
    }
}
