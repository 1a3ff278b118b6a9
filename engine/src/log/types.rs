//! Which event types there have ever been, and how many events of each came in lately.
//!
//! The writer counts by the hour in which events were received, in the transaction that stores them: one row for each type
//! and hour. So an answer never reads the events themselves, and a type stays known after its events have gone.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use domain::{Timestamp, event::EventType};
use foldhash::fast::RandomState;
use rusqlite::{Transaction, params};
use sqlx::Row;

use super::{EventLog, LogError};

const HOUR_MS: i64 = 3_600_000;

/// How much longer counts are kept than the events that they count.
const COUNTS_OUTLIVE_EVENTS: Duration = Duration::from_secs(31 * 86_400);

const COUNTED: &str = "SELECT name, coalesce(received, 0) FROM event_types \
    LEFT JOIN (SELECT event_type, sum(count) AS received FROM event_counts WHERE hour >= ? GROUP BY event_type) \
    ON event_type = name ORDER BY name";

/// An event type that the log has received, and how many events of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTypeCount {
    pub event_type: String,
    pub count: u64,
}

impl EventLog {
    /// Which of these event types this log has ever received.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn received_types(&self, types: &[&EventType]) -> Result<HashSet<String>, LogError> {
        let names: Vec<&str> = types.iter().map(|event_type| event_type.as_str()).collect();
        let received =
            sqlx::query_scalar("SELECT name FROM event_types WHERE name IN (SELECT value FROM json_each(?))")
                .bind(serde_json::Value::from(names).to_string())
                .fetch_all(self.reader()?)
                .await?;
        Ok(received.into_iter().collect())
    }

    /// Every event type that this log has ever received, by name, with how many events of it were received since the
    /// start of the hour in which `since` lies. Counts reach back a month further than the events that are kept.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn event_type_counts(&self, since: Timestamp) -> Result<Vec<EventTypeCount>, LogError> {
        let rows = sqlx::query(COUNTED)
            .bind(hour_of(since))
            .fetch_all(self.reader()?)
            .await?;
        let counts = rows.iter().map(|row| EventTypeCount {
            event_type: row.get(0),
            count: u64::try_from(row.get::<i64, _>(1)).unwrap_or(0),
        });
        Ok(counts.collect())
    }
}

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

const fn hour_of(moment: Timestamp) -> i64 {
    moment.unix_ms().div_euclid(HOUR_MS)
}
