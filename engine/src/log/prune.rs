//! What the log takes up, and letting go of what is too old.

use domain::{Timestamp, ids::Seq};
use rusqlite::{Connection, params};

use super::{EventLog, LogError, index::forget_blocks, types::forget_counts};

/// Rows deleted in one transaction: short enough not to keep appends waiting.
const CHUNK: i64 = 2_000;

/// Space in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of the pages that hold something.
    pub used_bytes: u64,
}

/// What may go: received before `received_before` and not above `up_to`, which is what no destination owes any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct PruneOrder {
    pub(super) received_before: Timestamp,
    pub(super) up_to: Seq,
}

/// What went in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PruneReport {
    pub deleted: usize,
    pub usage: Usage,
}

impl EventLog {
    /// Deletes a chunk of the oldest events: those received before `received_before`, and, while the log is over nine
    /// tenths of its size limit, others too; never any above `up_to`. Call again until nothing is deleted.
    ///
    /// # Errors
    /// [`LogError`]; what was committed before stays deleted.
    pub async fn prune(&self, received_before: Timestamp, up_to: Seq) -> Result<PruneReport, LogError> {
        self.writer.prune(PruneOrder { received_before, up_to }).await
    }
}

pub(super) fn usage(connection: &Connection) -> rusqlite::Result<Usage> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let used_pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    let used_bytes = used_pages.saturating_mul(pragma("page_size")?);
    Ok(Usage {
        used_bytes: u64::try_from(used_bytes).unwrap_or(0),
    })
}

pub(super) fn prune(connection: &Connection, order: PruneOrder, size_limit: u64) -> rusqlite::Result<PruneReport> {
    forget_counts(connection, order.received_before)?;
    let crowded = usage(connection)?.used_bytes > size_limit / 10 * 9;
    let deleted = match last_to_go(connection, order, crowded)? {
        Some(last) => {
            // Searches pass over positions of which the event has gone, so these need not be one transaction.
            let deleted = connection.execute("DELETE FROM events WHERE seq <= ?", [last])?;
            forget_blocks(connection, last)?;
            deleted
        }
        None => 0,
    };
    Ok(PruneReport {
        deleted,
        usage: usage(connection)?,
    })
}

/// The end of the run of events, from the oldest on, that may go in this step: the log never gets a hole.
fn last_to_go(connection: &Connection, order: PruneOrder, crowded: bool) -> rusqlite::Result<Option<i64>> {
    let mut oldest =
        connection.prepare_cached("SELECT seq, received_at FROM events WHERE seq <= ? ORDER BY seq LIMIT ?")?;
    let mut rows = oldest.query(params![order.up_to.get(), CHUNK])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        let received_at: i64 = row.get(1)?;
        if !crowded && received_at >= order.received_before.unix_ms() {
            break;
        }
        last = Some(row.get(0)?);
    }
    Ok(last)
}
