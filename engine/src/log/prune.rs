//! What the log takes up, and letting go of what is too old.

use domain::{Timestamp, ids::Seq};
use rusqlite::{Connection, params};

use super::{
    damage::{first_readable, is_damaged_row, unreadable_after},
    index::forget_blocks,
    tally::forget_counts,
};

/// Rows deleted in one transaction: short enough not to keep appends waiting.
pub(crate) const CHUNK: i64 = 2_000;

/// Space in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Bytes of the pages that hold something.
    pub used_bytes: u64,
}

/// What can be removed: events received before `received_before`, up to position `up_to`, which every destination has acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct PruneRequest {
    pub received_before: Timestamp,
    pub up_to: Seq,
    /// Of those, the ones that a destination has refused: they leave the log, but are kept until they are released.
    pub refused: Vec<Seq>,
    pub now: Timestamp,
}

/// Events that left the log before they had reached the retention age, for want of room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrunedEarly {
    /// Ever.
    pub events: u64,
    /// When an event was last removed early. `None` if that never happened.
    pub last_at: Option<Timestamp>,
}

/// What went in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PruneReport {
    pub deleted: usize,
    pub usage: Usage,
}

pub(super) fn usage(connection: &Connection) -> rusqlite::Result<Usage> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let used_pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    let used_bytes = used_pages.saturating_mul(pragma("page_size")?);
    Ok(Usage {
        used_bytes: u64::try_from(used_bytes).unwrap_or(0),
    })
}

pub(super) fn prune(connection: &Connection, order: &PruneRequest, size_limit: u64) -> rusqlite::Result<PruneReport> {
    forget_counts(connection, order.received_before)?;
    let excess = usage(connection)?.used_bytes.saturating_sub(size_limit / 10 * 9);
    let (mut deleted, mut from) = (0, Seq::START.next());
    while let Some(end) = find_end(connection, order, from, excess)? {
        deleted = delete_beside_damage(connection, order, end)?;
        if deleted > 0 {
            // Searches pass over positions of which the event has gone, so this need not be the same transaction.
            forget_blocks(connection, end.last)?;
            break;
        }
        // Nothing before the damaged page can go, so the step is made behind it.
        let damaged = unreadable_after(connection, (Seq::new(end.last), order.up_to));
        let Some(last) = damaged.and_then(|damaged| damaged.last().copied()) else {
            break;
        };
        from = last.next();
    }
    Ok(PruneReport {
        deleted,
        usage: usage(connection)?,
    })
}

/// SQLite merges a page that becomes empty with its neighbours, and can't when one of them is damaged: then the events on it
/// stay as well, on either side.
fn delete_beside_damage(connection: &Connection, order: &PruneRequest, mut end: End) -> rusqlite::Result<usize> {
    let mut beside = 1;
    while end.first <= end.last {
        match delete(connection, order, end) {
            Err(error) if is_damaged_row(&error) => {}
            deleted => return deleted,
        }
        end = End {
            first: end.first.saturating_add(beside),
            last: end.last.saturating_sub(beside),
            early: end.early.saturating_sub(beside).max(0),
        };
        beside *= 2;
    }
    Ok(0)
}

/// In one transaction, so that an event that is kept is always found in one of the two tables.
fn delete(connection: &Connection, order: &PruneRequest, end: End) -> rusqlite::Result<usize> {
    let transaction = connection.unchecked_transaction()?;
    let mut keep = transaction.prepare_cached(
        "INSERT INTO kept_events SELECT seq, source, id, event_type, author_id, author_name, entity_id, entity_type, \
         entity_path, created_at, received_at, body FROM events WHERE seq = ?",
    )?;
    let goes = end.first..=end.last;
    for seq in order.refused.iter().filter(|seq| goes.contains(&seq.get())) {
        keep.execute([seq.get()])?;
    }
    drop(keep);
    let deleted = transaction.execute("DELETE FROM events WHERE seq BETWEEN ? AND ?", [end.first, end.last])?;
    if end.early > 0 {
        transaction.execute(
            "UPDATE pruned_early SET events = events + ?, last_at = ?",
            params![end.early, order.now.unix_ms()],
        )?;
    }
    transaction.commit()?;
    Ok(deleted)
}

pub(super) fn kept_between(
    connection: &Connection,
    (first, last): (Seq, Seq),
    count: u32,
) -> rusqlite::Result<Vec<Seq>> {
    let first = first_readable(connection, "kept_events", first, last)?;
    let mut kept =
        connection.prepare_cached("SELECT seq FROM kept_events WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?")?;
    let (mut rows, mut seqs) = (kept.query(params![first.get(), last.get(), count])?, Vec::new());
    loop {
        match rows.next() {
            Err(error) if is_damaged_row(&error) && !seqs.is_empty() => return Ok(seqs),
            row => match row? {
                Some(row) => seqs.push(Seq::new(row.get(0)?)),
                None => return Ok(seqs),
            },
        }
    }
}

/// Those beside a damaged page stay.
pub(super) fn release(connection: &Connection, seqs: &[Seq]) -> rusqlite::Result<Usage> {
    match release_all(connection, seqs) {
        Err(error) if is_damaged_row(&error) => {}
        released => return released,
    }
    for seq in seqs {
        match release_all(connection, std::slice::from_ref(seq)) {
            Err(error) if is_damaged_row(&error) => {}
            released => drop(released?),
        }
    }
    usage(connection)
}

fn release_all(connection: &Connection, seqs: &[Seq]) -> rusqlite::Result<Usage> {
    let transaction = connection.unchecked_transaction()?;
    let mut delete = transaction.prepare_cached("DELETE FROM kept_events WHERE seq = ?")?;
    for seq in seqs {
        delete.execute([seq.get()])?;
    }
    drop(delete);
    transaction.commit()?;
    usage(connection)
}

/// Where a step of pruning begins and ends.
#[derive(Clone, Copy)]
struct End {
    first: i64,
    last: i64,
    /// How many of the events up to there have not reached the retention age.
    early: i64,
}

/// The end of the run of events, from the oldest on, that may go in this step: the log gets no hole but around damaged pages. No
/// more go early than take up `excess` bytes.
fn find_end(connection: &Connection, order: &PruneRequest, from: Seq, excess: u64) -> rusqlite::Result<Option<End>> {
    let mut oldest = connection.prepare_cached(
        "SELECT seq, received_at, octet_length(body) FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?",
    )?;
    let mut excess = i64::try_from(excess).unwrap_or(i64::MAX);
    let first = first_readable(connection, "events", from, order.up_to)?.get();
    let mut rows = oldest.query(params![first, order.up_to.get(), CHUNK])?;
    let (mut last, mut early) = (None, 0);
    loop {
        let row = match rows.next() {
            // What was read may go; the next step begins behind the damaged page.
            Err(error) if is_damaged_row(&error) && last.is_some() => break,
            row => row?,
        };
        let Some(row) = row else { break };
        let received_at: i64 = row.get(1)?;
        let is_early = received_at >= order.received_before.unix_ms();
        if is_early {
            if excess <= 0 {
                break;
            }
            excess = excess.saturating_sub(row.get(2)?);
            early += 1;
        }
        last = Some(row.get(0)?);
    }
    Ok(last.map(|last| End { first, last, early }))
}
