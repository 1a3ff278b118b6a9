//! Where the events are that a filter admits, in the order of the time at which they were created.

use std::sync::Arc;

use domain::{Timestamp, ids::Seq};
use rusqlite::Connection;

use super::{
    BrowsePosition, EventFilter, EventLog, LogError,
    filter::{Walk, push_conditions},
    statement::Statement,
    walk::{Way, admitted, indexed_to, oldest, read_place, read_places},
};

impl EventLog {
    /// The first `wanted` places on the way that `filter` admits, whatever its `text` says.
    pub(super) async fn search(
        &self,
        filter: &EventFilter,
        walk: &Walk,
        wanted: usize,
    ) -> Result<Vec<BrowsePosition>, LogError> {
        let (filter, walk) = (filter.clone(), *walk);
        // Dropped with this future: the search then ends with the block that it is looking at.
        let caller = Arc::new(());
        let waiting = Arc::downgrade(&caller);
        let search = move |connection: &Connection| {
            if !filter.is_indexed() {
                return search_by_time(connection, &walk, wanted);
            }
            // Where the index ends and what it holds, both from the same moment: a block may close in between.
            let snapshot = connection.unchecked_transaction()?;
            let unindexed = Way::forwards(indexed_to(&snapshot)?, i64::MAX);
            let mut found = read_places(&snapshot, &filter, unindexed, usize::MAX)?;
            found.retain(|place| walk.passes(*place));
            walk.arrange(&mut found, wanted);
            search_index(&snapshot, &filter, &walk, wanted, found, || waiting.strong_count() > 0)
        };
        let found = self.readers.read(search).await;
        drop(caller);
        found
    }
}

fn search_by_time(connection: &Connection, walk: &Walk, wanted: usize) -> Result<Vec<BrowsePosition>, LogError> {
    let mut query = Statement::new("SELECT created_at, seq FROM events WHERE (created_at, seq) > (");
    query
        .bind(walk.above.created_at.unix_ms())
        .push(", ")
        .bind(walk.above.seq.get());
    query
        .push(") AND (created_at, seq) < (")
        .bind(walk.below.created_at.unix_ms());
    query.push(", ").bind(walk.below.seq.get()).push(")");
    query.push(match walk.goes_back {
        true => " ORDER BY created_at DESC, seq DESC",
        false => " ORDER BY created_at, seq",
    });
    query.push(" LIMIT ").bind(i64::try_from(wanted).unwrap_or(i64::MAX));
    query.rows(connection, read_place)
}

/// Goes through the blocks that have all required tokens, those nearest the start of the way first, until no later one can contain
/// anything that belongs before what was found.
fn search_index(
    connection: &Connection,
    filter: &EventFilter,
    walk: &Walk,
    wanted: usize,
    mut found: Vec<BrowsePosition>,
    is_awaited: impl Fn() -> bool,
) -> Result<Vec<BrowsePosition>, LogError> {
    // Events leave the log before their block does.
    let oldest = Seq::new(oldest(connection)?.unwrap_or(i64::MAX));
    let edge = if walk.goes_back { "newest" } else { "oldest" };
    let mut query = Statement::new("SELECT block, last_seq, ");
    query.push(edge).push(" FROM index_blocks WHERE newest >= ");
    query.bind(walk.above.created_at.unix_ms());
    query.push(" AND oldest <= ").bind(walk.below.created_at.unix_ms());
    push_conditions(&mut query, &filter.conditions());
    query.push(" ORDER BY ").push(edge);
    query.push(if walk.goes_back { " DESC" } else { "" });
    query.each(connection, |row| {
        if !is_awaited() || walk.is_done(&found, wanted, Timestamp::from_unix_ms(row.get(2)?)) {
            return Ok(false);
        }
        let places = admitted(connection, filter, (row.get(0)?, row.get(1)?))?.into_iter();
        found.extend(places.filter(|place| place.seq >= oldest && walk.passes(*place)));
        walk.arrange(&mut found, wanted);
        Ok(true)
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::log::{BrowseRequest, index::Token};

    /// Ten blocks that all have the author.
    fn log() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE events (seq INTEGER PRIMARY KEY); INSERT INTO events VALUES (1);
                 CREATE TABLE index_blocks (block INTEGER, last_seq INTEGER, oldest INTEGER, newest INTEGER);
                 CREATE TABLE index_entries (block INTEGER, token TEXT, places BLOB);",
            )
            .unwrap();
        for block in 0..10 {
            let (first, last) = (block * 100 + 1, block * 100 + 100);
            let added = connection.execute("INSERT INTO index_blocks VALUES (?1, ?2, ?1, ?2)", [first, last]);
            added.unwrap();
            let mut places = crate::log::places::Places::default();
            places.push(BrowsePosition {
                created_at: Timestamp::from_unix_ms(first),
                seq: Seq::new(first),
            });
            let entry = rusqlite::params![first, Token::Author("Ada").key(), places.as_bytes()];
            connection
                .execute("INSERT INTO index_entries VALUES (?, ?, ?)", entry)
                .unwrap();
        }
        connection
    }

    #[test]
    fn a_search_ends_when_nobody_waits_for_it_any_more() {
        let filter = EventFilter {
            authors: vec!["Ada".into()],
            ..EventFilter::default()
        };
        let walk = Walk::new(&filter, BrowseRequest::Newest);
        let connection = log();
        let search = |is_awaited: &dyn Fn() -> bool| {
            search_index(&connection, &filter, &walk, 25, Vec::new(), is_awaited).unwrap()
        };
        assert_eq!(search(&|| true).len(), 10);
        let asked = Cell::new(0);
        let twice = || {
            asked.set(asked.get() + 1);
            asked.get() <= 2
        };
        assert_eq!(search(&twice).len(), 2, "the blocks that were looked at by then");
        assert_eq!(asked.get(), 3, "and it was not asked again");
    }
}
