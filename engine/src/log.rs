//! The event log: `events.db`, append-only, written by one thread. With `store`, the only place that contains SQL.
//!
//! Guarantees:
//! - What [`EventLog::append`] has returned `Ok` for is on disk (`synchronous=FULL`) and survives kill -9 and power loss.
//! - A request's events are appended all together or not at all, in their order.
//! - Positions (`seq`) are assigned in commit order and never twice: a reader that asks for what comes after `n` misses nothing.
//! - An event whose source and id are known already is stored once; the response is the same.
//!
//! Not guaranteed: that an append which returned an error, or never returned, stored nothing. A client that is in doubt
//! posts the events again with the same ids.
//!
//! The writer uses rusqlite, because prepared inserts there are twice as fast as through sqlx, and so do reading for
//! delivery and looking up positions (`readers`); events for display are read through sqlx. Only the writer's connection can
//! write. The last few MiB stay in memory for destinations that keep up. `index` describes how events are found by author,
//! entity, type and address, `walk` and `search` how searches use it.

mod append;
mod brief;
mod browse;
mod browse_position;
mod by_seq;
mod check;
mod contents;
mod damage;
mod error;
mod filter;
mod guarded_pool;
mod histogram;
mod identity;
mod in_time;
mod index;
mod job;
mod known;
mod logged_event;
mod places;
mod prune;
mod pruning;
mod range;
mod read;
mod readers;
mod rewrite;
mod row;
mod schema;
mod search;
mod snapshot;
mod statement;
mod summary;
mod tail;
mod tally;
mod types;
mod unchanged;
mod unreadable;
mod usage;
mod verify;
mod verify_index;
mod walk;
mod writer;

use std::{path::Path, sync::Arc, time::Duration};

use domain::ids::Seq;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tokio::sync::{Mutex, MutexGuard, watch};

pub use self::{
    append::Appended,
    browse::{BrowseRow, Browsed},
    browse_position::BrowsePosition,
    by_seq::{Arrivals, CountedPage, SeqBrowsed, SeqRequest},
    error::{AppendError, LogError},
    filter::{BrowseRequest, EntityFilter, EventFilter, Exclusions},
    histogram::Intervals,
    usage::{Stored, Writing},
};
#[cfg(test)]
pub(crate) use self::{browse::SCAN_BYTES, range::RangeCount};
pub(crate) use self::{
    browse::SCAN_ROWS,
    check::generation_in_file as log_generation,
    contents::{open_alone, uri},
    damage::is_damage,
    guarded_pool::guarded,
    identity::rename_instance,
    job::QUEUE_BYTES,
    logged_event::LoggedEvent,
    prune::{CHUNK, PruneReport, PruneRequest, PrunedEarly},
    range::{RangeFilter, RangePage},
    read::LogPage,
    rewrite::{RewriteError, rewrite_wal},
    snapshot::{SnapshotError, Snapshots},
    unchanged::{
        broken_references, close_whole, damaged_pages, is_cut_off, is_damaged, is_empty, open_copy, open_unchanged,
        wrong_definitions,
    },
    verify::{Extent, LogFile, before, without},
};
use self::{
    damage::Damage,
    readers::Readers,
    tail::Tail,
    writer::{Opening, Writer},
};
use crate::{note::Note, pairing::Pairing, storage::PartState};

/// Handle to the open log; clones share it.
#[derive(Clone)]
pub struct EventLog {
    writer: Arc<Writer>,
    /// Searches.
    reader: SqlitePool,
    /// Read for delivery.
    readers: Arc<Readers>,
    damage: Arc<Damage>,
    tail: Arc<Tail>,
    committed: watch::Receiver<Seq>,
    pruning: Arc<Mutex<()>>,
}

impl EventLog {
    /// Opens or makes the file, whichever store it belongs to. `size_limit` is in bytes of the file's used pages.
    ///
    /// # Errors
    /// [`LogError`] if the file can't be opened, or was written by another version.
    pub async fn open(path: &Path, size_limit: u64) -> Result<Self, LogError> {
        Self::start(path, size_limit, None, None).await
    }

    /// Opens the log of a store, or makes it if the store has never had one. Each commit is noted before it is acknowledged.
    ///
    /// # Errors
    /// [`LogError`], as [`Self::open`], and if the file does not belong to the store; it is left as it was then.
    pub(crate) async fn open_paired(
        path: &Path,
        size_limit: u64,
        pairing: Pairing,
        note: Arc<Note>,
    ) -> Result<Self, LogError> {
        Self::start(path, size_limit, Some(pairing), Some(note)).await
    }

    async fn start(
        path: &Path,
        size_limit: u64,
        pairing: Option<Pairing>,
        note: Option<Arc<Note>>,
    ) -> Result<Self, LogError> {
        let (tail, damage) = (Arc::new(Tail::default()), Arc::new(Damage::default()));
        let (committed_sender, committed) = watch::channel(Seq::START);
        let opening = Opening {
            path: path.to_owned(),
            size_limit,
            pairing,
            note,
        };
        let writer = Writer::start(opening, Arc::clone(&tail), Arc::clone(&damage), committed_sender).await?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .busy_timeout(Duration::from_secs(5));
        let files = writer.files();
        let pool = guarded(SqlitePoolOptions::new().max_connections(8), &files);
        let reader = pool.connect_with(options).await?;
        Ok(Self {
            writer: Arc::new(writer),
            reader,
            readers: Arc::new(Readers::new(path, files)),
            damage,
            tail,
            committed,
            pruning: Arc::default(),
        })
    }

    /// The newest position that is on disk; [`Seq::START`] if the log has never had an event.
    pub fn last_seq(&self) -> Seq {
        *self.committed.borrow()
    }

    /// Wakes whoever waits for new events. The value is the newest position on disk.
    pub fn subscribe(&self) -> watch::Receiver<Seq> {
        self.committed.clone()
    }

    /// Changes the size limit, in bytes, from the next commit on.
    pub(crate) fn set_size_limit(&self, bytes: u64) {
        self.writer.set_size_limit(bytes);
    }

    pub(crate) fn size_limit(&self) -> u64 {
        self.writer.size_limit()
    }

    /// Bytes that are stored about refused events outside of the log's file; they count towards the size limit.
    pub(crate) fn set_refused_bytes(&self, bytes: u64) {
        self.writer.set_refused_bytes(bytes);
    }

    /// A permit that excludes pruning: held while events are pruned, and while a caller is about to need events of the log.
    pub(crate) async fn pruning_permit(&self) -> MutexGuard<'_, ()> {
        self.pruning.lock().await
    }

    /// For searching.
    fn reader(&self) -> Result<&SqlitePool, LogError> {
        self.check_in_place()?;
        Ok(&self.reader)
    }

    fn check_in_place(&self) -> Result<(), LogError> {
        if self.writer.files().files_are_in_place() {
            Ok(())
        } else {
            Err(LogError::FilesMissing)
        }
    }

    /// Whether the writer takes events, and could write the last ones.
    pub fn state(&self) -> PartState {
        self.writer.state()
    }

    /// After a failed write, makes the writer try a small one.
    pub(crate) fn try_write(&self) {
        self.writer.try_write();
    }

    /// Stores the generation of the store that the log is used with. Returns whether `events.db` itself contains it, and not only its
    /// write-ahead log.
    ///
    /// # Errors
    /// [`LogError`] if it could not be stored.
    pub(crate) async fn note_generation(&self, generation: i64) -> Result<bool, LogError> {
        self.writer.note_generation(generation).await
    }

    /// Whether the files are still those that were opened.
    pub(crate) fn check_files(&self) {
        self.writer.check_files();
    }

    /// Lets the writer finish what is queued, brings everything into the one file, and closes it. The writer's connection is
    /// the last, because only one that may write can take the write-ahead log away.
    pub async fn close(&self) {
        self.readers.close();
        self.reader.close().await;
        self.writer.stop().await;
    }
}
