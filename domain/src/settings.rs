//! What administrators choose for the whole instance.

mod alerts;
mod allow_entry;
mod byte_size;
mod network;
mod retention;

pub use self::{
    alerts::{
        AlertChange, AlertChannel, AlertThresholds, EmailChange, EmailDraft, EmailSettings, FailingMinutes, LogShare,
        MailAddress, SecretChange, SmtpHost, SmtpLogin, SmtpPassword, SmtpSecurity, ThresholdsDraft, WebhookChange,
        WebhookDraft, WebhookSecret, WebhookSettings,
    },
    allow_entry::{AllowEntry, InvalidAllowEntry},
    byte_size::{ByteSize, InvalidByteSize},
    network::{NetworkChange, NetworkDraft, parse_allowlist},
    retention::{LogSize, RetentionChange, RetentionDays, RetentionDraft},
};

/// A serialized setting was outside the range of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value is out of range")]
pub struct OutOfRange;
