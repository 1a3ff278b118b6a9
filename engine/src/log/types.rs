//! Which event types there have ever been, and how many events of each came in lately.
//!
//! The writer counts by the hour in which events were received, in the transaction that stores them: one row for each type
//! and hour. So an answer never reads the events themselves, and a type stays known after its events have gone.

use std::collections::HashSet;

use domain::{Timestamp, event::EventType};
use sqlx::Row;

use super::{EventLog, LogError, tally::hour_of};

const COUNTED: &str = "SELECT name, coalesce(received, 0) FROM event_types \
    LEFT JOIN (SELECT event_type, sum(count) AS received FROM event_counts WHERE hour >= ? GROUP BY event_type) \
    ON event_type = name ORDER BY name";

/// An event type that the log has received, and how many events of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTypeCount {
    /// The type.
    pub event_type: String,
    /// Number of stored events of the type.
    pub count: u64,
}

impl EventLog {
    /// Whether an event has ever come in that is not of this instance itself.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn has_external_events(&self) -> Result<bool, LogError> {
        let others = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sources WHERE name <> ?)");
        Ok(others
            .bind(domain::instance_event::INSTANCE_SOURCE)
            .fetch_one(self.reader()?)
            .await?)
    }

    /// Which of these event types this log has ever received.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub(crate) async fn received_types(&self, types: &[&EventType]) -> Result<HashSet<String>, LogError> {
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
