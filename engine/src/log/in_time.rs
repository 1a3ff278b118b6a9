//! Where a moment stands in the log. Positions are given in the order in which events come in, so the times at which they
//! were received grow with them, but for the little by which requests overtake each other.

use domain::{Timestamp, ids::Seq};
use rusqlite::{Connection, OptionalExtension};

use super::{
    EventLog, LogError,
    damage::{first_readable, is_damage},
};

impl EventLog {
    /// The position after which come the events that were received at this moment or later.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub(crate) async fn position_before(&self, received: Timestamp) -> Result<Seq, LogError> {
        let last = self.last_seq();
        self.readers
            .read(move |connection| search(connection, received, last))
            .await
    }

    /// The position before the oldest event that is still there; the newest one of an empty log.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub(crate) async fn position_before_all(&self) -> Result<Seq, LogError> {
        self.position_before(Timestamp::from_unix_ms(i64::MIN)).await
    }

    /// When the newest event was received; `None` if the log is empty, or that event is on a damaged page. Reads no body.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn newest_received_at(&self) -> Result<Option<Timestamp>, LogError> {
        let last = self.last_seq();
        let before = Seq::new(last.get().saturating_sub(1));
        if let Some(event) = self
            .tail
            .read_after(before, 1, 1)
            .and_then(|events| events.into_iter().next())
        {
            return Ok(Some(event.received_at));
        }
        let read = move |connection: &Connection| or_damaged(next(connection, before));
        Ok(self.readers.read(read).await?.map(|(_, received_at)| received_at))
    }

    /// Position and time of the oldest event that is not on a damaged page; `None` if there is none.
    pub(super) async fn oldest(&self) -> Result<Option<(Seq, Timestamp)>, LogError> {
        let last = self.last_seq();
        let read = move |connection: &Connection| next_readable(connection, Seq::START, last);
        self.readers.read(read).await
    }

    /// When the first event after a position was received that is not on a damaged page; none if there is none.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub(crate) async fn next_received_at(&self, after: Seq) -> Result<Option<Timestamp>, LogError> {
        if let Some(event) = self
            .tail
            .read_after(after, 1, 1)
            .and_then(|events| events.into_iter().next())
        {
            return Ok(Some(event.received_at));
        }
        let last = self.last_seq();
        let read = move |connection: &Connection| next_readable(connection, after, last);
        Ok(self.readers.read(read).await?.map(|(_, received_at)| received_at))
    }
}

/// The first event after a position, and when it was received.
fn next(connection: &Connection, after: Seq) -> Result<Option<(Seq, Timestamp)>, LogError> {
    // From the next position on, and not from beyond this one: its page may be damaged.
    let mut statement =
        connection.prepare_cached("SELECT seq, received_at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1")?;
    let row = statement.query_row([after.next().get()], |row| Ok((row.get(0)?, row.get(1)?)));
    let row: Option<(i64, i64)> = row.optional()?;
    Ok(row.map(|(seq, received_at)| (Seq::new(seq), Timestamp::from_unix_ms(received_at))))
}

/// The same up to `last`, without events on damaged pages.
fn next_readable(connection: &Connection, after: Seq, last: Seq) -> Result<Option<(Seq, Timestamp)>, LogError> {
    let first = first_readable(connection, "events", after.next(), last)?;
    or_damaged(next(connection, Seq::new(first.get() - 1)))
}

fn or_damaged<T>(read: Result<Option<T>, LogError>) -> Result<Option<T>, LogError> {
    match read {
        Err(error) if is_damage(&error) => Ok(None),
        read => read,
    }
}

/// Halves the stretch in which the answer lies until nothing is left of it.
fn search(connection: &Connection, received: Timestamp, last: Seq) -> Result<Seq, LogError> {
    let first = first_readable(connection, "events", Seq::START.next(), last)?;
    let Some((oldest, _)) = next(connection, Seq::new(first.get() - 1))? else {
        return Ok(last);
    };
    let (mut low, mut high) = (oldest.get().saturating_sub(1), last.get());
    while low < high {
        let middle = low.midpoint(high);
        match next(connection, Seq::new(middle))? {
            Some((seq, received_at)) if received_at < received => low = seq.get(),
            _ => high = middle,
        }
    }
    Ok(Seq::new(low))
}
