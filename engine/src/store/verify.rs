//! What `audit-streams check` finds out about the store of a stopped server. Nothing is changed.

use std::path::Path;

use domain::ids::{DestinationId, Seq};
use rusqlite::{Connection, Row};

use super::{
    cursor::parse_ranges,
    database::{MIGRATIONS, REWRITE_IS_DUE},
    inspection::{InspectionError, StoreHead, check_texts, head},
    sealed::SEALED,
};
use crate::{
    log::{broken_references, damaged_pages, is_cut_off, open_copy, open_unchanged, wrong_definitions},
    pairing::StoreSide,
    vault::{DoesNotOpen, Vault},
};

/// The store of a stopped server.
pub(crate) struct StoreFile {
    connection: Connection,
}

/// The file can't be read, or says something that can't be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error("the file is shorter than its pages")]
    CutOff,
    #[error("the file is a database, but not one of Audit Streams")]
    NotAStore,
    #[error("another version of Audit Streams wrote the file")]
    OtherVersion,
}

/// Which positions a stream needs no more.
#[derive(Clone, Debug)]
pub(crate) struct StreamPositions {
    pub(crate) destination: DestinationId,
    pub(crate) name: String,
    /// An inactive destination gets nothing that is past its age.
    pub(crate) is_active: bool,
    /// `None` if the destination has no cursor.
    pub(crate) acknowledged: Option<Seq>,
    /// `None` if they can't be read.
    pub(crate) above: Option<Vec<(Seq, Seq)>>,
    /// The last position of an open span is the end of the log.
    pub(crate) inactive: Vec<(Seq, Option<Seq>)>,
    pub(crate) batch: Option<(Seq, Seq)>,
    /// Where the stream began, and where its filters were changed.
    pub(crate) bounds: [Seq; 2],
}

/// A replay that runs.
#[derive(Clone, Debug)]
pub(crate) struct RunningReplay {
    pub(crate) id: i64,
    pub(crate) destination: String,
    pub(crate) next: Seq,
    pub(crate) last: Seq,
    pub(crate) batch: Option<(Seq, Seq)>,
}

/// A secret that can't be decrypted.
#[derive(Clone, Debug)]
pub(crate) struct ClosedSecret {
    pub(crate) table: &'static str,
    pub(crate) row: i64,
    pub(crate) name: String,
    pub(crate) error: DoesNotOpen,
}

impl StoreFile {
    /// The schema that this version makes.
    pub(crate) fn newest_schema() -> i64 {
        MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
    }

    /// # Errors
    /// [`VerifyError`] if the file can't be opened.
    pub(crate) fn open(path: &Path) -> Result<Self, VerifyError> {
        Self::of(open_unchanged(path)?, path)
    }

    /// The store of a backup.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn open_copy(path: &Path) -> Result<Self, VerifyError> {
        Self::of(open_copy(path)?, path)
    }

    fn of(connection: Connection, path: &Path) -> Result<Self, VerifyError> {
        if is_cut_off(&connection, path)? {
            return Err(VerifyError::CutOff);
        }
        Ok(Self { connection })
    }

    /// The version of the schema.
    pub(crate) fn schema(&self) -> Result<i64, VerifyError> {
        let ours = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
        if self.number(ours)? == 0 {
            return Err(VerifyError::NotAStore);
        }
        let mut statement = self
            .connection
            .prepare("SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version")?;
        let applied = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let applied: Vec<(i64, Vec<u8>, bool)> = applied.collect::<rusqlite::Result<_>>()?;
        let mut newest = 0;
        for (version, checksum, has_succeeded) in applied {
            let mut known = MIGRATIONS.iter();
            let is_known = known.any(|known| known.version == version && *known.checksum == *checksum);
            if !is_known || !has_succeeded {
                return Err(VerifyError::OtherVersion);
            }
            newest = version;
        }
        Ok(newest)
    }

    /// What it says about itself; `None` if it is of another version.
    pub(crate) fn head(&self) -> Result<Option<StoreHead>, VerifyError> {
        Ok(head(&self.connection)?)
    }

    /// Whether a rotation of the key was interrupted before the file was written anew.
    pub(crate) fn is_rewrite_due(&self) -> Result<bool, VerifyError> {
        Ok(self.number(REWRITE_IS_DUE)? != 0)
    }

    /// What it says about its log, as [`super::Database::pairing`].
    pub(crate) fn side(&self) -> Result<StoreSide, VerifyError> {
        let sql = "SELECT id, generation, max(log_reached, coalesce((SELECT max(last_seq) FROM log_minutes), 0)) FROM instance";
        let side = self.connection.query_row(sql, [], |row| {
            Ok(StoreSide {
                instance: row.get(0)?,
                generation: row.get(1)?,
                log_reached: row.get::<_, Option<i64>>(2)?.map(Seq::new),
                noted_reached: None,
            })
        })?;
        Ok(side)
    }

    /// Tables, indexes and triggers that are not defined as in a new store.
    pub(crate) fn wrong_definitions(&self) -> Result<Vec<String>, VerifyError> {
        let expected = Connection::open_in_memory()?;
        for migration in MIGRATIONS.iter() {
            expected.execute_batch(migration.sql.as_str())?;
        }
        Ok(wrong_definitions(&self.connection, &expected)?)
    }

    /// Reads the texts that a start reads.
    pub(crate) fn check_texts(&self) -> Result<(), InspectionError> {
        check_texts(&self.connection)
    }

    /// What SQLite finds wrong in its pages.
    pub(crate) fn damaged_pages(&self) -> Result<Vec<String>, VerifyError> {
        Ok(damaged_pages(&self.connection)?)
    }

    /// How many rows refer to a row that is not there, by table.
    pub(crate) fn broken_references(&self) -> Result<Vec<(String, i64)>, VerifyError> {
        Ok(broken_references(&self.connection)?)
    }

    /// How far each stream is, in the order of their destinations.
    pub(crate) fn streams(&self) -> Result<Vec<StreamPositions>, VerifyError> {
        let sql = "SELECT destinations.id, name, active, acknowledged_seq, coalesce(acknowledged_above, ''), batch_first, batch_last, \
                   coalesce(start_seq, 0), coalesce(filter_seq, 0) FROM destinations \
                   LEFT JOIN cursors ON destination_id = destinations.id ORDER BY destinations.id";
        let mut statement = self.connection.prepare(sql)?;
        let streams = statement.query_map([], read_stream)?;
        let mut streams: Vec<StreamPositions> = streams.collect::<rusqlite::Result<_>>()?;
        let mut spans = self
            .connection
            .prepare("SELECT first_seq, last_seq FROM inactive_spans WHERE destination_id = ? ORDER BY first_seq")?;
        for stream in &mut streams {
            let found = spans.query_map([stream.destination.get()], |row| {
                Ok((Seq::new(row.get(0)?), row.get::<_, Option<i64>>(1)?.map(Seq::new)))
            })?;
            stream.inactive = found.collect::<rusqlite::Result<_>>()?;
        }
        Ok(streams)
    }

    /// Destination and position of each event that was refused and is retried or parked.
    pub(crate) fn refused(&self) -> Result<Vec<(String, Seq)>, VerifyError> {
        let sql = "SELECT name, seq FROM refused_events JOIN destinations ON id = destination_id ORDER BY destination_id, seq";
        let mut statement = self.connection.prepare(sql)?;
        let refused = statement.query_map([], |row| Ok((row.get(0)?, Seq::new(row.get(1)?))))?;
        Ok(refused.collect::<rusqlite::Result<_>>()?)
    }

    /// Destinations whose number of refused events is not the one that is counted.
    pub(crate) fn wrong_refused_counts(&self) -> Result<Vec<String>, VerifyError> {
        let sql = "SELECT name FROM destinations LEFT JOIN refused_counts ON refused_counts.destination_id = id \
                   WHERE coalesce(retrying, 0) <> (SELECT count(*) FROM refused_events WHERE destination_id = id AND due_at IS NOT NULL) \
                   OR coalesce(parked, 0) <> (SELECT count(*) FROM refused_events WHERE destination_id = id AND due_at IS NULL)";
        let mut statement = self.connection.prepare(sql)?;
        let names = statement.query_map([], |row| row.get(0))?;
        Ok(names.collect::<rusqlite::Result<_>>()?)
    }

    /// Replays that will go on at the next start.
    pub(crate) fn running_replays(&self) -> Result<Vec<RunningReplay>, VerifyError> {
        let sql = "SELECT replays.id, name, next_seq, last_seq, batch_first, batch_last FROM replays \
                   JOIN destinations ON destinations.id = destination_id WHERE state = 'running' ORDER BY replays.id";
        let mut statement = self.connection.prepare(sql)?;
        let replays = statement.query_map([], |row| {
            Ok(RunningReplay {
                id: row.get(0)?,
                destination: row.get(1)?,
                next: Seq::new(row.get(2)?),
                last: Seq::new(row.get(3)?),
                batch: read_batch(row, 4)?,
            })
        })?;
        Ok(replays.collect::<rusqlite::Result<_>>()?)
    }

    /// How many minutes have a position of the log, and how many of these are beyond this one.
    pub(crate) fn minutes(&self, end: Seq) -> Result<(i64, i64), VerifyError> {
        let sql = "SELECT count(*), count(*) FILTER (WHERE last_seq > ? OR last_seq < 0) FROM log_minutes";
        Ok(self
            .connection
            .query_row(sql, [end.get()], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// How many discarded events are beyond this position.
    pub(crate) fn discarded_after(&self, end: Seq) -> Result<i64, VerifyError> {
        let sql = "SELECT count(*) FROM discarded_events WHERE seq > ?";
        Ok(self.connection.query_row(sql, [end.get()], |row| row.get(0))?)
    }

    /// Decrypts every secret. Returns how many there are, and those that can't be.
    pub(crate) fn open_secrets(&self, vault: &Vault) -> Result<(usize, Vec<ClosedSecret>), VerifyError> {
        let (mut count, mut closed) = (0, Vec::new());
        for column in &SEALED {
            let mut statement = self.connection.prepare(&column.select())?;
            let mut rows = statement.query([])?;
            while let Some(found) = rows.next()? {
                let (row, name, sealed): (i64, String, Vec<u8>) = (found.get(0)?, found.get(1)?, found.get(2)?);
                count += 1;
                if let Err(error) = vault.open(column.place(row, &name), &sealed) {
                    closed.push(ClosedSecret {
                        table: column.table,
                        row,
                        name,
                        error,
                    });
                }
            }
        }
        Ok((count, closed))
    }

    fn number(&self, sql: &str) -> Result<i64, VerifyError> {
        Ok(self.connection.query_row(sql, [], |row| row.get(0))?)
    }
}

fn read_stream(row: &Row<'_>) -> rusqlite::Result<StreamPositions> {
    Ok(StreamPositions {
        destination: DestinationId::new(row.get(0)?),
        name: row.get(1)?,
        is_active: row.get(2)?,
        acknowledged: row.get::<_, Option<i64>>(3)?.map(Seq::new),
        above: parse_ranges(&row.get::<_, String>(4)?),
        inactive: Vec::new(),
        batch: read_batch(row, 5)?,
        bounds: [Seq::new(row.get(7)?), Seq::new(row.get(8)?)],
    })
}

fn read_batch(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<(Seq, Seq)>> {
    let (start, end): (Option<i64>, Option<i64>) = (row.get(first)?, row.get(first + 1)?);
    Ok(start.zip(end).map(|(start, end)| (Seq::new(start), Seq::new(end))))
}
