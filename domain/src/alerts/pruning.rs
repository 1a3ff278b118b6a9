//! When administrators are notified that events leave the log before they have reached the retention age: when it begins, and
//! not again before it has not happened for a day.

use std::time::Duration;

use crate::Timestamp;

/// It is over when no event has left early for so long.
const OVER_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What was reported, as stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PruningAlert {
    /// How many events had left early, ever, when administrators were notified or when it was over.
    pub reported: u64,
    /// When they were notified; none when it is over.
    pub raised_at: Option<Timestamp>,
}

/// What is to be done about events that left early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PruningStep {
    Leave,
    /// Store the alert, and notify that so many events left early.
    Raise {
        alert: PruningAlert,
        newly: u64,
    },
    /// Store that it is over; nobody is notified of that.
    End(PruningAlert),
}

/// The next step when so many `events` have left early, ever, the last of them at `last_at`.
pub fn step_pruning(stored: PruningAlert, events: u64, last_at: Option<Timestamp>, now: Timestamp) -> PruningStep {
    match stored.raised_at {
        None if events > stored.reported => PruningStep::Raise {
            alert: PruningAlert {
                reported: events,
                raised_at: Some(now),
            },
            newly: events - stored.reported,
        },
        Some(_) if last_at.is_none_or(|last_at| now.since(last_at) >= OVER_AFTER) => PruningStep::End(PruningAlert {
            reported: events,
            raised_at: None,
        }),
        _ => PruningStep::Leave,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_that_leave_early_are_notified_when_it_begins() {
        let at = |hours: i64| Timestamp::from_unix_ms(hours * 3_600_000);
        let alert = |reported, raised_at: Option<i64>| PruningAlert {
            reported,
            raised_at: raised_at.map(at),
        };
        for (stored, events, last_at, now, expected) in [
            (alert(0, None), 0, None, 1, PruningStep::Leave),
            (
                alert(4, None),
                9,
                Some(1),
                1,
                PruningStep::Raise {
                    alert: alert(9, Some(1)),
                    newly: 5,
                },
            ),
            (alert(9, Some(1)), 20, Some(30), 30, PruningStep::Leave),
            (alert(9, Some(1)), 20, Some(30), 53, PruningStep::Leave),
            (alert(9, Some(1)), 20, Some(30), 54, PruningStep::End(alert(20, None))),
            (alert(20, None), 20, Some(30), 60, PruningStep::Leave),
        ] {
            let step = step_pruning(stored, events, last_at.map(at), at(now));
            assert_eq!(step, expected, "{stored:?} {events} {last_at:?} {now}");
        }
    }
}
