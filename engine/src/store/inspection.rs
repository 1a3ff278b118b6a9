//! Reads what the store says about itself before it is opened for writing. If the start is refused, nothing has changed.

use std::{fs, io::ErrorKind, path::Path};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig, types::ValueRef};

use crate::{
    log::{is_cut_off, open_alone, uri},
    vault::KeyId,
};

/// What a store says about itself, as far as it must be known before it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreHead {
    pub(crate) instance: String,
    /// `engine::pairing`.
    pub(crate) generation: i64,
    /// How many instance events were ever stored.
    pub(crate) changes: i64,
    /// The key that secrets are encrypted with.
    pub(crate) key: Option<KeyId>,
    /// No server has started on it yet, so nothing is encrypted.
    pub(crate) is_new: bool,
}

/// The file could not be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InspectionError {
    #[error("the file can't be inspected")]
    File(#[source] std::io::Error),
    #[error("the database rejected a statement")]
    Database(#[from] rusqlite::Error),
    #[error("the file is shorter than its pages")]
    CutOff,
    #[error("a row of the table {table} contains bytes that are no text")]
    Text { table: &'static str },
}

/// The tables that every start reads whole. All are small.
const READ_AT_THE_START: [&str; 12] = [
    "instance",
    "settings",
    "destinations",
    "destination_fields",
    "previous_secrets",
    "destination_headers",
    "destination_event_types",
    "destination_namespaces",
    "cursors",
    "inactive_spans",
    "replays",
    "alert_settings",
];

impl InspectionError {
    /// The file is damaged, cut off, or no database at all.
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::File(_) => false,
            Self::CutOff | Self::Text { .. } => true,
            Self::Database(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ),
        }
    }

    /// There is no room for the files that SQLite needs beside it.
    pub(crate) fn is_full_disk(&self) -> bool {
        let Self::Database(error) = self else { return false };
        let code = error.sqlite_error().map(|error| error.extended_code);
        code.is_some_and(|code| [rusqlite::ffi::SQLITE_FULL, rusqlite::ffi::SQLITE_IOERR_SHMSIZE].contains(&code))
    }
}

/// Passes what the store says to `judge`: `None` if there is no store, or none that this version can read. If `judge` returns an
/// error, the write-ahead log is left as it is; else SQLite copies it into the file when the last connection is closed.
///
/// # Errors
/// [`InspectionError`] if the file can't be read.
pub(crate) fn inspect<T, E>(
    path: &Path,
    judge: impl FnOnce(Option<&StoreHead>) -> Result<T, E>,
) -> Result<Result<T, E>, InspectionError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > 0 => {}
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(InspectionError::File(error)),
        _ => return Ok(judge(None)),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    let judged = read(&connection, path).map(|head| judge(head.as_ref()));
    if !matches!(judged, Ok(Ok(_))) {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    }
    judged
}

fn read(connection: &Connection, path: &Path) -> Result<Option<StoreHead>, InspectionError> {
    let head = head(connection)?;
    if is_cut_off(connection, path)? {
        return Err(InspectionError::CutOff);
    }
    if head.is_some() {
        check_texts(connection)?;
    }
    Ok(head)
}

/// The instance and the generation in the file without its write-ahead log. `None` if that can't be read.
pub(crate) fn generation_in_file(path: &Path) -> Option<(String, i64)> {
    let read = |path: &Path| {
        let connection = open_alone(&uri(path))?;
        connection.query_row("SELECT id, generation FROM instance", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    };
    read(path).ok()
}

/// Reads every table that a start reads, so that damage stops the start and no stream. SQLite does not check that a text is one.
///
/// # Errors
/// [`InspectionError`] if something can't be read.
pub(super) fn check_texts(connection: &Connection) -> Result<(), InspectionError> {
    READ_AT_THE_START
        .iter()
        .try_for_each(|table| check_table(connection, table))
}

fn check_table(connection: &Connection, table: &'static str) -> Result<(), InspectionError> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            if let ValueRef::Text(text) = row.get_ref(column)?
                && std::str::from_utf8(text).is_err()
            {
                return Err(InspectionError::Text { table });
            }
        }
    }
    Ok(())
}

/// `None` if the file is none of ours, or of another version.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Option<StoreHead>> {
    let columns: i64 = connection.query_row(
        "SELECT count(*) FROM pragma_table_info('instance') WHERE name IN ('id', 'generation', 'changes', 'key_id')",
        [],
        |row| row.get(0),
    )?;
    if columns != 4 {
        return Ok(None);
    }
    connection
        .query_row("SELECT id, generation, changes, key_id FROM instance", [], |row| {
            let key: Option<String> = row.get(3)?;
            let is_new = key.is_none();
            Ok(StoreHead {
                instance: row.get(0)?,
                generation: row.get(1)?,
                changes: row.get(2)?,
                key: key.and_then(|key| KeyId::parse(&key)),
                is_new,
            })
        })
        .map(Some)
}
