//! Opening the file: settings, migrations, the writing and the reading connections.

use std::{
    collections::HashSet,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::ids::{DestinationId, Seq};
use sqlx::{
    ConnectOptions, Connection, Sqlite, SqlitePool, Transaction,
    error::DatabaseError,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{StoreError, error::sqlite_code};
use crate::{
    log::guarded,
    storage::{PartState, WriteState},
    vault::{KeyId, Vault},
};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// `user_version` is a number in the file's header that SQLite does not use. From the transaction that encrypts everything with another
/// key until the file was written anew, it is not 0.
pub(super) const HAS_TO_BE_REWRITTEN: &str = "PRAGMA user_version = 1";
const REWRITTEN: &str = "PRAGMA user_version = 0";
pub(super) const REWRITE_IS_DUE: &str = "PRAGMA user_version";

/// Handles to the open database; clones share them.
#[derive(Clone)]
pub(crate) struct Database {
    writer: SqlitePool,
    pub(super) reader: SqlitePool,
    pub(super) vault: Vault,
    writes: Arc<WriteState>,
    /// Parked events that could not be read whole, and were logged.
    unreadable: Arc<Mutex<HashSet<(DestinationId, Seq)>>>,
}

impl Database {
    /// Opens or makes the file and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`] if the file can't be opened, or was written by another version.
    pub(crate) async fn open(path: &Path, vault: Vault) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        check_schema(&options).await?;
        let options = options
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5));
        let writes = Arc::new(WriteState::new("audit-streams.db"));
        let state = Arc::clone(&writes);
        let writer = pool(1, move || state.failed()).connect_with(options.clone()).await?;
        MIGRATIONS.run(&writer).await?;
        writes.opened(path).map_err(sqlx::Error::Io)?;
        let readers = guarded(pool(4, || {}), &writes);
        let reader = readers.connect_with(options.read_only(true)).await?;
        Ok(Self {
            writer,
            reader,
            vault,
            writes,
            unreadable: Arc::default(),
        })
    }

    /// The id of the key that secrets are encrypted with.
    pub(crate) const fn key_id(&self) -> KeyId {
        self.vault.id()
    }

    /// Whether this is the first time that a parked event can't be read whole.
    pub(super) fn notices_unreadable(&self, destination: DestinationId, seq: Seq) -> bool {
        let mut unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        unreadable.insert((destination, seq))
    }

    /// A transaction that holds the write lock from its first statement on.
    pub(super) async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        if !self.writes.files_are_in_place() {
            return Err(StoreError::FilesMissing);
        }
        let begun = self.writer.begin_with("BEGIN IMMEDIATE").await;
        if let Err(sqlx::Error::Database(error)) = &begun
            && !is_busy(error.as_ref())
        {
            self.writes.failed();
            self.replace_writer().await;
        }
        Ok(begun?)
    }

    /// Closes the writing connection, so that the next transaction begins on a new one: where none could begin, SQLite may be
    /// in one that sqlx knows nothing of.
    async fn replace_writer(&self) {
        let closed = match self.writer.acquire().await {
            Ok(connection) => connection.close().await,
            Err(error) => Err(error),
        };
        if let Err(error) = closed {
            tracing::debug!(error = %error, "Closing a failed connection failed.");
        }
    }

    /// Reads nothing while the files are not in their place: what is absent from another file was not deleted from this one.
    pub(super) fn read(&self) -> Result<&SqlitePool, StoreError> {
        if self.writes.files_are_in_place() {
            Ok(&self.reader)
        } else {
            Err(StoreError::FilesMissing)
        }
    }

    /// Whether the last write succeeded.
    pub(crate) fn state(&self) -> PartState {
        if self.writer.is_closed() {
            PartState::Stopped
        } else {
            self.writes.part()
        }
    }

    /// After a write that failed, tries a small one. The page is written although the row ends as it was: SQLite leaves out
    /// an update that changes nothing.
    pub(crate) async fn try_write(&self) -> Result<(), StoreError> {
        if !self.writes.fails() {
            return Ok(());
        }
        let mut transaction = self.write().await?;
        for change in [
            "UPDATE settings SET network_version = network_version + 1",
            "UPDATE settings SET network_version = network_version - 1",
        ] {
            sqlx::query(change).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        self.writes.succeeded();
        Ok(())
    }

    /// Whether the files are still those that were opened.
    pub(crate) fn check_files(&self) {
        self.writes.files_are_in_place();
    }

    /// Copies the write-ahead log into the file, without waiting. False if that is not possible at the moment.
    pub(crate) async fn complete(&self) -> bool {
        let copied = sqlx::query_as::<_, (bool, i64, i64)>("PRAGMA wal_checkpoint(PASSIVE)")
            .fetch_one(&self.writer)
            .await;
        match copied {
            Ok((is_busy, frames, copied)) => !is_busy && frames == copied,
            Err(error) => {
                tracing::debug!(error = %error, "audit-streams.db can't be completed from its write-ahead log.");
                false
            }
        }
    }

    /// Writes the file anew, so that nothing is left of what was deleted or overwritten, also not in the write-ahead log.
    ///
    /// # Errors
    /// [`StoreError`]; what is stored has not changed, and it is still noted that the file has to be written anew.
    pub(crate) async fn rewrite(&self) -> Result<(), StoreError> {
        sqlx::query("VACUUM").execute(&self.writer).await?;
        let checkpoint = sqlx::query_scalar::<_, bool>("PRAGMA wal_checkpoint(TRUNCATE)");
        if checkpoint.fetch_one(&self.writer).await? {
            return Err(StoreError::UsedByAnother);
        }
        sqlx::query(REWRITTEN).execute(&self.writer).await?;
        Ok(())
    }

    /// Writes the file anew if the process that had to do so has ended before. Returns whether that was necessary.
    ///
    /// # Errors
    /// As [`Self::rewrite`].
    pub(crate) async fn finish_rewrite(&self) -> Result<bool, StoreError> {
        let version: i64 = sqlx::query_scalar(REWRITE_IS_DUE).fetch_one(self.read()?).await?;
        let is_due = version != 0;
        if is_due {
            self.rewrite().await?;
        }
        Ok(is_due)
    }

    /// At a clean end: copies everything into the one file, so that a copy of it is whole.
    pub(crate) async fn checkpoint(&self) {
        let is_busy = sqlx::query_scalar::<_, bool>("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.writer)
            .await;
        match is_busy {
            Ok(false) => {}
            Ok(true) => tracing::warn!("audit-streams.db-wal stays: another process uses the store."),
            Err(error) => tracing::warn!(
                error = %error,
                "audit-streams.db-wal stays: it could not be copied into audit-streams.db."
            ),
        }
    }

    /// Closes every connection; what was committed is in the file.
    pub(crate) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// Whether another process holds the lock, which says nothing about the file.
fn is_busy(error: &dyn DatabaseError) -> bool {
    const SQLITE_BUSY: u32 = 5;
    sqlite_code(error) == Some(SQLITE_BUSY)
}

/// A database of something else, or with migrations that this version does not have, is left as it is.
async fn check_schema(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    let mut connection = options.connect().await?;
    let checked = check_migrations(&mut connection).await;
    connection.close().await?;
    checked
}

async fn check_migrations(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let (tables, ours): (i64, i64) =
        sqlx::query_as("SELECT count(*), count(*) FILTER (WHERE name = '_sqlx_migrations') FROM sqlite_schema")
            .fetch_one(&mut *connection)
            .await?;
    match (tables, ours) {
        (0, _) => return Ok(()),
        (_, 0) => return Err(StoreError::NotAStore),
        _ => {}
    }
    let applied: Vec<(i64, Vec<u8>)> = sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations")
        .fetch_all(connection)
        .await?;
    let is_known = |(version, checksum): &(i64, Vec<u8>)| {
        let mut known = MIGRATIONS.iter();
        known.any(|migration| migration.version == *version && *migration.checksum == **checksum)
    };
    if applied.iter().all(is_known) {
        Ok(())
    } else {
        Err(StoreError::OtherVersion)
    }
}

/// A pool that closes a connection whose transaction ended badly, and calls `ended_badly` then.
///
/// When the disk is full or a write fails, SQLite rolls the transaction back by itself. sqlx does not see that: its rollback
/// finds no transaction, fails, and the connection refuses every later transaction.
fn pool(connections: u32, ended_badly: impl Fn() + Clone + Send + Sync + 'static) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        // SQLite deletes the write-ahead log with its last connection, and a file that is deleted counts as lost.
        .max_lifetime(None)
        .idle_timeout(None)
        .after_release(move |connection, _| {
            let ended_badly = ended_badly.clone();
            Box::pin(async move {
                // A rollback may still be queued on the connection's thread; this waits for it.
                connection.ping().await?;
                let is_usable = !connection.is_in_transaction();
                if !is_usable {
                    ended_badly();
                }
                Ok(is_usable)
            })
        })
}

#[cfg(test)]
mod tests;
