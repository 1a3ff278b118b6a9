//! The statements of the writer thread.

use std::{collections::HashMap, path::Path, sync::Arc};

use domain::{Timestamp, event::AuditEvent, ids::Seq};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use super::super::schema;

/// A connection that may write.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // Never makes the file: it is there, or was deleted.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    schema::configure(&connection)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// A small transaction, which is written and synchronised.
pub(super) fn try_write(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    write_position(&transaction)?;
    transaction.commit()
}

/// The page is written although the row ends as it was: SQLite leaves out an update that changes nothing.
pub(super) fn write_position(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute("UPDATE positions SET last_seq = last_seq + 1", [])?;
    transaction.execute("UPDATE positions SET last_seq = last_seq - 1", [])?;
    Ok(())
}

pub(super) fn last_seq(connection: &Connection) -> rusqlite::Result<Seq> {
    connection
        .query_row("SELECT last_seq FROM positions", [], |row| row.get(0))
        .map(Seq::new)
}

pub(super) fn source_id(
    transaction: &Transaction<'_>,
    known: &mut HashMap<Arc<str>, i64>,
    source: &Arc<str>,
) -> rusqlite::Result<i64> {
    if let Some(id) = known.get(source) {
        return Ok(*id);
    }
    transaction.execute(
        "INSERT INTO sources (name) VALUES (?) ON CONFLICT (name) DO NOTHING",
        [source],
    )?;
    let id = transaction.query_row("SELECT id FROM sources WHERE name = ?", [source], |row| row.get(0))?;
    known.insert(Arc::clone(source), id);
    Ok(id)
}

/// False if the source has sent this id before.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    seq: Seq,
    source: i64,
    received_at: Timestamp,
    event: &AuditEvent,
) -> rusqlite::Result<bool> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO events (seq, source, id, event_type, author_id, author_name, entity_id, entity_type, entity_path, \
         created_at, received_at, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, id) DO NOTHING",
    )?;
    let inserted = statement.execute(params![
        seq.get(),
        source,
        event.id.as_str(),
        event.event_type.as_str(),
        event.author_id,
        event.author_name,
        event.entity_id,
        event.entity_type,
        event.entity_path,
        event.created_at.unix_ms(),
        received_at.unix_ms(),
        event.body,
    ])?;
    Ok(inserted == 1)
}
