//! Overrides of the table of decisions, which the settings of a destination have for response statuses.

use std::{fmt, ops::RangeInclusive};

/// A set of HTTP statuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusCodes {
    /// In order, neither overlapping nor adjacent.
    ranges: Vec<RangeInclusive<u16>>,
}

impl StatusCodes {
    /// Whether the status is one of them.
    pub fn contains(&self, status: u16) -> bool {
        self.ranges.iter().any(|range| range.contains(&status))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        self.ranges.iter().cloned().flatten()
    }
}

impl FromIterator<RangeInclusive<u16>> for StatusCodes {
    fn from_iter<I: IntoIterator<Item = RangeInclusive<u16>>>(ranges: I) -> Self {
        let mut given: Vec<_> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
        given.sort_unstable_by_key(|range| *range.start());
        let mut ranges: Vec<RangeInclusive<u16>> = Vec::with_capacity(given.len());
        for range in given {
            match ranges.last_mut() {
                Some(last) if *range.start() <= last.end().saturating_add(1) => {
                    *last = *last.start()..=*last.end().max(range.end());
                }
                _ => ranges.push(range),
            }
        }
        Self { ranges }
    }
}

/// As a list is written: `409, 425, 500-599`.
impl fmt::Display for StatusCodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, range) in self.ranges.iter().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            match (range.start(), range.end()) {
                (only, last) if only == last => write!(formatter, "{separator}{only}")?,
                (first, last) => write!(formatter, "{separator}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

/// Overrides of what is decided about statuses. Listing a status that is already handled that way has no effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusRules {
    /// Statuses that say nothing against the event: the stream backs off, and sends it again.
    pub retry: StatusCodes,
    /// Statuses that say that the event itself is not wanted.
    pub reject: StatusCodes,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_is_written_in_order_and_without_repeats() {
        let codes: StatusCodes = [503..=503, 409..=409, 500..=502, 425..=425, 501..=501]
            .into_iter()
            .collect();
        assert_eq!(codes.to_string(), "409, 425, 500-503");
        assert_eq!(StatusCodes::default().to_string(), "");
        assert!(StatusCodes::default().is_empty() && !codes.is_empty());
    }

    proptest! {
        #[test]
        fn a_set_has_what_its_ranges_have(ranges in prop::collection::vec((100_u16..600, 0_u16..40), 0..12), status in 90_u16..650) {
            let ranges: Vec<_> = ranges.into_iter().map(|(first, more)| first..=first + more).collect();
            let codes: StatusCodes = ranges.iter().cloned().collect();
            prop_assert_eq!(codes.contains(status), ranges.iter().any(|range| range.contains(&status)));
            prop_assert!(codes.iter().is_sorted_by(|before, after| before < after));
            prop_assert!(codes.iter().all(|status| codes.contains(status)));
        }
    }
}
