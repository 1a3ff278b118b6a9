//! Reading in log order, for delivery.

use std::sync::Arc;

use bytes::Bytes;
use domain::{
    Timestamp,
    event::{EventId, EventType},
    ids::Seq,
};
use futures::TryStreamExt;
use sqlx::{Row, sqlite::SqliteRow};

use super::{EventLog, LogError, LoggedEvent};

const COLUMNS: &str = "SELECT seq, name AS source, events.id, event_type, entity_type, entity_id, \
                       entity_path, created_at, received_at, body FROM events JOIN sources ON sources.id = events.source ";

impl EventLog {
    /// The events after `after`, oldest first: at most `count`, and at most `bytes` of bodies unless the first alone is
    /// larger. Empty only if there are none. From memory when they are recent, else from disk.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn read_after(&self, after: Seq, count: usize, bytes: usize) -> Result<Vec<Arc<LoggedEvent>>, LogError> {
        if self.last_seq() <= after {
            return Ok(Vec::new());
        }
        if let Some(events) = self.tail.read_after(after, count, bytes) {
            return Ok(events);
        }
        let limit = i64::try_from(count).unwrap_or(i64::MAX);
        let sql = [COLUMNS, "WHERE seq > ? ORDER BY seq LIMIT ?"].concat();
        let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(after.get())
            .bind(limit)
            .fetch(&self.reader);
        let (mut events, mut room) = (Vec::new(), bytes);
        // Row by row, so that no more than was asked for is ever in memory.
        while let Some(row) = rows.try_next().await? {
            let event = read_event(&row)?;
            room = room.saturating_sub(event.body.len());
            events.push(Arc::new(event));
            if room == 0 {
                break;
            }
        }
        Ok(events)
    }

    /// One event; none if it was never there or has gone.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn read_one(&self, seq: Seq) -> Result<Option<Arc<LoggedEvent>>, LogError> {
        let sql = [COLUMNS, "WHERE seq = ?"].concat();
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(seq.get())
            .fetch_optional(&self.reader)
            .await?;
        row.map(|row| read_event(&row).map(Arc::new)).transpose()
    }
}

/// Columns by number, in the order of `COLUMNS`: looking them up by name is noticeable at this rate.
fn read_event(row: &SqliteRow) -> Result<LoggedEvent, LogError> {
    let seq: i64 = row.get(0);
    let unreadable = || LogError::Unreadable { seq };
    Ok(LoggedEvent {
        seq: Seq::new(seq),
        source: row.get::<&str, _>(1).into(),
        id: EventId::parse(row.get(2)).ok_or_else(unreadable)?,
        event_type: EventType::parse(row.get(3)).ok_or_else(unreadable)?,
        entity_type: row.get(4),
        entity_id: row.get(5),
        entity_path: row.get(6),
        created_at: Timestamp::from_unix_ms(row.get(7)),
        received_at: Timestamp::from_unix_ms(row.get(8)),
        body: Bytes::from(row.get::<String, _>(9)),
    })
}
