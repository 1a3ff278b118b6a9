//! Opening a database of a server that is stopped, so that nothing in its folder changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{contents::uri, damage::is_damaged_row};
use crate::wal::wal_of;

/// Opens the file with what its write-ahead log adds. SQLite ordinarily makes files beside a database, and copies the
/// write-ahead log into it when the last connection is closed. Here, the file is taken as it is if there is no write-ahead log; else
/// it is locked as a whole, which makes SQLite keep the index of the write-ahead log in memory, and the write-ahead log is kept.
///
/// # Errors
/// If the file can't be opened.
pub(crate) fn open_unchanged(path: &Path) -> rusqlite::Result<Connection> {
    let has_wal = fs::metadata(wal_of(path)).is_ok_and(|metadata| metadata.len() > 0);
    if !has_wal {
        return open_copy(path);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Opens a database that consists of the one file, as it is, whatever is beside it and whether the disk can be written or not.
///
/// # Errors
/// If the file can't be opened.
pub(crate) fn open_copy(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri(path), flags)
}

/// Closes a database that only this connection uses, after moving its write-ahead log into it.
///
/// # Errors
/// If a part of the write-ahead log could not be moved, or the file not be closed.
pub(crate) fn close_whole(connection: Connection) -> rusqlite::Result<()> {
    let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_busy {
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        return Err(rusqlite::Error::SqliteFailure(busy, None));
    }
    connection.close().map_err(|(_, error)| error)
}

/// Whether a database without a write-ahead log is shorter than its pages. SQLite notices that only if whole pages are missing.
///
/// # Errors
/// If the file can't be read.
pub(crate) fn is_cut_off(connection: &Connection, path: &Path) -> rusqlite::Result<bool> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let expected = pragma("page_count")?.saturating_mul(pragma("page_size")?);
    let length = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let is_shorter = u64::try_from(expected).is_ok_and(|expected| length(path) < expected);
    Ok(is_shorter && length(&wal_of(path)) == 0)
}

/// Whether nothing was stored in the database yet, as after a start that was killed at once.
///
/// # Errors
/// If the file can't be read.
pub(crate) fn is_empty(path: &Path) -> rusqlite::Result<bool> {
    let tables: i64 = open_unchanged(path)?.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0)
}

/// Whether the pages of a database don't match, as after a part of the write-ahead log was lost whose end was copied into the
/// file before. Tables are compared with their indexes, too: pages of two moments can each be well formed. SQLite reads all pages for that.
///
/// # Errors
/// If the file can't be read at all.
pub(crate) fn is_damaged(connection: &Connection) -> rusqlite::Result<bool> {
    let first: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok(first != "ok" || !broken_references(connection)?.is_empty())
}

/// The names of tables, indexes and triggers that are not defined as in another database, or are in one of the two alone. What SQLite
/// and its migrations have made for themselves does not count.
///
/// # Errors
/// If a file can't be read.
pub(crate) fn wrong_definitions(connection: &Connection, expected: &Connection) -> rusqlite::Result<Vec<String>> {
    let (found, expected) = (definitions(connection)?, definitions(expected)?);
    let names: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    let wrong = names.into_iter().filter(|name| found.get(*name) != expected.get(*name));
    Ok(wrong.cloned().collect())
}

/// Type, table and SQL.
type Definition = (String, String, Option<String>);

/// What has a name, by its name.
fn definitions(connection: &Connection) -> rusqlite::Result<BTreeMap<String, Definition>> {
    let sql = "SELECT name, type, tbl_name, sql FROM sqlite_schema \
               WHERE name NOT LIKE 'sqlite_stat%' AND tbl_name <> '_sqlx_migrations'";
    let mut statement = connection.prepare(sql)?;
    let definitions = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))))?;
    definitions.collect()
}

/// What SQLite finds wrong in the pages of a database; empty if nothing.
///
/// # Errors
/// If the file can't be read at all.
pub(crate) fn damaged_pages(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let mut found = Vec::new();
    for line in statement.query_map([], |row| row.get::<_, String>(0))? {
        match line {
            Ok(line) if line == "ok" => {}
            Ok(line) => found.push(line),
            // It could not go on.
            Err(error) if is_damaged_row(&error) => found.push(error.to_string()),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// How many rows refer to a row that is not there, by table.
///
/// # Errors
/// If the file can't be read.
pub(crate) fn broken_references(connection: &Connection) -> rusqlite::Result<Vec<(String, i64)>> {
    let mut statement =
        connection.prepare("SELECT \"table\", count(*) FROM pragma_foreign_key_check GROUP BY \"table\" ORDER BY 1")?;
    let tables = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    tables.collect()
}
