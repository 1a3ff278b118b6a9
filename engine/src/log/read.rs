//! Reading in log order, for delivery.

use std::sync::Arc;

use domain::ids::Seq;
use rusqlite::{Connection, OptionalExtension};

use super::{
    EventLog, LogError, LoggedEvent,
    damage::{is_damage, is_damaged_row, unreadable_after},
    row::{COLUMNS, read_event, read_first},
};

/// A part of the log, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogPage {
    pub events: Vec<Arc<LoggedEvent>>,
    /// How far this goes. What stands up to here and is not among the events has left the log, or can't be read.
    pub read_to: Seq,
}

/// The same of events that have left the log.
const KEPT: &str = "SELECT kept_events.seq, name AS source, kept_events.id, event_type, entity_type, entity_id, \
                    entity_path, created_at, received_at, body FROM kept_events JOIN sources \
                    ON sources.id = kept_events.source WHERE kept_events.seq = ?";

impl EventLog {
    /// The events after `after`, oldest first: at most `count`, and at most `bytes` of bodies unless the first alone is
    /// larger. From memory when they are recent, else from disk.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub(crate) async fn read_page(&self, after: Seq, count: usize, bytes: usize) -> Result<LogPage, LogError> {
        self.check_in_place()?;
        let last = self.last_seq();
        if last <= after {
            return Ok(LogPage {
                events: Vec::new(),
                read_to: after,
            });
        }
        if let Some(events) = self.tail.read_after(after, count, bytes) {
            let read_to = events.last().map_or(after, |event| event.seq);
            return Ok(LogPage { events, read_to });
        }
        let read = move |connection: &Connection| read_range(connection, (after, last), count, bytes);
        let (page, unreadable) = self.readers.read(read).await?;
        self.damage.record(&unreadable);
        Ok(page)
    }

    /// The events of [`Self::read_page`], going on where what stands there can't be read. Empty only if there are none.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    #[cfg(test)]
    pub(crate) async fn read_after(
        &self,
        mut after: Seq,
        count: usize,
        bytes: usize,
    ) -> Result<Vec<Arc<LoggedEvent>>, LogError> {
        loop {
            let page = self.read_page(after, count, bytes).await?;
            if !page.events.is_empty() || page.read_to <= after {
                return Ok(page.events);
            }
            after = page.read_to;
        }
    }

    /// One event, also one that has left the log but is kept; none if it was never there or has gone. An event on a damaged page
    /// is reported like others that can't be read.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read, or the event.
    pub(crate) async fn read_one(&self, seq: Seq) -> Result<Option<Arc<LoggedEvent>>, LogError> {
        let read = move |connection: &Connection| match read_first(connection, (seq, seq))? {
            Some(event) => Ok(Some(Arc::new(event))),
            // Looked for afterwards: an event only moves from the log to here.
            None => read_kept(connection, seq),
        };
        let read = self.readers.read(read).await;
        if read.as_ref().is_err_and(is_damage) {
            self.damage.record(&[seq]);
        }
        read
    }
}

impl EventLog {
    /// How large the bodies of these events are, in the log or kept beside it; 0 for those that have gone or can't be read.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub(crate) async fn body_sizes(&self, seqs: Vec<Seq>) -> Result<Vec<(Seq, u64)>, LogError> {
        if seqs.is_empty() {
            return Ok(Vec::new());
        }
        self.readers.read(move |connection| body_sizes(connection, &seqs)).await
    }
}

fn body_sizes(connection: &Connection, seqs: &[Seq]) -> Result<Vec<(Seq, u64)>, LogError> {
    let mut in_log = connection.prepare_cached("SELECT octet_length(body) FROM events WHERE seq = ?")?;
    let mut kept = connection.prepare_cached("SELECT octet_length(body) FROM kept_events WHERE seq = ?")?;
    let mut size = |seq: Seq| -> rusqlite::Result<i64> {
        let found = in_log.query_row([seq.get()], |row| row.get(0)).optional()?;
        // Looked for afterwards: an event only moves from the log to here.
        let found = match found {
            None => kept.query_row([seq.get()], |row| row.get(0)).optional()?,
            found => found,
        };
        Ok(found.unwrap_or(0))
    };
    let mut sizes = Vec::with_capacity(seqs.len());
    for seq in seqs {
        let bytes = match size(*seq) {
            Err(error) if is_damaged_row(&error) => 0,
            bytes => bytes?,
        };
        sizes.push((*seq, u64::try_from(bytes).unwrap_or(0)));
    }
    Ok(sizes)
}

fn read_kept(connection: &Connection, seq: Seq) -> Result<Option<Arc<LoggedEvent>>, LogError> {
    let mut statement = connection.prepare_cached(KEPT)?;
    let mut rows = statement.query([seq.get()])?;
    let event = rows.next()?.map(|row| read_event(row, None)).transpose()?;
    Ok(event.map(Arc::new))
}

/// The events after the first position and up to the last; and the positions among them that can't be read.
pub(super) fn read_range(
    connection: &Connection,
    (after, last): (Seq, Seq),
    count: usize,
    bytes: usize,
) -> Result<(LogPage, Vec<Seq>), LogError> {
    let mut events = Vec::new();
    let scanned = scan(connection, (after, last), (count, bytes), &mut events);
    let read_to = events.last().map_or(after, |event: &Arc<LoggedEvent>| event.seq);
    let page = |events, read_to| LogPage { events, read_to };
    match scanned {
        Ok(true) => Ok((page(events, last), Vec::new())),
        Ok(false) => Ok((page(events, read_to), Vec::new())),
        // What was read is good. The next call begins with what can't be.
        Err(error) if is_damage(&error) && !events.is_empty() => Ok((page(events, read_to), Vec::new())),
        Err(error) => {
            let unreadable = Some(&error)
                .filter(|error| is_damage(error))
                .and_then(|_| unreadable_after(connection, (after, last)));
            let unreadable = unreadable.ok_or(error)?;
            let read_to = unreadable.last().copied().unwrap_or(after);
            Ok((page(events, read_to), unreadable))
        }
    }
}

/// Reads events one after the other until there are enough of them. True if there are no more.
fn scan(
    connection: &Connection,
    (after, last): (Seq, Seq),
    (count, bytes): (usize, usize),
    events: &mut Vec<Arc<LoggedEvent>>,
) -> Result<bool, LogError> {
    // From the next position on, and not from beyond this one: its page may be damaged.
    let sql = [COLUMNS, "WHERE seq >= ? AND seq <= ? ORDER BY seq"].concat();
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([after.next().get(), last.get()])?;
    let mut room = bytes;
    // Row by row, so that no more than was asked for is ever in memory.
    while let Some(row) = rows.next()? {
        let event = read_event(row, events.last().map(|event| &event.source))?;
        room = room.saturating_sub(event.body.len());
        events.push(Arc::new(event));
        if room == 0 || events.len() >= count {
            return Ok(false);
        }
    }
    Ok(true)
}
