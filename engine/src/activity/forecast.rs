//! When the log would be full. Delivered events are removed before that, so only the backlog of each stream counts.

use std::collections::HashMap;

use domain::{
    Timestamp,
    activity::Minute,
    health::StreamHealth,
    ids::{DestinationId, Seq},
};

use super::HOUR_MINUTES;
use crate::{Engine, admin::AdminError, log::Stored, store::Destination};

/// A rate is computed only from at least this much time: less may be a burst.
const RATE_KNOWN_AFTER_MS: u64 = 5 * 60 * 1_000;

/// Nobody plans for what is further away.
const A_YEAR_MS: u128 = 365 * 24 * 60 * 60 * 1_000;

/// How the log grows, and how far it may.
struct Growth {
    stored: Stored,
    last: Seq,
    limit: u64,
    /// How many events come in during how many milliseconds.
    rate: (u64, u64),
    now: Timestamp,
}

impl Growth {
    /// When the events after this position will fill the log; `None` if that is more than a year away.
    fn full_at(&self, acknowledged: Seq) -> Option<Timestamp> {
        let room = u128::from(
            self.limit
                .saturating_sub(self.stored.bytes_after(acknowledged, self.last)),
        );
        let (events, during_ms) = self.rate;
        // room / (bytes of an event × events in a millisecond)
        let wait_ms = room
            .saturating_mul(self.stored.events.into())
            .saturating_mul(during_ms.into())
            .checked_div(
                u128::from(self.stored.used_bytes.saturating_sub(self.stored.kept_bytes)).saturating_mul(events.into()),
            )?;
        let wait_ms = i64::try_from(wait_ms).ok().filter(|_| wait_ms <= A_YEAR_MS)?;
        Some(Timestamp::from_unix_ms(self.now.unix_ms().saturating_add(wait_ms)))
    }
}

impl Engine {
    /// When the log reaches its limit for each of these destinations whose stream is behind, if it goes on holding the log
    /// back from where it is; those are left out for which that is more than a year away.
    pub(super) async fn forecast(
        &self,
        destinations: &[Destination],
    ) -> Result<HashMap<DestinationId, Timestamp>, AdminError> {
        let behind = destinations
            .iter()
            .filter(|destination| is_behind(&self.health_of(destination)));
        let behind: Vec<DestinationId> = behind.map(|destination| destination.id).collect();
        if behind.is_empty() {
            return Ok(HashMap::new());
        }
        let Some(growth) = self.growth().await? else {
            return Ok(HashMap::new());
        };
        let backlogs = self.database().list_backlogs().await?.into_iter();
        let backlogs = backlogs.filter(|backlog| behind.contains(&backlog.destination));
        let full_at = backlogs.filter_map(|backlog| Some((backlog.destination, growth.full_at(backlog.acknowledged)?)));
        Ok(full_at.collect())
    }

    /// None if it is not known.
    async fn growth(&self) -> Result<Option<Growth>, AdminError> {
        let now = self.clock().now();
        let from = Minute::of(now).minus(HOUR_MINUTES);
        let positions = self.database().read_log_positions(from).await?;
        let (stored, last) = (self.log().stored().await?, self.log().last_seq());
        let rate = rate(&positions, last, now).filter(|_| stored.events > 0);
        Ok(rate.map(|rate| Growth {
            stored,
            last,
            limit: self.settings().retention().log_size.value.bytes(),
            rate,
            now,
        }))
    }
}

const fn is_behind(health: &StreamHealth) -> bool {
    matches!(
        health,
        StreamHealth::CatchingUp { .. }
            | StreamHealth::Refusing { .. }
            | StreamHealth::Retrying { .. }
            | StreamHealth::Paused { .. }
    )
}

/// How many events came in during how many milliseconds; none if it is not known.
fn rate(positions: &[(Minute, Seq)], last: Seq, now: Timestamp) -> Option<(u64, u64)> {
    let (minute, seq) = positions.first()?;
    // A position is the one at the end of its minute; nothing has come in from there to the beginning of the hour.
    let since = Minute::new(minute.number().saturating_add(1)).max(Minute::of(now).minus(HOUR_MINUTES));
    let events = u64::try_from(last.get().saturating_sub(seq.get())).ok()?;
    let during_ms = u64::try_from(now.unix_ms().saturating_sub(since.start().unix_ms())).ok()?;
    (events > 0 && during_ms >= RATE_KNOWN_AFTER_MS).then_some((events, during_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(list: &[(i64, i64)]) -> Vec<(Minute, Seq)> {
        list.iter()
            .map(|(minute, seq)| (Minute::new(*minute), Seq::new(*seq)))
            .collect()
    }

    #[test]
    fn what_is_held_back_fills_the_log_and_nothing_else() {
        let growth = Growth {
            stored: Stored {
                used_bytes: 900_000,
                events: 900,
                oldest_received_at: None,
                kept_events: 0,
                kept_bytes: 0,
            },
            last: Seq::new(1_000),
            limit: 1_000_000,
            rate: (10, 1_000),
            now: Timestamp::from_unix_ms(0),
        };
        let full_at = |acknowledged: i64| growth.full_at(Seq::new(acknowledged)).map(Timestamp::unix_ms);
        assert_eq!(full_at(100), Some(10_000), "everything is kept for it");
        assert_eq!(full_at(900), Some(90_000), "the rest makes room");
        assert_eq!(full_at(0), Some(10_000), "what has gone takes no room");
        let slow = Growth {
            rate: (1, 3_600_000),
            ..growth
        };
        assert_eq!(slow.full_at(Seq::new(0)).map(Timestamp::unix_ms), Some(360_000_000));
        let full = Growth { limit: 1, ..slow };
        assert_eq!(full.full_at(Seq::new(0)), Some(full.now));
    }

    #[test]
    fn the_rate_is_that_of_the_last_hour_or_of_what_is_known_of_it() {
        let now = Minute::new(100).start();
        assert_eq!(
            rate(&positions(&[(3, 10), (99, 40)]), Seq::new(70), now),
            Some((60, 3_600_000))
        );
        assert_eq!(rate(&positions(&[(89, 10)]), Seq::new(70), now), Some((60, 600_000)));
        assert_eq!(rate(&positions(&[(89, 70)]), Seq::new(70), now), None);
        assert_eq!(rate(&positions(&[(95, 10)]), Seq::new(70), now), None, "a burst");
        assert_eq!(rate(&[], Seq::new(70), now), None);
    }
}
