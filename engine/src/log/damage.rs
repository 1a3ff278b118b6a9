//! Events that can't be read because the page of the file that holds them is damaged.
//!
//! Readers pass over them, so that a damaged page costs the events on it and nothing else. They are not passed over in
//! silence: each stretch of positions is logged and counted once, and the engine records an audit event about it. Where
//! more is unreadable than fits on one page, reading stops instead: an inner page is damaged then, and repairing the file
//! brings the events back.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::ids::Seq;
use rusqlite::{Connection, Error, ErrorCode, OptionalExtension};

use super::{LogError, row::read_first};

/// More events than a page can hold.
const MOST_ON_A_PAGE: usize = 2_048;

/// What could not be read since the log was opened.
#[derive(Default)]
pub(super) struct Damage(Mutex<Known>);

#[derive(Default)]
pub(super) struct Known {
    pub(super) positions: BTreeSet<Seq>,
    pub(super) unreported: Vec<(Seq, Seq)>,
}

impl Damage {
    /// Notes positions that were passed over, in order.
    pub(super) fn record(&self, positions: &[Seq]) {
        let mut known = self.known();
        let fresh: Vec<Seq> = positions
            .iter()
            .copied()
            .filter(|seq| known.positions.insert(*seq))
            .collect();
        for stretch in fresh.chunk_by(|one, other| one.next() == *other) {
            let ([first, ..], [.., last]) = (stretch, stretch) else {
                continue;
            };
            tracing::error!(
                first_seq = first.get(),
                last_seq = last.get(),
                "Events can't be read: the page of events.db that holds them is damaged. They are skipped."
            );
            known.unreported.push((*first, *last));
        }
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a row, or the page that it is on, is damaged.
pub(super) fn is_damaged_row(error: &Error) -> bool {
    match error {
        Error::SqliteFailure(failure, _) => failure.code == ErrorCode::DatabaseCorrupt,
        Error::FromSqlConversionFailure(..) | Error::InvalidColumnType(..) | Error::Utf8Error(..) => true,
        _ => false,
    }
}

/// The same of any error of the log.
pub(crate) fn is_damage(error: &LogError) -> bool {
    match error {
        LogError::Connection(error) => is_damaged_row(error),
        LogError::Search(sqlx::Error::ColumnDecode { .. }) | LogError::Unreadable { .. } => true,
        LogError::Search(sqlx::Error::Database(error)) => error.message() == MALFORMED,
        _ => false,
    }
}

/// SQLite's message for `SQLITE_CORRUPT`.
const MALFORMED: &str = "database disk image is malformed";

/// The first position from `first` on at which a search for the next event, up to `last`, meets no damaged page; the one
/// after `last` if there is none. It is `first` itself unless the page of the oldest event is damaged.
pub(super) fn first_readable(connection: &Connection, table: &str, first: Seq, last: Seq) -> Result<Seq, Error> {
    let next = format!("SELECT seq FROM {table} WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT 1");
    let mut next = connection.prepare_cached(&next)?;
    let mut is_readable = |from: i64| match next.query_row([from, last.get()], |_| Ok(())).optional() {
        Err(error) if is_damaged_row(&error) => Ok(false),
        found => found.map(|_| true),
    };
    if is_readable(first.get())? {
        return Ok(first);
    }
    // Every search from before the end of the damaged page meets it, and none from behind it does.
    let (mut low, mut high) = (first.get(), last.get().saturating_add(1));
    while low + 1 < high {
        let middle = low.midpoint(high);
        match is_readable(middle)? {
            true => high = middle,
            false => low = middle,
        }
    }
    Ok(Seq::new(high))
}

/// The positions after `after` that can't be read, up to the next event that can, or to `last`. `None` if there are none, or
/// more than fit on a page.
pub(super) fn unreadable_after(connection: &Connection, (after, last): (Seq, Seq)) -> Option<Vec<Seq>> {
    let mut unreadable = Vec::new();
    let mut next = after.next();
    while next <= last && unreadable.len() <= MOST_ON_A_PAGE {
        match read_first(connection, (next, last)) {
            Err(error) if is_damage(&error) => unreadable.push(next),
            Err(_) => return None,
            Ok(_) => break,
        }
        next = next.next();
    }
    let is_a_page = (1..=MOST_ON_A_PAGE).contains(&unreadable.len());
    is_a_page.then_some(unreadable)
}
