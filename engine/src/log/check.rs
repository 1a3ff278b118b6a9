//! Whether the file belongs to the store.

use std::{fs, io::ErrorKind, path::Path};

use domain::ids::Seq;
use rusqlite::{Connection, OptionalExtension, config::DbConfig};

use super::{LogError, schema, unchanged::is_cut_off};
use crate::pairing::{LogIdentity, LogSide, Mismatch, Pairing};

/// Looks into the file before anything in it is changed, or made.
///
/// # Errors
/// [`LogError`] if the file does not belong to the store, or is none of ours.
pub(super) fn check_belongs(path: &Path, pairing: &Pairing) -> Result<(), LogError> {
    let is_there = match fs::metadata(path) {
        Ok(metadata) => metadata.len() > 0,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(LogError::File(error)),
    };
    if !is_there {
        return Ok(pairing.check(None)?);
    }
    let connection = Connection::open(path)?;
    let log = read(&connection)?;
    if is_cut_off(&connection, path)? {
        return Err(LogError::CutOff);
    }
    let checked = pairing.check(log.as_ref());
    if checked.as_ref().is_err_and(Mismatch::is_loss) {
        // Closing it would remove the write-ahead log, which may still contain what is lost.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    }
    Ok(checked?)
}

/// `None` if nothing is in the file.
pub(super) fn read(connection: &Connection) -> Result<Option<LogSide>, LogError> {
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
