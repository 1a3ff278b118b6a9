//! Events that a destination refuses one by one.

use std::{collections::BTreeSet, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::ids::Seq;

/// Why an event was refused or parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "detail", rename_all = "snake_case")]
pub enum Refusal {
    /// The destination answered with this status.
    Status(u16),
    /// It can't be put into a request, so it was never sent.
    Unsendable,
    /// Requests with it fail while other events are accepted.
    Blamed,
    /// An administrator has parked it.
    ParkedByAdministrator,
    /// It was due again, and can no longer be read from the log.
    Unreadable,
    /// What was stored about it can't be read. Never stored.
    Unknown,
}

impl Refusal {
    /// The status that made it a refusal, 0 if there is none.
    pub const fn status(self) -> u16 {
        match self {
            Self::Status(status) => status,
            Self::Unsendable | Self::Blamed | Self::ParkedByAdministrator | Self::Unreadable | Self::Unknown => 0,
        }
    }

    /// What happens after this refusal, when `tries` attempts have been made in all (at least 1).
    pub fn step(self, tries: u32) -> RefusalStep {
        let position = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
        match (self, PAUSES.get(position)) {
            (Self::Status(_) | Self::Blamed, Some(pause)) => RefusalStep::TryAgainAfter(*pause),
            _ => RefusalStep::Park,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(formatter, "rejected with status {status}"),
            Self::Unsendable => formatter.write_str("can't be put into a request"),
            Self::Blamed => formatter.write_str("fails while other events are accepted"),
            Self::ParkedByAdministrator => formatter.write_str("parked by an administrator"),
            Self::Unreadable => formatter.write_str("can no longer be read from the log"),
            Self::Unknown => formatter.write_str("for a reason that can't be read"),
        }
    }
}

/// Four pauses between five tries: a little over ten minutes in all.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(10),
    Duration::from_secs(50),
    Duration::from_secs(180),
    Duration::from_secs(360),
];

/// What happens to a refused event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalStep {
    TryAgainAfter(Duration),
    Park,
}

/// Counts refusals in a row, with nothing accepted between them. An event that was refused before the last acceptance does not count
/// when it is refused again: that the destination accepted another event meanwhile shows that this event is the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusalStreak {
    refusals: u32,
    /// Refused for the first time since the last acceptance; no more than [`Self::LIMIT`].
    first_refused: BTreeSet<Seq>,
}

impl RefusalStreak {
    /// From here on, the destination itself counts as failing.
    pub const LIMIT: u32 = 20;

    /// One more refusal; `is_first` if this event was not refused before. True when the stream is to back off.
    #[must_use]
    pub fn refuse(&mut self, seq: Seq, is_first: bool) -> bool {
        if self.refusals < Self::LIMIT {
            if is_first {
                self.first_refused.insert(seq);
            }
            self.refusals += u32::from(self.first_refused.contains(&seq));
        }
        self.refusals >= Self::LIMIT
    }

    /// An event was accepted: the streak is over.
    pub fn accept(&mut self) {
        self.refusals = 0;
        self.first_refused.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn five_tries_over_ten_minutes_then_parked() {
        for refusal in [Refusal::Status(422), Refusal::Blamed] {
            let mut total = Duration::ZERO;
            for tries in 1..=4 {
                let RefusalStep::TryAgainAfter(pause) = refusal.step(tries) else {
                    panic!("parked after {tries}")
                };
                total += pause;
            }
            assert_eq!(total, Duration::from_secs(600));
            assert_eq!(refusal.step(5), RefusalStep::Park);
        }
    }

    #[test]
    fn what_can_never_be_sent_is_parked_at_once() {
        assert_eq!(Refusal::Unsendable.step(1), RefusalStep::Park);
    }

    /// Refuses these events; whether the stream is to back off after each.
    fn refuse(streak: &mut RefusalStreak, seqs: std::ops::Range<i64>, is_first: bool) -> Vec<bool> {
        seqs.map(|seq| streak.refuse(Seq::new(seq), is_first)).collect()
    }

    #[test]
    fn one_acceptance_ends_a_streak() {
        let mut streak = RefusalStreak::default();
        assert!(!refuse(&mut streak, 0..19, true).contains(&true));
        streak.accept();
        assert!(!refuse(&mut streak, 20..39, true).contains(&true));
        assert!(streak.refuse(Seq::new(40), true));
        assert!(streak.refuse(Seq::new(41), false), "it is still going on");
    }

    #[test]
    fn events_that_were_refused_before_an_acceptance_are_no_sign_when_they_are_refused_again() {
        let mut streak = RefusalStreak::default();
        for seqs in [0..19, 20..39, 40..59] {
            assert!(!refuse(&mut streak, seqs, true).contains(&true));
            streak.accept();
        }
        for _ in 0..4 {
            assert!(!refuse(&mut streak, 0..59, false).contains(&true));
        }
        let few = refuse(&mut streak, 60..64, true);
        let again = [(); 4].map(|()| refuse(&mut streak, 60..64, false)).concat();
        assert!(
            !few.contains(&true) && again == [vec![false; 15], vec![true]].concat(),
            "few events are enough: {again:?}"
        );
    }

    proptest! {
        #[test]
        fn every_refused_event_ends_parked(status in 400_u16..500, tries in 5_u32..) {
            prop_assert_eq!(Refusal::Status(status).step(tries), RefusalStep::Park);
        }
    }
}
