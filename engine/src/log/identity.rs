//! Which instance the log belongs to.

use std::{fs, io::ErrorKind, path::Path};

use domain::ids::Seq;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::LogError;
use crate::pairing::{LogIdentity, LogSide, Pairing};

/// Looks into the file before anything in it is changed, or made.
///
/// # Errors
/// [`LogError`] if the file does not belong to the store, or is none of ours.
pub(super) fn check(path: &Path, pairing: &Pairing) -> Result<(), LogError> {
    let is_there = match fs::metadata(path) {
        Ok(metadata) => metadata.len() > 0,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(LogError::File(error)),
    };
    let log = if is_there {
        read(&Connection::open(path)?)?
    } else {
        None
    };
    Ok(pairing.check(log.as_ref())?)
}

/// `None` if nothing is in the file.
fn read(connection: &Connection) -> Result<Option<LogSide>, LogError> {
    let has = |table: &str| {
        let mut known = connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?")?;
        known.exists([table])
    };
    if !has("positions")? {
        let others: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        return if others == 0 { Ok(None) } else { Err(LogError::NotALog) };
    }
    let last_seq = connection.query_row("SELECT last_seq FROM positions", [], |row| row.get(0))?;
    let identity = if has("instance")? {
        let row = connection.query_row("SELECT id, store_generation FROM instance", [], |row| {
            Ok(LogIdentity {
                instance: row.get(0)?,
                store_generation: row.get(1)?,
            })
        });
        row.optional()?
    } else {
        None
    };
    Ok(Some(LogSide {
        identity,
        last_seq: Seq::new(last_seq),
    }))
}

/// Writes the instance's id into a log that was checked. Positions go on after what the store knows of: they are never given
/// twice, even after a mismatch was accepted.
pub(super) fn bind(connection: &mut Connection, pairing: &Pairing) -> rusqlite::Result<()> {
    let store = &pairing.store;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("DELETE FROM instance", [])?;
    transaction.execute(
        "INSERT INTO instance (id, store_generation) VALUES (?, ?)",
        params![store.instance, store.generation],
    )?;
    let reached = store.log_reached.unwrap_or(Seq::START);
    transaction.execute("UPDATE positions SET last_seq = max(last_seq, ?)", [reached.get()])?;
    transaction.commit()
}

/// Notes the generation of the store that the log is used beside.
pub(super) fn note_generation(connection: &Connection, generation: i64) -> rusqlite::Result<()> {
    connection.execute("UPDATE instance SET store_generation = ?", [generation])?;
    Ok(())
}
