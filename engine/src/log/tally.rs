//! Counting events by type, in the transaction that stores them.

use std::{collections::HashMap, time::Duration};

use domain::{Timestamp, event::EventType};
use foldhash::fast::RandomState;
use rusqlite::{Transaction, params};

const HOUR_MS: i64 = 3_600_000;

/// How much longer counts are kept than the events that they count.
const COUNTS_OUTLIVE_EVENTS: Duration = Duration::from_secs(31 * 86_400);

/// What one commit adds to the counts.
#[derive(Default)]
pub(super) struct Tally<'events>(HashMap<(i64, &'events EventType), i64, RandomState>);

impl<'events> Tally<'events> {
    pub(super) fn count(&mut self, received_at: Timestamp, event_type: &'events EventType) {
        *self.0.entry((hour_of(received_at), event_type)).or_default() += 1;
    }

    pub(super) fn store(self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut know =
            transaction.prepare_cached("INSERT INTO event_types (name) VALUES (?) ON CONFLICT (name) DO NOTHING")?;
        let mut add = transaction.prepare_cached(
            "INSERT INTO event_counts (hour, event_type, count) VALUES (?, ?, ?) \
             ON CONFLICT (hour, event_type) DO UPDATE SET count = count + excluded.count",
        )?;
        for ((hour, event_type), count) in self.0 {
            know.execute([event_type.as_str()])?;
            add.execute(params![hour, event_type.as_str(), count])?;
        }
        Ok(())
    }
}

/// Lets go of counts that are well older than what the log keeps.
pub(super) fn forget_counts(connection: &rusqlite::Connection, received_before: Timestamp) -> rusqlite::Result<()> {
    let outlived_ms = i64::try_from(COUNTS_OUTLIVE_EVENTS.as_millis()).unwrap_or(i64::MAX);
    let before = Timestamp::from_unix_ms(received_before.unix_ms().saturating_sub(outlived_ms));
    connection
        .prepare_cached("DELETE FROM event_counts WHERE hour < ?")?
        .execute([hour_of(before)])?;
    Ok(())
}

pub(super) const fn hour_of(moment: Timestamp) -> i64 {
    moment.unix_ms().div_euclid(HOUR_MS)
}
