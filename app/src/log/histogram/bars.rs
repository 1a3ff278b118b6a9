//! The bars of the chart, and what is selected of them. A bar is known by its start: while the chart follows the Log, bars leave it at
//! one end and join it at the other.

use domain::Timestamp;

use crate::log::{location::LogLocation, wire::Histogram};

impl Histogram {
    pub(super) fn starts(&self) -> Vec<Timestamp> {
        (0..self.counts.len()).map(|bar| self.start_of(bar)).collect()
    }

    fn start_of(&self, bar: usize) -> Timestamp {
        let bar = i64::try_from(bar).unwrap_or(i64::MAX);
        Timestamp::from_unix_ms(self.from.unix_ms().saturating_add(self.interval_ms.saturating_mul(bar)))
    }

    /// The end of the bar that starts then.
    pub(super) const fn end_of(&self, start: Timestamp) -> Timestamp {
        Timestamp::from_unix_ms(start.unix_ms().saturating_add(self.interval_ms))
    }

    pub(super) fn end(&self) -> Timestamp {
        self.start_of(self.counts.len())
    }

    pub(super) fn count_at(&self, start: Timestamp) -> u64 {
        let bar = start.unix_ms().saturating_sub(self.from.unix_ms()) / self.interval_ms.max(1);
        usize::try_from(bar)
            .ok()
            .and_then(|bar| self.counts.get(bar).copied())
            .unwrap_or(0)
    }

    pub(super) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn most(&self) -> u64 {
        self.counts.iter().copied().max().unwrap_or(0)
    }

    /// In per cent of the highest bar; what is not nothing is seen.
    pub(super) fn height(&self, count: u64) -> u64 {
        match count {
            0 => 0,
            count => (count.saturating_mul(100) / self.most().max(1)).max(3),
        }
    }
}

/// Where an arrow key, *Home* or *End* leads from one of the bars.
pub(super) fn step(starts: &[Timestamp], here: Timestamp, key: &str) -> Option<Timestamp> {
    let bar = starts.iter().position(|start| *start == here).unwrap_or(0);
    let last = starts.len().saturating_sub(1);
    let to = match key {
        "ArrowLeft" => bar.saturating_sub(1),
        "ArrowRight" => (bar + 1).min(last),
        "Home" => 0,
        "End" => last,
        _ => return None,
    };
    starts.get(to).copied()
}

/// From one bar to another, in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Selection {
    pub(super) const fn of(bar: Timestamp) -> Self {
        Self { from: bar, to: bar }
    }

    pub(super) fn contains(self, bar: Timestamp) -> bool {
        self.first() <= bar && bar <= self.last()
    }

    fn first(self) -> Timestamp {
        self.from.min(self.to)
    }

    fn last(self) -> Timestamp {
        self.from.max(self.to)
    }

    /// The address that shows only what is selected.
    pub(super) fn href(self, counted: &Histogram, location: &LogLocation) -> String {
        let (after, before) = (self.first().to_string(), counted.end_of(self.last()).to_string());
        let filter = location.filter.clone().between(&after, &before);
        location.clone().with_filter(filter).href()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted() -> Histogram {
        Histogram {
            from: Timestamp::parse("2026-03-01T00:00:00Z").unwrap(),
            interval_ms: 3_600_000,
            counts: vec![0, 1, 1_000, 500],
        }
    }

    fn bar(hour: usize) -> Timestamp {
        counted().start_of(hour)
    }

    #[test]
    fn a_bar_is_as_high_as_its_count_and_never_invisible() {
        let heights: Vec<_> = counted().counts.iter().map(|count| counted().height(*count)).collect();
        assert_eq!(heights, [0, 3, 100, 50]);
    }

    #[test]
    fn a_bar_keeps_its_start_while_others_join_and_leave() {
        let later = Histogram {
            from: bar(1),
            counts: vec![1, 1_000, 500, 9],
            ..counted()
        };
        assert_eq!(later.starts(), [bar(1), bar(2), bar(3), bar(4)]);
        for (hour, count) in [(0, 0), (1, 1), (2, 1_000), (4, 9), (5, 0)] {
            assert_eq!(later.count_at(bar(hour)), count, "{hour}");
        }
        assert_eq!((later.end(), later.total()), (bar(5), 1_510));
    }

    #[test]
    fn keys_lead_from_bar_to_bar() {
        let starts = counted().starts();
        for (from, key, to) in [
            (1, "ArrowLeft", 0),
            (0, "ArrowLeft", 0),
            (2, "ArrowRight", 3),
            (3, "ArrowRight", 3),
            (2, "Home", 0),
            (0, "End", 3),
            // It has left the chart meanwhile.
            (9, "ArrowRight", 1),
        ] {
            assert_eq!(step(&starts, bar(from), key), Some(bar(to)), "{from} {key}");
        }
        assert_eq!(step(&starts, bar(1), "Tab"), None);
    }

    #[test]
    fn a_selection_is_a_range_of_time_in_either_direction() {
        let location = LogLocation::from_query("event_type=x&range=last_7_days&older_than=1_1");
        for (from, to) in [(1, 2), (2, 1)] {
            let (from, to) = (bar(from), bar(to));
            let href = Selection { from, to }.href(&counted(), &location);
            assert_eq!(
                href,
                "/admin/audit_logs?tab=log&event_type=x&created_after=2026-03-01T01:00:00.000Z&created_before=2026-03-01T03:00:00.000Z"
            );
        }
        let selected = Selection {
            from: bar(3),
            to: bar(1),
        };
        assert!(selected.contains(bar(2)) && !selected.contains(bar(0)));
    }
}
