//! How long requests took, as a histogram of which many can be added up.

use std::{collections::BTreeMap, time::Duration};

/// Counts durations in buckets that grow with them: eight to each doubling, so that a quantile is off by an eighth at
/// most. From a microsecond to some two hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LatencyHistogram {
    /// How many fell into each bucket; those of zero are left out.
    buckets: BTreeMap<u8, u64>,
}

/// Durations up to this many microseconds have a bucket each.
const EXACT_MICROS: u64 = 8;

impl LatencyHistogram {
    /// Counts one duration.
    pub fn record(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let count = self.buckets.entry(bucket_of(micros)).or_default();
        *count = count.saturating_add(1);
    }

    /// Adds the counts of another histogram.
    pub fn add(&mut self, other: &Self) {
        for (bucket, more) in &other.buckets {
            let count = self.buckets.entry(*bucket).or_default();
            *count = count.saturating_add(*more);
        }
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// How many durations were recorded.
    pub fn count(&self) -> u64 {
        self.buckets.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The duration that `percent` of those recorded do not exceed; none if there are none.
    pub fn percentile(&self, percent: u8) -> Option<Duration> {
        let rank = self.count().saturating_mul(percent.into()).div_ceil(100).max(1);
        let mut seen = 0_u64;
        self.buckets.iter().find_map(|(bucket, count)| {
            seen = seen.saturating_add(*count);
            (seen >= rank).then(|| Duration::from_micros(end_of(*bucket)))
        })
    }

    /// Each bucket that holds something, by the duration at which it ends, the shortest first.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        self.buckets
            .iter()
            .map(|(bucket, count)| (Duration::from_micros(end_of(*bucket)), *count))
    }

    /// As it is stored: the number of each bucket, then its count in groups of seven bits, the lowest first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.buckets.len().saturating_mul(3));
        for (bucket, count) in &self.buckets {
            bytes.push(*bucket);
            let mut rest = *count;
            while rest >= 0x80 {
                bytes.push(low_bits(rest) | 0x80);
                rest >>= 7;
            }
            bytes.push(low_bits(rest));
        }
        bytes
    }

    /// None if it was not made by [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut buckets = BTreeMap::new();
        let mut bytes = bytes.iter().copied();
        while let Some(bucket) = bytes.next() {
            let (mut count, mut shift) = (0_u64, 0_u32);
            loop {
                let byte = bytes.next()?;
                count |= u64::from(byte & 0x7f).checked_shl(shift)?;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            buckets.insert(bucket, count);
        }
        Some(Self { buckets })
    }
}

fn low_bits(count: u64) -> u8 {
    u8::try_from(count & 0x7f).unwrap_or(0)
}

fn bucket_of(micros: u64) -> u8 {
    if micros < EXACT_MICROS {
        return u8::try_from(micros).unwrap_or(0);
    }
    // The three bits below the highest one, and where that stands.
    let octave = micros.ilog2().saturating_sub(2);
    let eighth = (micros >> octave.saturating_sub(1)) & 7;
    let bucket = u64::from(octave).saturating_mul(8).saturating_add(eighth);
    u8::try_from(bucket).unwrap_or(u8::MAX)
}

/// The last microsecond of a bucket.
fn end_of(bucket: u8) -> u64 {
    if u64::from(bucket) < EXACT_MICROS {
        return bucket.into();
    }
    let (octave, eighth) = (u32::from(bucket / 8), u64::from(bucket % 8));
    ((9 + eighth) << octave.saturating_sub(1)).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(micros: &[u64]) -> LatencyHistogram {
        let mut histogram = LatencyHistogram::default();
        for duration in micros {
            histogram.record(Duration::from_micros(*duration));
        }
        histogram
    }

    #[test]
    fn percentiles_of_nothing_and_of_one() {
        assert_eq!(LatencyHistogram::default().percentile(50), None);
        let one = of(&[5]);
        for percent in [0, 50, 95, 99, 100] {
            assert_eq!(one.percentile(percent), Some(Duration::from_micros(5)));
        }
    }

    #[test]
    fn what_is_not_a_histogram_is_refused() {
        assert_eq!(LatencyHistogram::from_bytes(&[3]), None);
        assert_eq!(LatencyHistogram::from_bytes(&[3, 0x80]), None);
    }

    proptest! {
        #[test]
        fn a_percentile_is_an_eighth_too_long_at_most(
            mut durations in proptest::collection::vec(0_u64..7_000_000_000, 1..200), percent in 1_u8..=100
        ) {
            let found = of(&durations).percentile(percent).unwrap().as_micros();
            durations.sort_unstable();
            let rank = (durations.len() * usize::from(percent)).div_ceil(100).max(1);
            let exact = u128::from(durations[rank - 1]);
            prop_assert!(found >= exact && found <= exact + exact / 8 + 1, "{found} for {exact}");
        }

        #[test]
        fn adding_up_is_recording_all(left in proptest::collection::vec(any::<u32>(), 0..50), right in proptest::collection::vec(any::<u32>(), 0..50)) {
            let wide = |list: &[u32]| list.iter().map(|micros| u64::from(*micros)).collect::<Vec<_>>();
            let mut sum = of(&wide(&left));
            sum.add(&of(&wide(&right)));
            prop_assert_eq!(&sum, &of(&wide(&[left, right].concat())));
            prop_assert_eq!(LatencyHistogram::from_bytes(&sum.to_bytes()), Some(sum));
        }
    }
}
