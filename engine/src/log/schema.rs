//! The file's layout and settings.

use rusqlite::Connection;

use super::LogError;

/// Layout of the file, in `PRAGMA user_version`.
const VERSION: i64 = 1;

const SCHEMA: &str = "
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

/// Sets up a connection that writes; makes the tables in a new file.
pub(super) fn prepare(connection: &Connection) -> Result<(), LogError> {
    // The page size only takes effect before the first table is made. Large pages suit rows of about a kilobyte.
    connection.pragma_update(None, "page_size", 16_384)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // A page that many commits touch is copied into the file once; every copy makes one commit wait for the disk twice.
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "busy_timeout", 5_000)?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found {
        0 => {
            connection.execute_batch(&format!(
                "BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"
            ))?;
            Ok(())
        }
        VERSION => Ok(()),
        found => Err(LogError::TooNew { found, known: VERSION }),
    }
}
