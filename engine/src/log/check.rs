//! Whether the file belongs to the store.

use std::{fs, io::ErrorKind, path::Path};

use domain::ids::Seq;
use rusqlite::{Connection, OptionalExtension, config::DbConfig};

use super::{
    LogError,
    contents::{open_alone, uri},
    schema,
    unchanged::{is_cut_off, is_damaged},
};
use crate::pairing::{LogIdentity, LogSide, Pairing};

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
        pairing.check(None)?;
        return Ok(());
    }
    let connection = Connection::open(path)?;
    // Closing it would copy the write-ahead log into the file and remove it: not if the start is refused.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let log = read(&connection)?;
    if is_cut_off(&connection, path)? {
        return Err(LogError::CutOff);
    }
    let accepted = pairing.check(log.as_ref())?;
    if accepted.is_some_and(|mismatch| mismatch.is_loss()) && is_damaged(&connection)? {
        return Err(LogError::Pages);
    }
    Ok(connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
        .map(drop)?)
}

/// The instance, and the generation of its store, in the file without its write-ahead log. `None` if that can't be read.
pub(crate) fn generation_in_file(path: &Path) -> Option<(String, i64)> {
    let read = |path: &Path| {
        let connection = open_alone(&uri(path))?;
        connection.query_row("SELECT id, store_generation FROM instance", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    };
    read(path).ok()
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
