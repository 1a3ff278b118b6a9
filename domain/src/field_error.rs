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
    /// How an HTTP endpoint gets events.
    RequestFormat,
    BatchEvents,
    BatchBytes,
    BatchWait,
    Compression,
    /// Which servers a destination trusts, and how it identifies itself, down to whether certificates are verified.
    TlsCaCertificates,
    TlsClientCertificate,
    TlsClientKey,
    TlsServerName,
    TlsVerify,
    /// Through which proxy a destination is reached.
    Proxy,
    /// How fast and how long requests are sent to a destination, and which statuses of its answers mean something else than usual.
    RequestTimeout,
    MaxConcurrency,
    MaxRate,
    RetryStatuses,
    RejectStatuses,
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
    ClientCertificate,
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
    /// The invalid field.
    pub field: Field,
    /// What is wrong with it, and what would be right.
    pub message: String,
    /// The settings that can allow the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<Setting>,
}

/// Settings of the instance that allow or forbid what is entered elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Which addresses destinations can use.
    Network,
}

impl FieldError {
    /// An error at one field. `message` is a sentence for the reader.
    pub fn new(field: Field, message: impl Into<String>) -> Self {
        Self {
            field,
            message: message.into(),
            setting: None,
        }
    }

    /// Says which settings can allow the value.
    #[must_use]
    pub fn allowed_by(self, setting: Setting) -> Self {
        Self {
            setting: Some(setting),
            ..self
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

    /// Drops the errors at `field`.
    pub fn remove(&mut self, field: Field) {
        self.0.retain(|error| error.field != field);
    }

    /// Moves each error to another field, or drops it.
    pub fn rename(&mut self, moved: impl Fn(Field) -> Option<Field>) {
        self.0.retain_mut(|error| {
            let to = moved(error.field);
            error.field = to.unwrap_or(error.field);
            to.is_some()
        });
    }

    /// Whether there is no error.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }

    /// The first error at `field`.
    pub fn error_for(&self, field: Field) -> Option<&FieldError> {
        self.0.iter().find(|error| error.field == field)
    }

    /// The first message about `field`.
    pub fn message_for(&self, field: Field) -> Option<&str> {
        self.error_for(field).map(|error| error.message.as_str())
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
