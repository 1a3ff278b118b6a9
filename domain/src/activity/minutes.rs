//! Minutes, what is counted in them, and spans of them.

use super::latency::LatencyHistogram;
use crate::Timestamp;

const MINUTE_MS: i64 = 60_000;

/// A minute since 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(i64);

impl Minute {
    /// The minute that holds a moment.
    pub const fn of(moment: Timestamp) -> Self {
        Self(moment.unix_ms().div_euclid(MINUTE_MS))
    }

    /// The number as it is stored.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Minutes since 1970 began (UTC).
    pub const fn number(self) -> i64 {
        self.0
    }

    /// Its first moment.
    pub const fn start(self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.saturating_mul(MINUTE_MS))
    }

    /// The minute that was `minutes` earlier.
    #[must_use]
    pub fn minus(self, minutes: u32) -> Self {
        Self(self.0.saturating_sub(i64::from(minutes)))
    }
}

/// What one stream did in a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that were accepted; one that is sent again after a crash counts again.
    pub delivered: u64,
    /// Requests that failed, whatever for.
    pub failed: u64,
    /// How long accepted requests took.
    pub latency: LatencyHistogram,
}

impl Counts {
    /// Adds the counts of another stretch of time.
    pub fn add(&mut self, other: &Self) {
        self.delivered = self.delivered.saturating_add(other.delivered);
        self.failed = self.failed.saturating_add(other.failed);
        self.latency.add(&other.latency);
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.delivered == 0 && self.failed == 0 && self.latency.is_empty()
    }
}

/// How far back a chart goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    #[default]
    Hour,
    Day,
    Week,
}

impl Span {
    /// Every span, the shortest first.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    /// The name in URLs: `hour`, `day` or `week`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    /// Reads what [`Self::as_str`] returns; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.as_str() == text)
    }

    /// The length in minutes.
    pub const fn minutes(self) -> u32 {
        match self {
            Self::Hour => 60,
            Self::Day => 24 * 60,
            Self::Week => 7 * 24 * 60,
        }
    }

    /// Minutes that one point of a chart stands for.
    pub const fn step(self) -> u32 {
        match self {
            Self::Hour => 1,
            Self::Day => 15,
            Self::Week => 60,
        }
    }

    /// The first minute of a chart that ends with this one; a multiple of the step, so that the points of a chart stay what they
    /// are while time goes on.
    pub fn start(self, end: Minute) -> Minute {
        let step = i64::from(self.step());
        let last_step = end.number().div_euclid(step).saturating_mul(step);
        Minute(last_step.saturating_add(step)).minus(self.minutes())
    }
}

/// One point of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The first minute of the step it stands for.
    pub start: Minute,
    /// What was counted in it.
    pub counts: Counts,
}
