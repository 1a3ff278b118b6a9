//! How long events are kept, and how much room they may take.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{ByteSize, OutOfRange};
use crate::{Field, FieldError, FieldErrors};

/// Number of days, from 1 to 36500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u32", try_from = "u32")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = u32))]
pub struct RetentionDays(u32);

impl RetentionDays {
    /// The value of a new instance.
    pub const DEFAULT: Self = Self(30);
    /// The largest value.
    pub const MAX: u32 = 36_500;

    /// None at 0, at which nothing would be kept, and beyond a hundred years.
    pub fn new(days: u32) -> Option<Self> {
        (1..=Self::MAX).contains(&days).then_some(Self(days))
    }

    /// The number of days.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The same as a duration.
    pub fn age(self) -> Duration {
        Duration::from_secs(u64::from(self.0) * 86_400)
    }
}

impl fmt::Display for RetentionDays {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

// A smaller log could not hold one full request, and would refuse it for ever.
/// Size limit of the log: a number with a unit, at least 64 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "10GiB"))]
pub struct LogSize(u64);

impl LogSize {
    /// The value of a new instance.
    pub const DEFAULT: Self = Self(10 << 30);
    /// The smallest value.
    pub const MIN: Self = Self(64 << 20);
    /// What SQLite's positions can count.
    const MAX: u64 = 1 << 50;

    /// `None` if the size is out of range.
    pub fn new(bytes: u64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX).contains(&bytes).then_some(Self(bytes))
    }

    /// The size in bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for LogSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        ByteSize(self.0).fmt(formatter)
    }
}

impl From<RetentionDays> for u32 {
    fn from(days: RetentionDays) -> Self {
        days.0
    }
}

impl TryFrom<u32> for RetentionDays {
    type Error = OutOfRange;

    fn try_from(days: u32) -> Result<Self, OutOfRange> {
        Self::new(days).ok_or(OutOfRange)
    }
}

impl From<LogSize> for String {
    fn from(size: LogSize) -> Self {
        size.to_string()
    }
}

impl TryFrom<String> for LogSize {
    type Error = OutOfRange;

    fn try_from(text: String) -> Result<Self, OutOfRange> {
        let size: ByteSize = text.parse().map_err(|_| OutOfRange)?;
        Self::new(size.0).ok_or(OutOfRange)
    }
}

/// As it was typed. An empty field means the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionDraft {
    /// Days, as typed.
    pub days: String,
    /// Size with its unit, as typed.
    pub log_size: String,
}

/// What is to be stored; none for the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetentionChange {
    /// `None` leaves it as it is.
    pub days: Option<RetentionDays>,
    /// `None` leaves it as it is.
    pub log_size: Option<LogSize>,
}

impl RetentionDraft {
    /// # Errors
    /// Every field that breaks its rule.
    pub fn parse(&self) -> Result<RetentionChange, FieldErrors> {
        let mut errors = FieldErrors::default();
        let days = errors.collect(parse_days(&self.days));
        let log_size = errors.collect(parse_log_size(&self.log_size));
        match (days, log_size) {
            (Some(days), Some(log_size)) => Ok(RetentionChange { days, log_size }),
            _ => Err(errors),
        }
    }
}

fn parse_days(text: &str) -> Result<Option<RetentionDays>, FieldError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let days = text.trim().parse().ok().and_then(RetentionDays::new);
    let rule = || {
        FieldError::new(
            Field::RetentionDays,
            "Keep events for: a whole number of days from 1 to 36500, for example 30.",
        )
    };
    days.ok_or_else(rule).map(Some)
}

fn parse_log_size(text: &str) -> Result<Option<LogSize>, FieldError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let refused = |rule: &str| FieldError::new(Field::LogSize, rule);
    let size: ByteSize = text
        .parse()
        .map_err(|_| refused("Maximum log size: a number and a unit, for example 10GiB or 500MB."))?;
    if size.0 < LogSize::MIN.bytes() {
        return Err(refused(
            "Maximum log size: at least 64MiB, for example 10GiB; a smaller log could not store one full request.",
        ));
    }
    let size = LogSize::new(size.0).ok_or_else(|| refused("Maximum log size: at most 1024TiB, for example 500GiB."));
    size.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(days: &str, log_size: &str) -> RetentionDraft {
        RetentionDraft {
            days: days.into(),
            log_size: log_size.into(),
        }
    }

    #[test]
    fn what_is_empty_stands_at_its_default() {
        assert_eq!(
            draft(" 7 ", "").parse(),
            Ok(RetentionChange {
                days: RetentionDays::new(7),
                log_size: None,
            })
        );
        assert_eq!(RetentionDraft::default().parse(), Ok(RetentionChange::default()));
    }

    #[test]
    fn each_mistake_is_told_at_its_field() {
        for days in ["0", "36501", "a week", "-1", "1.5"] {
            let errors = draft(days, "10GiB").parse().unwrap_err();
            assert!(
                errors.message_for(Field::RetentionDays).unwrap().contains("1 to 36500"),
                "{days}"
            );
            assert_eq!(errors.message_for(Field::LogSize), None);
        }
        for (size, rule) in [
            ("much", "for example 10GiB"),
            ("63MiB", "at least 64MiB"),
            ("2000TiB", "at most"),
        ] {
            let errors = draft("30", size).parse().unwrap_err();
            assert!(errors.message_for(Field::LogSize).unwrap().contains(rule), "{size}");
        }
    }
}
