//! The points of a chart over any stretch of time.

use super::minutes::{Counts, Minute, Point, Span};
use crate::Timestamp;

/// Minutes that one point of a chart may stand for.
const STEPS: [u32; 8] = [1, 5, 15, 30, 60, 180, 360, 1_440];

/// A chart of a chosen range has at most this many points.
const MOST_POINTS: i64 = 180;

/// A stretch of time in points of equal length, which begin at multiples of it (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    start: Minute,
    /// Minutes that one point stands for.
    step: u32,
    points: u32,
}

impl TimeRange {
    /// The stretch that ends with this minute.
    pub fn last(span: Span, end: Minute) -> Self {
        Self {
            start: span.start(end),
            step: span.step(),
            points: span.minutes().div_euclid(span.step()),
        }
    }

    /// From one moment until before another, in as many points as a chart has; `None` if that is no stretch, or so long that its
    /// points would be longer than days.
    pub fn between(from: Timestamp, before: Timestamp) -> Option<Self> {
        let first = Minute::of(from).number();
        let last = Minute::of(before.minus(std::time::Duration::from_millis(1))).number();
        if before <= from {
            return None;
        }
        let points_of = |step: u32| {
            let step = i64::from(step);
            last.div_euclid(step) - first.div_euclid(step) + 1
        };
        let step = STEPS.into_iter().find(|step| points_of(*step) <= MOST_POINTS)?;
        Some(Self {
            start: Minute::new(first.div_euclid(i64::from(step)).saturating_mul(i64::from(step))),
            step,
            points: u32::try_from(points_of(step)).ok()?,
        })
    }

    /// The first minute.
    pub const fn start(self) -> Minute {
        self.start
    }

    /// Minutes that one point stands for.
    pub const fn step(self) -> u32 {
        self.step
    }

    /// Sums what was counted by the minute into the points, the oldest first. What lies outside is left out.
    pub fn sum(self, minutes: impl IntoIterator<Item = (Minute, Counts)>) -> Vec<Point> {
        let (start, step) = (self.start, i64::from(self.step));
        let starts = (0..self.points)
            .map(|point| Minute::new(start.number().saturating_add(i64::from(point).saturating_mul(step))));
        let mut points: Vec<Point> = starts
            .map(|start| Point {
                start,
                counts: Counts::default(),
            })
            .collect();
        for (minute, counts) in minutes {
            let position = minute.number().saturating_sub(start.number()).div_euclid(step);
            let point = usize::try_from(position)
                .ok()
                .and_then(|position| points.get_mut(position));
            if let Some(point) = point {
                point.counts.add(&counts);
            }
        }
        points
    }
}

impl Span {
    /// Sums what was counted by the minute into the points of a chart, the oldest first.
    pub fn points(self, end: Minute, minutes: impl IntoIterator<Item = (Minute, Counts)>) -> Vec<Point> {
        TimeRange::last(self, end).sum(minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_chosen_range_gets_points_that_fit_it() {
        let ranges = [
            ("2026-03-24T10:00:00Z", "2026-03-24T10:30:00Z", 1, 30),
            ("2026-03-24T10:00:00Z", "2026-03-24T13:00:00Z", 1, 180),
            ("2026-03-24T10:00:00Z", "2026-03-24T13:00:01Z", 5, 37),
            ("2026-03-20T00:00:00Z", "2026-03-24T00:00:00Z", 60, 96),
            // Points begin at multiples of their length.
            ("2026-03-20T00:07:00Z", "2026-03-21T00:07:00Z", 15, 97),
        ];
        for (from, before, step, points) in ranges {
            let range = TimeRange::between(at(from), at(before)).unwrap();
            assert_eq!((range.step(), range.sum([]).len()), (step, points), "{from} {before}");
            assert!(range.start().start() <= at(from));
            let last = range.sum([]).pop().unwrap();
            assert!(last.start.start() < at(before));
        }
    }

    #[test]
    fn what_is_no_stretch_is_none() {
        let moment = at("2026-03-24T10:00:00Z");
        assert_eq!(TimeRange::between(moment, moment), None);
        assert_eq!(TimeRange::between(moment, at("2025-03-24T10:00:00Z")), None);
        assert_eq!(TimeRange::between(at("1970-01-01T00:00:00Z"), moment), None, "too long");
    }
}
