//! Whether the file belongs to the store.

use std::{fs, io::ErrorKind, path::Path};

use domain::ids::Seq;
use rusqlite::{Connection, OptionalExtension};

use super::{LogError, schema};
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
