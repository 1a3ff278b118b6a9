//! When administrators are notified of trouble, and how.

mod email;
mod webhook;

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

pub use self::{
    email::{EmailChange, EmailDraft, EmailSettings, MailAddress, SmtpHost, SmtpLogin, SmtpPassword, SmtpSecurity},
    webhook::{SecretChange, WebhookChange, WebhookDraft, WebhookSecret, WebhookSettings},
};
use super::OutOfRange;
use crate::{Field, FieldError, FieldErrors};

/// A way to notify administrators besides audit events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertChannel {
    Email,
    Webhook,
}

impl AlertChannel {
    /// Every channel.
    pub const ALL: [Self; 2] = [Self::Email, Self::Webhook];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }
}

/// How long a stream must fail before administrators are notified: 1 minute to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u32", try_from = "u32")]
pub struct FailingMinutes(u32);

impl FailingMinutes {
    /// The value of a new instance.
    pub const DEFAULT: Self = Self(10);
    /// The largest value.
    pub const MAX: u32 = 1_440;

    /// `None` if the value is out of range.
    pub fn new(minutes: u32) -> Option<Self> {
        (1..=Self::MAX).contains(&minutes).then_some(Self(minutes))
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The same as a duration.
    pub fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.0) * 60)
    }
}

impl fmt::Display for FailingMinutes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The part of the log's size limit, in per cent, from which on administrators are notified that the limit is near: 50 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u32", try_from = "u32")]
pub struct LogShare(u32);

impl LogShare {
    /// The value of a new instance.
    pub const DEFAULT: Self = Self(80);
    /// The smallest value.
    pub const MIN: u32 = 50;
    /// The largest value.
    pub const MAX: u32 = 99;

    /// `None` if the value is out of range.
    pub fn new(percent: u32) -> Option<Self> {
        (Self::MIN..=Self::MAX).contains(&percent).then_some(Self(percent))
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for LogShare {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl From<FailingMinutes> for u32 {
    fn from(minutes: FailingMinutes) -> Self {
        minutes.0
    }
}

impl TryFrom<u32> for FailingMinutes {
    type Error = OutOfRange;

    fn try_from(minutes: u32) -> Result<Self, OutOfRange> {
        Self::new(minutes).ok_or(OutOfRange)
    }
}

impl From<LogShare> for u32 {
    fn from(share: LogShare) -> Self {
        share.0
    }
}

impl TryFrom<u32> for LogShare {
    type Error = OutOfRange;

    fn try_from(percent: u32) -> Result<Self, OutOfRange> {
        Self::new(percent).ok_or(OutOfRange)
    }
}

/// As it was typed. An empty field means the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThresholdsDraft {
    /// Minutes, as typed.
    pub failing_minutes: String,
    /// Per cent, as typed.
    pub log_share: String,
}

/// When a notification is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertThresholds {
    /// For how long a stream has to fail before it raises an alert.
    pub failing_minutes: FailingMinutes,
    /// How much of the maximum log size the backlog of a stream may use before it raises an alert, in per cent.
    pub log_share: LogShare,
}

impl Default for AlertThresholds {
    fn default() -> Self {
        Self {
            failing_minutes: FailingMinutes::DEFAULT,
            log_share: LogShare::DEFAULT,
        }
    }
}

/// What is to be stored. What is none stays as it is; a way of telling that is none within is off from then on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertChange {
    /// `None` leaves them as they are.
    pub thresholds: Option<AlertThresholds>,
    /// `None` leaves it as it is, `Some(None)` turns it off.
    pub email: Option<Option<EmailChange>>,
    /// `None` leaves it as it is, `Some(None)` turns it off.
    pub webhook: Option<Option<WebhookChange>>,
}

impl ThresholdsDraft {
    /// # Errors
    /// Every field that breaks its rule.
    pub fn parse(&self) -> Result<AlertThresholds, FieldErrors> {
        let mut errors = FieldErrors::default();
        let minutes = errors.collect(parse_minutes(&self.failing_minutes));
        let share = errors.collect(parse_share(&self.log_share));
        match (minutes, share) {
            (Some(failing_minutes), Some(log_share)) => Ok(AlertThresholds {
                failing_minutes,
                log_share,
            }),
            _ => Err(errors),
        }
    }
}

fn parse_minutes(text: &str) -> Result<FailingMinutes, FieldError> {
    if text.trim().is_empty() {
        return Ok(FailingMinutes::DEFAULT);
    }
    let minutes = text.trim().parse().ok().and_then(FailingMinutes::new);
    minutes.ok_or_else(|| {
        FieldError::new(
            Field::FailingMinutes,
            "Alert when a stream has failed for: a whole number of minutes from 1 to 1440, for example 10.",
        )
    })
}

fn parse_share(text: &str) -> Result<LogShare, FieldError> {
    let text = text.trim().trim_end_matches('%').trim_end();
    if text.is_empty() {
        return Ok(LogShare::DEFAULT);
    }
    let share = text.parse().ok().and_then(LogShare::new);
    share.ok_or_else(|| {
        FieldError::new(
            Field::LogShare,
            "Alert when a stream's backlog uses: a whole number from 50 to 99, for example 80.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(failing_minutes: &str, log_share: &str) -> Result<AlertThresholds, FieldErrors> {
        ThresholdsDraft {
            failing_minutes: failing_minutes.into(),
            log_share: log_share.into(),
        }
        .parse()
    }

    #[test]
    fn what_is_empty_stands_at_its_default() {
        assert_eq!(parse("", " "), Ok(AlertThresholds::default()));
        let thresholds = parse(" 1440 ", "50 %").unwrap();
        assert_eq!(
            (thresholds.failing_minutes.get(), thresholds.log_share.get()),
            (1440, 50)
        );
    }

    #[test]
    fn each_mistake_is_told_at_its_field() {
        for minutes in ["0", "1441", "-1", "ten", "1.5"] {
            let errors = parse(minutes, "80").unwrap_err();
            assert!(
                errors.message_for(Field::FailingMinutes).unwrap().contains("1 to 1440"),
                "{minutes}"
            );
            assert_eq!(errors.message_for(Field::LogShare), None);
        }
        for share in ["49", "100", "-1", "most"] {
            let errors = parse("10", share).unwrap_err();
            assert!(
                errors.message_for(Field::LogShare).unwrap().contains("50 to 99"),
                "{share}"
            );
        }
    }
}
