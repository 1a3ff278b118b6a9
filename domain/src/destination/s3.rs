//! AWS S3 destinations: what an administrator types, and what may be stored.
//!
//! Limits and messages are GitLab's: <https://docs.gitlab.com/administration/compliance/audit_event_streaming/>. The
//! endpoint URL, the key prefix and the choice of object layout are this product's own.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DestinationUrl, rules::TextRules};
use crate::{Field, FieldError, FieldErrors, escape::escaped};

const ACCESS_KEY_ID: TextRules = TextRules {
    field: Field::AccessKeyId,
    label: "Access key xid",
    min: 16,
    max: 128,
    is_valid: is_word,
    invalid: "Access key xid must only contain letters, digits or underscore",
};

const REGION: TextRules = TextRules {
    field: Field::Region,
    label: "AWS region",
    min: 1,
    max: 50,
    is_valid: is_region,
    invalid: "AWS region must be a valid region code, for example us-east-1",
};

const BUCKET: TextRules = TextRules {
    field: Field::Bucket,
    label: "Bucket name",
    min: 1,
    max: 63,
    is_valid: is_bucket,
    invalid: "Bucket name is invalid",
};

const KEY_PREFIX: TextRules = TextRules {
    field: Field::KeyPrefix,
    label: "Key prefix",
    min: 1,
    max: 255,
    is_valid: is_key_prefix,
    invalid: "Key prefix must only contain letters, digits and !-_.*'()/, and no part of it may be empty, . or ..",
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
        if let Some(endpoint_url) = endpoint_url.filter(|_| errors.is_empty()) {
            let text = |text: &str| text.trim().to_owned();
            return Ok(Self {
                access_key_id: text(&draft.access_key_id),
                region: text(&draft.region),
                bucket: text(&draft.bucket),
                endpoint_url,
                key_prefix: text(&draft.key_prefix).trim_end_matches('/').to_owned(),
                layout: draft.layout,
            });
        }
        Err(errors)
    }

    /// What can be told without parsing the endpoint's host: enough while somebody types.
    pub(super) fn mistakes(draft: &S3Draft) -> FieldErrors {
        let mut errors = FieldErrors::default();
        errors.collect(ACCESS_KEY_ID.parse(&draft.access_key_id));
        errors.collect(REGION.parse(&draft.region));
        errors.collect(BUCKET.parse(&draft.bucket));
        if !draft.endpoint_url.trim().is_empty() {
            errors.collect(check_endpoint(&draft.endpoint_url));
        }
        if !draft.key_prefix.trim().is_empty() {
            errors.collect(KEY_PREFIX.parse(&draft.key_prefix));
        }
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
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!-_.*'()".contains(&byte);
    text.strip_suffix('/')
        .unwrap_or(text)
        .split('/')
        .all(|part| !matches!(part, "" | "." | "..") && part.bytes().all(is_allowed))
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
            key_prefix: "audit/prod/".into(),
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
            ("audit/prod", "audit-events")
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
