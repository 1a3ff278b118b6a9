//! Reading in log order, for delivery.

use std::sync::Arc;

use bytes::Bytes;
use domain::{
    Timestamp,
    event::{EventId, EventType},
    ids::Seq,
};
use rusqlite::{Connection, Row};

use super::{EventLog, LogError, LoggedEvent};

pub(super) const COLUMNS: &str = "SELECT seq, name AS source, events.id, event_type, entity_type, entity_id, \
                       entity_path, created_at, received_at, body FROM events JOIN sources ON sources.id = events.source ";

/// The same of events that have left the log.
const KEPT: &str = "SELECT kept_events.seq, name AS source, kept_events.id, event_type, entity_type, entity_id, \
                    entity_path, created_at, received_at, body FROM kept_events JOIN sources \
                    ON sources.id = kept_events.source WHERE kept_events.seq = ?";

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
        let last = self.last_seq();
        let read = move |connection: &Connection| read_range(connection, (after, last), count, bytes);
        self.readers.read(read).await
    }

    /// One event, also one that has left the log but is kept; none if it was never there or has gone.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn read_one(&self, seq: Seq) -> Result<Option<Arc<LoggedEvent>>, LogError> {
        let before = Seq::new(seq.get() - 1);
        let read = move |connection: &Connection| match read_range(connection, (before, seq), 1, 0)?.pop() {
            Some(event) => Ok(Some(event)),
            // Looked for afterwards: an event only moves from the log to here.
            None => read_kept(connection, seq),
        };
        self.readers.read(read).await
    }
}

fn read_kept(connection: &Connection, seq: Seq) -> Result<Option<Arc<LoggedEvent>>, LogError> {
    let mut statement = connection.prepare_cached(KEPT)?;
    let mut rows = statement.query([seq.get()])?;
    let event = rows.next()?.map(|row| read_event(row, None)).transpose()?;
    Ok(event.map(Arc::new))
}

/// The events after the first position and up to the last.
pub(super) fn read_range(
    connection: &Connection,
    (after, last): (Seq, Seq),
    count: usize,
    bytes: usize,
) -> Result<Vec<Arc<LoggedEvent>>, LogError> {
    let limit = i64::try_from(count).unwrap_or(i64::MAX);
    let sql = [COLUMNS, "WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"].concat();
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([after.get(), last.get(), limit])?;
    let (mut events, mut room) = (Vec::<Arc<LoggedEvent>>::new(), bytes);
    // Row by row, so that no more than was asked for is ever in memory.
    while let Some(row) = rows.next()? {
        let event = read_event(row, events.last().map(|event| &event.source))?;
        room = room.saturating_sub(event.body.len());
        events.push(Arc::new(event));
        if room == 0 {
            break;
        }
    }
    Ok(events)
}

/// Columns by number, in the order of `COLUMNS`: looking them up by name is noticeable at this rate. Events one after the
/// other mostly have one source, and share its name.
pub(super) fn read_event(row: &Row<'_>, source_before: Option<&Arc<str>>) -> Result<LoggedEvent, LogError> {
    let seq = row.get(0)?;
    let unreadable = || LogError::Unreadable { seq };
    let text = |column| -> rusqlite::Result<&str> { Ok(row.get_ref(column)?.as_str()?) };
    let source = text(1)?;
    let shared = source_before.filter(|before| ***before == *source);
    Ok(LoggedEvent {
        seq: Seq::new(seq),
        source: shared.map_or_else(|| source.into(), Arc::clone),
        id: EventId::parse(text(2)?).ok_or_else(unreadable)?,
        event_type: EventType::parse(text(3)?).ok_or_else(unreadable)?,
        entity_type: row.get(4)?,
        entity_id: row.get(5)?,
        entity_path: row.get(6)?,
        created_at: Timestamp::from_unix_ms(row.get(7)?),
        received_at: Timestamp::from_unix_ms(row.get(8)?),
        body: Bytes::from(row.get::<_, String>(9)?),
    })
}
