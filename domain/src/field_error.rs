//! What is wrong with one field of a form or request, reported at that field.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The fields that a person or a client fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Name,
    Url,
    VerificationToken,
    SigningSecret,
    /// The headers of a destination as a whole.
    Headers,
    /// Name of the header at this position, from 0.
    HeaderName(u8),
    /// Value of the header at this position, from 0.
    HeaderValue(u8),
    /// The event types to send.
    EventTypes,
    /// The event types not to send.
    EventTypeDenylist,
    /// Groups and projects to admit.
    Namespaces,
    /// Where a new stream begins.
    StartFrom,
    /// Of a Google Cloud Logging destination, down to the private key.
    ProjectId,
    ClientEmail,
    LogId,
    PrivateKey,
    /// Of an AWS S3 destination, down to the days of its lock.
    AccessKeyId,
    SecretAccessKey,
    Region,
    Bucket,
    EndpointUrl,
    KeyPrefix,
    ObjectLayout,
    Partitions,
    Checksums,
    Encryption,
    KmsKeyId,
    LockMode,
    LockDays,
    Username,
    Password,
    NewPassword,
    Scopes,
    ExpiresAt,
    CreatedAfter,
    CreatedBefore,
    Sort,
    Filter,
    RetentionDays,
    LogSize,
    Allowlist,
    /// Of the alerts, down to the webhook's secret.
    FailingMinutes,
    LogShare,
    EmailHost,
    EmailPort,
    EmailSecurity,
    EmailUsername,
    EmailPassword,
    EmailFrom,
    EmailTo,
    WebhookUrl,
    WebhookSecret,
}

/// A field and the rule it breaks. The message is a sentence of its own, for its reader, and never repeats the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    pub field: Field,
    pub message: String,
}

impl FieldError {
    /// An error at one field. `message` is a sentence for the reader.
    pub fn new(field: Field, message: impl Into<String>) -> Self {
        Self {
            field,
            message: message.into(),
        }
    }
}

/// Every field that was refused; never empty when returned as an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Adds an error.
    pub fn push(&mut self, error: FieldError) {
        self.0.push(error);
    }

    /// Keeps the value, or notes the error and keeps nothing.
    pub fn collect<T>(&mut self, parsed: Result<T, FieldError>) -> Option<T> {
        parsed.map_err(|error| self.push(error)).ok()
    }

    /// Keeps the value, or notes the errors and keeps nothing.
    pub fn collect_all<T>(&mut self, parsed: Result<T, Self>) -> Option<T> {
        parsed.map_err(|errors| self.0.extend(errors.0)).ok()
    }

    /// Adds all of them.
    pub fn extend(&mut self, errors: Self) {
        self.0.extend(errors.0);
    }

    /// Whether there is no error.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }

    /// The first message about `field`.
    pub fn message_for(&self, field: Field) -> Option<&str> {
        self.0
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.message.as_str())
    }
}

impl From<FieldError> for FieldErrors {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, error) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(formatter, "{separator}{}", error.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}
