//! Which positions of the log are acknowledged: the cursor of one stream, in memory.

use std::collections::BTreeMap;

use domain::ids::Seq;

/// Everything up to `acknowledged` is acknowledged, and the ranges above it. Ranges are inclusive, apart, and never touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    acknowledged: i64,
    /// First to last.
    above: BTreeMap<i64, i64>,
    /// How many positions the ranges contain.
    above_count: i64,
}

impl Progress {
    pub(super) fn new(acknowledged: Seq, acknowledged_above: &[(Seq, Seq)]) -> Self {
        let mut progress = Self {
            acknowledged: acknowledged.get(),
            above: BTreeMap::new(),
            above_count: 0,
        };
        for (first, last) in acknowledged_above {
            progress.acknowledge_range(*first, *last);
        }
        progress
    }

    pub(super) fn acknowledged(&self) -> Seq {
        Seq::new(self.acknowledged)
    }

    pub(super) fn acknowledged_above(&self) -> Vec<(Seq, Seq)> {
        self.above
            .iter()
            .map(|(first, last)| (Seq::new(*first), Seq::new(*last)))
            .collect()
    }

    /// How many positions are acknowledged in all, counted from the start of the log.
    pub(super) fn acknowledged_count(&self) -> i64 {
        self.acknowledged + self.above_count
    }

    pub(super) fn is_acknowledged(&self, seq: Seq) -> bool {
        let seq = seq.get();
        let range = || self.above.range(..=seq).next_back();
        seq <= self.acknowledged || range().is_some_and(|(_, last)| seq <= *last)
    }

    pub(super) fn acknowledge(&mut self, seq: Seq) {
        self.acknowledge_range(seq, seq);
    }

    /// Acknowledges from `first` to `last`, both included.
    pub(super) fn acknowledge_range(&mut self, first: Seq, last: Seq) {
        let (mut first, mut last) = (first.get(), last.get());
        if first <= self.acknowledged + 1 {
            self.acknowledged = self.acknowledged.max(last);
            self.absorb();
            return;
        }
        while let Some((near_first, near_last)) = self.above.range(..=last + 1).next_back().map(|(a, b)| (*a, *b)) {
            if near_last + 1 < first {
                break;
            }
            self.remove(near_first);
            first = first.min(near_first);
            last = last.max(near_last);
        }
        if first <= last {
            self.above.insert(first, last);
            self.above_count += last - first + 1;
        }
    }

    /// Takes into `acknowledged` what now follows on it.
    fn absorb(&mut self) {
        while let Some(first) = self.above.first_key_value().map(|(first, _)| *first) {
            if first > self.acknowledged + 1 {
                break;
            }
            let last = self.remove(first);
            self.acknowledged = self.acknowledged.max(last);
        }
    }

    /// Takes a range out. Returns its end.
    fn remove(&mut self, first: i64) -> i64 {
        let last = self.above.remove(&first).unwrap_or(first - 1);
        self.above_count -= last - first + 1;
        last
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hole_keeps_the_cursor_back_until_it_is_filled() {
        let mut progress = Progress::new(Seq::new(10), &[]);
        for seq in [12, 13, 15] {
            progress.acknowledge(Seq::new(seq));
        }
        assert_eq!(progress.acknowledged(), Seq::new(10));
        assert_eq!(
            progress.acknowledged_above(),
            [(Seq::new(12), Seq::new(13)), (Seq::new(15), Seq::new(15))]
        );
        progress.acknowledge(Seq::new(11));
        assert_eq!(progress.acknowledged(), Seq::new(13));
        progress.acknowledge(Seq::new(14));
        assert_eq!(
            (progress.acknowledged(), progress.acknowledged_above()),
            (Seq::new(15), Vec::new())
        );
    }

    proptest! {
        #[test]
        fn it_is_the_set_of_what_was_acknowledged(start in 0_i64..20, ranges in proptest::collection::vec((1_i64..80, 0_i64..5), 0..60)) {
            let mut progress = Progress::new(Seq::new(start), &[]);
            let mut model: BTreeSet<i64> = (1..=start).collect();
            for (first, more) in ranges {
                progress.acknowledge_range(Seq::new(first), Seq::new(first + more));
                model.extend(first..=first + more);
                for seq in 1..100 {
                    prop_assert_eq!(progress.is_acknowledged(Seq::new(seq)), model.contains(&seq), "{}", seq);
                }
                prop_assert_eq!(progress.acknowledged_count(), i64::try_from(model.len()).unwrap());
                let again = Progress::new(progress.acknowledged(), &progress.acknowledged_above());
                prop_assert_eq!(&again, &progress);
                prop_assert!(!model.contains(&(progress.acknowledged().get() + 1)));
            }
        }
    }
}
