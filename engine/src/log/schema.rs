//! The file's layout and settings. A file of an older version is brought up to date when it is opened, step by step.

use rusqlite::Connection;

use super::LogError;

/// Layout of the file, in `PRAGMA user_version`.
const VERSION: i64 = 5;

/// Version 1, from which every file starts.
const START: &str = "
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

-- The last position given out, so that none is given twice even after every event has gone.
CREATE TABLE positions (last_seq INTEGER NOT NULL) STRICT;
INSERT INTO positions (last_seq) VALUES (0);
";

/// Version 2: the event types and how many events of each were received in each hour since 1970.
const COUNT_EVENT_TYPES: &str = "
CREATE TABLE event_types (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE event_counts (
    hour       INTEGER NOT NULL,
    event_type TEXT    NOT NULL REFERENCES event_types (name),
    count      INTEGER NOT NULL,
    CONSTRAINT an_hour_counts_a_type_once PRIMARY KEY (hour, event_type)
) STRICT, WITHOUT ROWID;
INSERT INTO event_types SELECT DISTINCT event_type FROM events;
INSERT INTO event_counts SELECT received_at / 3600000, event_type, count(*) FROM events GROUP BY 1, 2;
";

/// Version 3: tables of the index, which is filled when the log is opened. `block` is the first position in the block.
const INDEX_BLOCKS: &str = "
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
";

/// Version 4: events that have left the log although a destination that refused them may still get them, and how many events
/// left it for want of room.
const KEEP_REFUSED: &str = "
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

-- One row, kept up to date by the triggers: the table is never scanned for it.
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

-- Events that were pruned before they had reached the retention age, ever, and when the last of them were.
CREATE TABLE pruned_early (
    events  INTEGER NOT NULL,
    last_at INTEGER
) STRICT;
INSERT INTO pruned_early (events) VALUES (0);
";

/// Version 5: which instance the log belongs to, and the newest generation of its store. Empty until it is opened beside one.
const INSTANCE: &str = "
CREATE TABLE instance (
    id               TEXT    NOT NULL,
    store_generation INTEGER NOT NULL
) STRICT;
";

/// What leads from each version to the next, beginning with an empty file.
const STEPS: [&str; 5] = [START, COUNT_EVENT_TYPES, INDEX_BLOCKS, KEEP_REFUSED, INSTANCE];

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

/// Makes the tables that the file does not have yet.
pub(super) fn migrate(connection: &Connection) -> Result<(), LogError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > VERSION {
        return Err(LogError::TooNew { found, known: VERSION });
    }
    if 0 < found && found < VERSION {
        tracing::info!(
            found,
            wanted = VERSION,
            "The log's layout is brought up to date, which takes a while if it is large."
        );
    }
    for (version, step) in (1..).zip(STEPS).filter(|(version, _)| *version > found) {
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {step} PRAGMA user_version = {version}; COMMIT;"
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_version_1_gets_its_counts() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(START).unwrap();
        connection
            .execute_batch("PRAGMA user_version = 1; INSERT INTO sources VALUES (1, 'a');")
            .unwrap();
        for (seq, event_type, received_at) in [(1, "b", 0), (2, "a", 1), (3, "a", 3_599_999), (4, "a", 3_600_000)] {
            connection
                .execute(
                    "INSERT INTO events VALUES (?1, 1, ?1, ?2, '', '', '', '', '', 0, ?3, '{}')",
                    rusqlite::params![seq, event_type, received_at],
                )
                .unwrap();
        }
        migrate(&connection).unwrap();
        let mut counts = connection
            .prepare("SELECT hour, event_type, count FROM event_counts ORDER BY hour, event_type")
            .unwrap();
        let counts = counts
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap();
        let counts: Vec<(i64, String, i64)> = counts.collect::<Result<_, _>>().unwrap();
        assert_eq!(
            counts,
            [(0, "a".to_owned(), 2), (0, "b".to_owned(), 1), (1, "a".to_owned(), 1)]
        );
        migrate(&connection).unwrap();
    }

    #[test]
    fn a_newer_log_is_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", VERSION + 1).unwrap();
        assert!(matches!(migrate(&connection), Err(LogError::TooNew { .. })));
    }
}
