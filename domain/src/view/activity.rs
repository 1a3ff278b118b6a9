//! The read model of what a stream has done over time.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    activity::{Counts, Point, TimeRange},
};

/// What a stream did in a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityView {
    /// Length of a point in minutes.
    pub step_minutes: u32,
    /// The oldest first.
    pub points: Vec<ActivityPoint>,
    /// Of all points together.
    pub total: ActivityCounts,
}

/// What a stream did in one interval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityPoint {
    /// Start of the interval.
    pub start: Timestamp,
    /// What was counted in it.
    pub counts: ActivityCounts,
}

/// What a stream did, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityCounts {
    /// Events that were accepted; one that is sent again after a crash counts again.
    pub delivered: u64,
    /// Requests that failed.
    pub failed: u64,
    /// How long accepted requests took; `None` without any.
    pub latency: Option<LatencyMicros>,
}

/// Percentiles in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyMicros {
    /// Half of the requests took no longer.
    pub p50: u64,
    /// 95 % of the requests took no longer.
    pub p95: u64,
    /// 99 % of the requests took no longer.
    pub p99: u64,
}

impl ActivityView {
    /// What was counted in the points of a range.
    pub fn new(range: TimeRange, points: &[Point]) -> Self {
        let total = points.iter().fold(Counts::default(), |mut sum, point| {
            sum.add(&point.counts);
            sum
        });
        let points = points.iter().map(|point| ActivityPoint {
            start: point.start.start(),
            counts: ActivityCounts::from(&point.counts),
        });
        Self {
            step_minutes: range.step(),
            points: points.collect(),
            total: ActivityCounts::from(&total),
        }
    }
}

impl From<&Counts> for ActivityCounts {
    fn from(counts: &Counts) -> Self {
        let micros = |percent| {
            let latency = counts.latency.percentile(percent)?;
            Some(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX))
        };
        let latency = || {
            Some(LatencyMicros {
                p50: micros(50)?,
                p95: micros(95)?,
                p99: micros(99)?,
            })
        };
        Self {
            delivered: counts.delivered,
            failed: counts.failed,
            latency: latency(),
        }
    }
}
