//! Which instance the log belongs to.

use std::{fs, io::ErrorKind, path::Path};

use domain::ids::Seq;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{LogError, schema};
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
    if !schema::is_log(connection)? {
        return Ok(None);
    }
    let last_seq = connection.query_row("SELECT last_seq FROM positions", [], |row| row.get(0))?;
    let identity = connection.query_row("SELECT id, store_generation FROM instance", [], |row| {
        Ok(LogIdentity {
            instance: row.get(0)?,
            store_generation: row.get(1)?,
        })
    });
    Ok(Some(LogSide {
        identity: identity.optional()?,
        last_seq: Seq::new(last_seq),
    }))
}

/// Makes a log that was checked one of the store's instance. Positions continue after what the store knows of: none is given
/// twice, even after a mismatch was accepted.
pub(super) fn bind(transaction: &Transaction<'_>, pairing: &Pairing) -> rusqlite::Result<()> {
    let store = &pairing.store;
    let reached = store.log_reached.unwrap_or(Seq::START);
    // A log that matches is not written: that must be possible on a full disk.
    let is_bound = transaction
        .prepare("SELECT 1 FROM instance, positions WHERE id = ? AND store_generation <= ? AND last_seq >= ?")?
        .exists(params![store.instance, store.generation, reached.get()])?;
    if is_bound {
        return Ok(());
    }
    transaction.execute("DELETE FROM instance", [])?;
    transaction.execute(
        "INSERT INTO instance (id, store_generation) VALUES (?, ?)",
        params![store.instance, store.generation],
    )?;
    transaction.execute("UPDATE positions SET last_seq = max(last_seq, ?)", [reached.get()])?;
    Ok(())
}

/// Notes the generation of the store that the log is used beside.
pub(super) fn note_generation(connection: &Connection, generation: i64) -> rusqlite::Result<()> {
    connection.execute("UPDATE instance SET store_generation = ?", [generation])?;
    Ok(())
}
