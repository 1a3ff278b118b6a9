//! Durations as metrics tell them: how many, how long in all, and how they are spread.

use std::time::Duration;

use super::LatencyHistogram;

/// A histogram that knows its sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    histogram: LatencyHistogram,
    sum: Duration,
}

impl Timings {
    /// Counts one duration.
    pub fn record(&mut self, duration: Duration) {
        self.histogram.record(duration);
        self.sum = self.sum.saturating_add(duration);
    }

    /// How many durations were recorded.
    pub fn count(&self) -> u64 {
        self.histogram.count()
    }

    /// All of them together.
    pub const fn sum(&self) -> Duration {
        self.sum
    }

    /// How many fall to each of these bounds, which ascend, and last how many to none of them. A bucket falls whole to the
    /// first bound that is not below its end, so a duration just below a bound may fall to the next one.
    pub fn counts_by(&self, bounds: &[Duration]) -> Vec<u64> {
        let mut counts = vec![0_u64; bounds.len().saturating_add(1)];
        for (end, more) in self.histogram.buckets() {
            let position = bounds.partition_point(|bound| *bound < end);
            if let Some(count) = counts.get_mut(position) {
                *count = count.saturating_add(more);
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(durations: &[Duration]) -> Timings {
        let mut timings = Timings::default();
        for duration in durations {
            timings.record(*duration);
        }
        timings
    }

    #[test]
    fn a_bucket_falls_whole_to_the_first_bound_that_is_not_below_its_end() {
        let bounds = [1, 10, 100].map(Duration::from_millis);
        // The bucket of 960 µs ends at 1,023 µs, beyond the first bound.
        let durations = [1, 959, 960, 1_000, 9_000, 99_999, 100_000, 5_000_000].map(Duration::from_micros);
        let timings = of(&durations);
        assert_eq!(timings.counts_by(&bounds), [2, 3, 0, 3]);
        assert_eq!(timings.counts_by(&[]), [8]);
        assert_eq!((timings.count(), timings.sum()), (8, durations.iter().sum()));
    }

    #[test]
    fn of_nothing_there_is_nothing() {
        let timings = Timings::default();
        assert_eq!(timings.counts_by(&[Duration::from_secs(1)]), [0, 0]);
        assert_eq!((timings.count(), timings.sum()), (0, Duration::ZERO));
    }
}
