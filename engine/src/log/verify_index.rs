//! Whether the index of the log says what the events say: `audit-streams check` indexes each block again and compares.

use std::collections::HashMap;

use domain::ids::Seq;
use rusqlite::{Connection, Error, params};

use super::{
    LogError,
    index::{IndexedBlock, index_again},
    places::unpack,
    verify::LogFile,
};

/// Blocks that are listed; there may be more.
const LISTED: usize = 20;

/// What was compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct IndexCheck {
    pub(crate) blocks: usize,
    pub(crate) entries: usize,
    pub(crate) problems: Vec<String>,
}

struct StoredBlock {
    first: i64,
    last: i64,
    oldest: i64,
    newest: i64,
}

impl LogFile {
    /// Compares every block.
    pub(crate) fn check_index(&self) -> Result<IndexCheck, LogError> {
        let connection = &self.connection;
        let blocks = read_blocks(connection)?;
        let oldest: Option<i64> = connection.query_row("SELECT min(seq) FROM events", [], |row| row.get(0))?;
        let mut check = IndexCheck {
            blocks: blocks.len(),
            ..IndexCheck::default()
        };
        let mut end_before = oldest.map_or(0, |oldest| oldest.saturating_sub(1));
        for block in blocks {
            let unindexed: i64 = connection.query_row(
                "SELECT count(*) FROM events WHERE seq > ? AND seq < ?",
                params![end_before, block.first],
                |row| row.get(0),
            )?;
            if unindexed > 0 {
                check.note(format!(
                    "events before position {} that are in no block: {unindexed}",
                    block.first
                ));
            }
            end_before = end_before.max(block.last);
            check_block(connection, &block, oldest, &mut check)?;
        }
        let orphans: i64 = connection.query_row(
            "SELECT count(*) FROM index_entries WHERE block NOT IN (SELECT block FROM index_blocks)",
            [],
            |row| row.get(0),
        )?;
        if orphans > 0 {
            check.note(format!("entries that belong to no block: {orphans}"));
        }
        Ok(check)
    }
}

impl IndexCheck {
    fn note(&mut self, problem: String) {
        if self.problems.len() < LISTED {
            self.problems.push(problem);
        }
    }
}

fn read_blocks(connection: &Connection) -> Result<Vec<StoredBlock>, Error> {
    let mut statement =
        connection.prepare("SELECT block, last_seq, oldest, newest FROM index_blocks ORDER BY block")?;
    let blocks = statement.query_map([], |row| {
        Ok(StoredBlock {
            first: row.get(0)?,
            last: row.get(1)?,
            oldest: row.get(2)?,
            newest: row.get(3)?,
        })
    })?;
    blocks.collect()
}

/// A block of which events were pruned has more in it than the log; then only what is in both is compared.
fn check_block(
    connection: &Connection,
    block: &StoredBlock,
    oldest: Option<i64>,
    check: &mut IndexCheck,
) -> Result<(), Error> {
    let name = format!("the block of positions {} to {}", block.first, block.last);
    let again = index_again(connection, (Seq::new(block.first), Seq::new(block.last)))?;
    let is_whole = oldest.is_some_and(|oldest| oldest <= block.first);
    let bounds = again.times.map(|(from, to)| (from.unix_ms(), to.unix_ms()));
    let has_bounds = match bounds {
        Some(bounds) if is_whole => bounds == (block.oldest, block.newest),
        Some((from, to)) => block.oldest <= from && to <= block.newest,
        None => !is_whole,
    };
    if !has_bounds {
        check.note(format!("{name} has other times than its events"));
    }
    let stored = read_entries(connection, block)?;
    check.entries += stored.len();
    if !has_same_entries(&stored, &again, is_whole.then_some(0).or(oldest)) {
        check.note(format!("{name} has other entries than its events"));
    }
    Ok(())
}

fn read_entries(connection: &Connection, block: &StoredBlock) -> Result<HashMap<String, Vec<u8>>, Error> {
    let mut statement = connection.prepare_cached("SELECT token, places FROM index_entries WHERE block = ?")?;
    let entries = statement.query_map([block.first], |row| Ok((row.get(0)?, row.get(1)?)))?;
    entries.collect()
}

/// From the position `from` on. Addresses are compared less strictly: SQLite and the parser of events read unusual bodies differently.
fn has_same_entries(stored: &HashMap<String, Vec<u8>>, again: &IndexedBlock, from: Option<i64>) -> bool {
    let Some(from) = from else { return true };
    let seqs = |places: &[u8]| -> Option<Vec<i64>> {
        let seqs = unpack(places)?.into_iter().map(|place| place.seq.get());
        Some(seqs.filter(|seq| *seq >= from).collect())
    };
    let are_readable = stored.values().all(|places| seqs(places).is_some());
    let has_all = again.entries.iter().all(|(token, places)| {
        let is_address = token.starts_with('i');
        is_address || stored.get(token).is_some_and(|found| seqs(found) == seqs(places))
    });
    let has_no_more = stored.iter().all(|(token, places)| {
        let is_address = token.starts_with('i');
        is_address || again.entries.contains_key(token) || seqs(places).is_some_and(|seqs| seqs.is_empty())
    });
    are_readable && has_all && has_no_more
}
