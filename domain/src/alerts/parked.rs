//! When administrators are notified that events were parked: at the first one, and then whenever the number has doubled, at
//! most once in an hour.
//!
//! Doubled, because the audit event of a notification is itself an event that the destination may refuse: if each parked event
//! led to a notification, the notifications of a destination that refuses everything would never end.

use std::time::Duration;

use crate::Timestamp;

/// After a notification, the next one about the same stream comes no earlier.
const PARKED_PAUSE: Duration = Duration::from_secs(60 * 60);

/// A stream whose parked events administrators were notified of, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParkedAlert {
    /// When they were notified last.
    pub raised_at: Timestamp,
    /// [`ParkedCounts::ever`] at that time.
    pub reported: u64,
}

/// How many events of a stream are parked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParkedCounts {
    /// How many events are parked.
    pub now: u64,
    /// How many times an event was parked, including those that were retried or discarded since.
    pub ever: u64,
}

/// What is to be done about the parked events of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParkedStep {
    Leave,
    /// Store the alert, and notify that so many events were parked since the last notification.
    Raise {
        alert: ParkedAlert,
        newly: u64,
    },
    /// Nothing is parked any more: remove the alert.
    End,
}

/// The next step for a stream with this alert, if any, and these parked events.
pub fn step_parked(stored: Option<ParkedAlert>, counts: ParkedCounts, now: Timestamp) -> ParkedStep {
    let raise = |newly| ParkedStep::Raise {
        alert: ParkedAlert {
            raised_at: now,
            reported: counts.ever,
        },
        newly,
    };
    match stored {
        Some(_) if counts.now == 0 => ParkedStep::End,
        None if counts.now > 0 => raise(counts.now),
        Some(alert) if has_doubled(alert, counts) && now.since(alert.raised_at) >= PARKED_PAUSE => {
            raise(counts.ever.saturating_sub(alert.reported))
        }
        _ => ParkedStep::Leave,
    }
}

const fn has_doubled(alert: ParkedAlert, counts: ParkedCounts) -> bool {
    counts.ever >= alert.reported.saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_that_refuses_the_notifications_too_is_notified_of_a_few_times() {
        let (mut alert, mut counts, mut raised) = (None, ParkedCounts { now: 1, ever: 1 }, 0);
        for hour in 0..1_000 {
            let step = step_parked(alert, counts, Timestamp::from_unix_ms(hour * 3_600_000));
            if let ParkedStep::Raise { alert: stored, .. } = step {
                (alert, raised) = (Some(stored), raised + 1);
                // The audit event of each notification is parked, too.
                counts = ParkedCounts {
                    now: counts.now + 1,
                    ever: counts.ever + 1,
                };
            }
        }
        assert_eq!(raised, 2);
    }

    #[test]
    fn parked_events_are_notified_at_once_and_then_when_they_have_doubled() {
        let at = |minutes: i64| Timestamp::from_unix_ms(minutes * 60_000);
        let counts = |now, ever| ParkedCounts { now, ever };
        let alert = |raised_at, reported| ParkedAlert {
            raised_at: at(raised_at),
            reported,
        };
        let raise = |raised_at, reported, newly| ParkedStep::Raise {
            alert: alert(raised_at, reported),
            newly,
        };
        for (stored, counts, now, expected) in [
            (None, counts(0, 0), 0, ParkedStep::Leave),
            (None, counts(0, 7), 0, ParkedStep::Leave),
            (None, counts(2, 7), 1, raise(1, 7, 2)),
            (Some(alert(1, 7)), counts(2, 7), 600, ParkedStep::Leave),
            (Some(alert(1, 7)), counts(8, 14), 60, ParkedStep::Leave),
            (Some(alert(1, 7)), counts(7, 13), 61, ParkedStep::Leave),
            (Some(alert(1, 7)), counts(8, 14), 61, raise(61, 14, 7)),
            // As many were discarded as were parked.
            (Some(alert(1, 7)), counts(2, 14), 61, raise(61, 14, 7)),
            (Some(alert(1, 7)), counts(0, 9), 61, ParkedStep::End),
        ] {
            assert_eq!(
                step_parked(stored, counts, at(now)),
                expected,
                "{stored:?} {counts:?} {now}"
            );
        }
    }
}
