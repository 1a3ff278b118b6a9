//! The file's layout and settings.

use rusqlite::{Connection, TransactionBehavior};

use super::{LogError, identity};
use crate::pairing::Pairing;

/// Layout of the file, in `PRAGMA user_version`.
pub(super) const VERSION: i64 = 6;

const LAYOUT: &str = "
-- Events, and whom they come from.
CREATE TABLE sources (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL,
    CONSTRAINT a_source_is_listed_once UNIQUE (name)
) STRICT;
CREATE TABLE events (
    seq         INTEGER PRIMARY KEY,
    source      INTEGER NOT NULL REFERENCES sources (id),
    id          TEXT    NOT NULL,
    event_type  TEXT    NOT NULL,
    author_id   TEXT    NOT NULL,
    author_name TEXT    NOT NULL,
    entity_id   TEXT    NOT NULL,
    entity_type TEXT    NOT NULL,
    entity_path TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    CONSTRAINT an_event_is_stored_once_per_source UNIQUE (source, id)
) STRICT;
CREATE INDEX events_by_time ON events (created_at);

-- One row: the last position that was given to an event. No position is given twice, even after every event was deleted.
CREATE TABLE positions (last_seq INTEGER NOT NULL) STRICT;
INSERT INTO positions (last_seq) VALUES (0);

-- Positions that were given to no event: the log had reached them before events were lost, and that was accepted.
CREATE TABLE skipped_positions (
    first_seq INTEGER PRIMARY KEY,
    last_seq  INTEGER NOT NULL,
    CONSTRAINT a_stretch_ends_where_it_begins_or_later CHECK (first_seq <= last_seq)
) STRICT;

-- One row: the instance that the log belongs to, and the newest generation of its store (engine::pairing).
CREATE TABLE instance (
    id               TEXT    NOT NULL,
    store_generation INTEGER NOT NULL
) STRICT;

-- The event types, and how many events of each were received in each hour since 1970.
CREATE TABLE event_types (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE event_counts (
    hour       INTEGER NOT NULL,
    event_type TEXT    NOT NULL REFERENCES event_types (name),
    count      INTEGER NOT NULL,
    CONSTRAINT an_hour_counts_a_type_once PRIMARY KEY (hour, event_type)
) STRICT, WITHOUT ROWID;

-- The index (engine::log::index). block is the first position in the block.
CREATE TABLE index_blocks (
    block    INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL,
    oldest   INTEGER NOT NULL,
    newest   INTEGER NOT NULL,
    CONSTRAINT a_block_ends_where_it_begins_or_later CHECK (block <= last_seq),
    CONSTRAINT a_block_spans_time CHECK (oldest <= newest)
) STRICT;
CREATE INDEX index_blocks_from_newest ON index_blocks (newest);
CREATE INDEX index_blocks_from_oldest ON index_blocks (oldest);
CREATE TABLE index_entries (
    block  INTEGER NOT NULL,
    token  TEXT    NOT NULL,
    places BLOB    NOT NULL,
    CONSTRAINT a_block_lists_a_token_once PRIMARY KEY (block, token)
) STRICT, WITHOUT ROWID;

-- Events that were removed from the log although a destination that refused them may still get them.
CREATE TABLE kept_events (
    seq         INTEGER PRIMARY KEY,
    source      INTEGER NOT NULL REFERENCES sources (id),
    id          TEXT    NOT NULL,
    event_type  TEXT    NOT NULL,
    author_id   TEXT    NOT NULL,
    author_name TEXT    NOT NULL,
    entity_id   TEXT    NOT NULL,
    entity_type TEXT    NOT NULL,
    entity_path TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    body        TEXT    NOT NULL
) STRICT;
-- One row, kept up to date by the triggers, so that the table is never scanned for it.
CREATE TABLE kept_totals (
    events INTEGER NOT NULL,
    bytes  INTEGER NOT NULL,
    CONSTRAINT totals_start_at_0 CHECK (events >= 0 AND bytes >= 0)
) STRICT;
INSERT INTO kept_totals (events, bytes) VALUES (0, 0);
CREATE TRIGGER count_a_kept_event AFTER INSERT ON kept_events BEGIN
    UPDATE kept_totals SET events = events + 1, bytes = bytes + octet_length(NEW.body);
END;
CREATE TRIGGER count_a_released_event AFTER DELETE ON kept_events BEGIN
    UPDATE kept_totals SET events = events - 1, bytes = bytes - octet_length(OLD.body);
END;

-- One row: how many events were pruned before they had reached the retention age, and when the last of them were.
CREATE TABLE pruned_early (
    events  INTEGER NOT NULL,
    last_at INTEGER
) STRICT;
INSERT INTO pruned_early (events) VALUES (0);
";

/// Sets up a connection that writes.
pub(super) fn configure(connection: &Connection) -> rusqlite::Result<()> {
    // The page size only takes effect before the first table is made. Large pages suit rows of about a kilobyte.
    connection.pragma_update(None, "page_size", 16_384)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // A page that many commits touch is copied into the file once; every copy makes one commit wait for the disk twice.
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "busy_timeout", 5_000)?;
    Ok(())
}

/// Whether the file is a log; false if nothing is in it.
///
/// # Errors
/// [`LogError`] if something else is in it, or a log of another layout.
pub(super) fn is_log(connection: &Connection) -> Result<bool, LogError> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(false);
    }
    let ours = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'positions'";
    if !connection.prepare(ours)?.exists([])? {
        return Err(LogError::NotALog);
    }
    match connection.pragma_query_value(None, "user_version", |row| row.get(0))? {
        VERSION => Ok(true),
        0 => Err(LogError::NoLayout),
        found => Err(LogError::OtherLayout { found, known: VERSION }),
    }
}

/// Makes the tables if nothing is in the file, and makes the log one of the store's instance: both in one transaction, so that
/// no log is without its instance.
pub(super) fn prepare(connection: &mut Connection, pairing: Option<&Pairing>) -> Result<(), LogError> {
    let is_log = is_log(connection)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !is_log {
        transaction.execute_batch(LAYOUT)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    if let Some(pairing) = pairing {
        identity::bind(&transaction, pairing)?;
    }
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_another_layout_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        let open = || Connection::open(&path).unwrap();
        prepare(&mut open(), None).unwrap();
        let prepared = std::fs::read(&path).unwrap();
        prepare(&mut open(), None).unwrap();
        assert!(std::fs::read(&path).unwrap() == prepared);
        for version in [-1, 0, 1, VERSION - 1, VERSION + 1, i64::from(i32::MAX)] {
            open().pragma_update(None, "user_version", version).unwrap();
            let before = std::fs::read(&path).unwrap();
            let refused = prepare(&mut open(), None);
            match refused {
                Err(LogError::NoLayout) if version == 0 => {}
                Err(LogError::OtherLayout { found, .. }) if found == version => {}
                other => panic!("{version}: {other:?}"),
            }
            assert!(
                std::fs::read(&path).unwrap() == before,
                "{version}: the file has changed"
            );
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{version}");
        }
    }
}
