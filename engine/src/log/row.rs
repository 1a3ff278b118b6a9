//! An event from the row that holds it.

use std::sync::Arc;

use bytes::Bytes;
use domain::{
    Timestamp,
    event::{EventId, EventType},
    ids::Seq,
};
use rusqlite::{Connection, Row};

use super::{LogError, LoggedEvent};

/// An event whose source can't be found is damaged, and must not be left out as if it were not there.
pub(super) const COLUMNS: &str = "SELECT seq, name AS source, events.id, event_type, entity_type, entity_id, \
                       entity_path, created_at, received_at, body FROM events \
                       LEFT JOIN sources ON sources.id = events.source ";

/// The first event from one position to another, both included.
pub(super) fn read_first(connection: &Connection, (first, last): (Seq, Seq)) -> Result<Option<LoggedEvent>, LogError> {
    let sql = [COLUMNS, "WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT 1"].concat();
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([first.get(), last.get()])?;
    rows.next()?.map(|row| read_event(row, None)).transpose()
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
