//! Which instance the log belongs to.

use std::path::Path;

use domain::ids::Seq;
use rusqlite::{Connection, OpenFlags, Transaction, params};

use super::unchanged::close_whole;
use crate::pairing::Pairing;

/// Makes a log that was checked one of the store's instance. Positions continue after what the store knows of: none is given
/// twice, even after a mismatch was accepted.
pub(super) fn bind(transaction: &Transaction<'_>, pairing: &Pairing) -> rusqlite::Result<()> {
    let store = &pairing.store;
    let reached = store.reached().unwrap_or(Seq::START);
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
    // So that a check of the folder does not miss events there.
    transaction.execute(
        "INSERT INTO skipped_positions (first_seq, last_seq) SELECT last_seq + 1, ?1 FROM positions WHERE last_seq < ?1",
        [reached.get()],
    )?;
    transaction.execute("UPDATE positions SET last_seq = max(last_seq, ?)", [reached.get()])?;
    Ok(())
}

/// Notes the generation of the store that the log is used beside.
pub(super) fn note_generation(connection: &Connection, generation: i64) -> rusqlite::Result<()> {
    connection.execute("UPDATE instance SET store_generation = ?", [generation])?;
    Ok(())
}

/// Gives the instance that a log belongs to a new id. The file must not be open elsewhere; the change is on disk when this returns.
pub(crate) fn rename_instance(path: &Path, id: &str) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute("UPDATE instance SET id = ?", [id])?;
    close_whole(connection)
}
