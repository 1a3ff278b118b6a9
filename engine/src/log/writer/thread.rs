//! The thread that writes: everything that has queued up since the last commit goes into the next one.
//!
//! A transaction that fails leaves doubt: its commit may have happened although it reported an error. Until the file was read
//! to find out, nothing more is written; then memory and tail are brought in line with it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use domain::{Timestamp, activity::Timings, event::AuditEvent, ids::Seq};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    super::{
        AppendError, LogError, LoggedEvent,
        check::check_belongs,
        contents::{self, LogContents},
        damage::{Damage, is_damaged_row},
        identity,
        index::OpenBlock,
        job::{Committed, Job},
        prune,
        prune::{PruneReport, PruneRequest, Usage},
        schema,
        tail::Tail,
        tally::Tally,
    },
    rows,
};
use crate::{
    note::Note,
    pairing::Pairing,
    storage::{self, WriteState},
};

/// Bodies in one commit: more would only make everyone wait longer for the same disk.
const COMMIT_BYTES: usize = 8 * 1024 * 1024;

/// What the thread is asked to do.
pub(super) enum Order {
    Append(Job),
    /// Answers whether the file itself contains the generation.
    NoteGeneration(i64, oneshot::Sender<Result<bool, LogError>>),
    /// A small write, to see whether the file can be written again.
    TryWrite,
    Prune(PruneRequest, oneshot::Sender<Result<PruneReport, LogError>>),
    Release(Vec<Seq>, oneshot::Sender<Result<(), LogError>>),
}

/// Which file is opened, and how.
pub(in crate::log) struct Opening {
    pub(in crate::log) path: PathBuf,
    pub(in crate::log) size_limit: u64,
    /// The store that the log has to belong to.
    pub(in crate::log) pairing: Option<Pairing>,
    /// Where each commit is noted.
    pub(in crate::log) note: Option<Arc<Note>>,
}

/// What the thread and its handle both see.
pub(super) struct Shared {
    pub(super) size_limit: Arc<AtomicU64>,
    /// What is stored about refused events elsewhere; it takes room from the log.
    pub(super) refused_bytes: Arc<AtomicU64>,
    pub(super) queued_bytes: Arc<AtomicUsize>,
    pub(super) commits: Arc<Mutex<Timings>>,
    pub(super) writes: Arc<WriteState>,
    pub(super) damage: Arc<Damage>,
}

impl Shared {
    /// The size that the file may have.
    fn room(&self) -> u64 {
        let limit = self.size_limit.load(Ordering::Acquire);
        limit.saturating_sub(self.refused_bytes.load(Ordering::Acquire))
    }
}

/// What the thread owns.
pub(super) struct WriterThread {
    path: PathBuf,
    connection: Connection,
    shared: Shared,
    usage: Usage,
    last_seq: Seq,
    sources: HashMap<Arc<str>, i64>,
    open_block: OpenBlock,
    tail: Arc<Tail>,
    committed: watch::Sender<Seq>,
    note: Option<Arc<Note>>,
    /// A transaction failed, and the file was not asked yet what it holds.
    is_in_doubt: bool,
    /// A commit has synchronised the file since it was opened, and since a transaction failed. Until then, an event in it may be one
    /// whose commit reported an error: nothing is known to be on disk.
    is_synchronised: bool,
}

impl WriterThread {
    pub(super) fn open(
        opening: Opening,
        shared: Shared,
        tail: Arc<Tail>,
        committed: watch::Sender<Seq>,
    ) -> Result<Self, LogError> {
        let Opening {
            path, pairing, note, ..
        } = opening;
        if let Some(pairing) = &pairing {
            check_belongs(&path, pairing)?;
        }
        if let Some(note) = &note {
            note.remove_void();
        }
        storage::make_private(&path).map_err(LogError::File)?;
        let mut connection = rows::connect(&path)?;
        schema::prepare(&mut connection, pairing.as_ref())?;
        let last_seq = rows::last_seq(&connection)?;
        let open_block = OpenBlock::after(&connection, last_seq)?;
        let usage = prune::usage(&connection)?;
        shared.writes.opened(&path).map_err(LogError::File)?;
        watch_contents(&path, &connection, &shared.writes);
        committed.send_replace(last_seq);
        Ok(Self {
            path,
            connection,
            shared,
            usage,
            last_seq,
            sources: HashMap::new(),
            open_block,
            tail,
            committed,
            note,
            is_in_doubt: false,
            is_synchronised: false,
        })
    }

    pub(super) fn run(&mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut jobs = Vec::new();
        while let Some(order) = orders.blocking_recv() {
            let mut next = Some(order);
            let mut bytes = 0;
            while let Some(Order::Append(job)) = next {
                bytes += job.bytes();
                jobs.push(job);
                next = if bytes < COMMIT_BYTES {
                    orders.try_recv().ok()
                } else {
                    None
                };
            }
            self.append(std::mem::take(&mut jobs), bytes);
            match next {
                Some(Order::Prune(order, answer)) => drop(answer.send(self.prune(&order))),
                Some(Order::Release(seqs, answer)) => drop(answer.send(self.release(&seqs))),
                Some(Order::NoteGeneration(generation, answer)) => drop(answer.send(self.note_generation(generation))),
                Some(Order::TryWrite) => self.try_write(),
                Some(Order::Append(_)) | None => {}
            }
        }
        self.checkpoint();
    }

    /// At a clean end: everything goes into the one file, so that a copy of it is whole.
    fn checkpoint(&self) {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        let is_busy = self.connection.query_row(checkpoint, [], |row| row.get::<_, bool>(0));
        match is_busy {
            Ok(false) => {}
            Ok(true) => tracing::warn!("events.db-wal was kept: another process is reading the log."),
            Err(error) => {
                tracing::warn!(error = %error, "events.db-wal was kept: it could not be copied into events.db.");
            }
        }
    }

    fn check_files(&self) -> Result<(), LogError> {
        if self.shared.writes.files_are_in_place() {
            Ok(())
        } else {
            Err(LogError::FilesMissing)
        }
    }

    fn note_generation(&mut self, generation: i64) -> Result<bool, LogError> {
        self.check_files()?;
        self.resolve_doubt()?;
        let writing = self.shared.writes.writing();
        let noted = identity::note_generation(&self.connection, generation);
        drop(writing);
        noted.inspect_err(|_| self.failed())?;
        Ok(contents::complete(&self.connection).unwrap_or_else(|error| {
            tracing::debug!(error = %error, "events.db can't be completed from its write-ahead log.");
            false
        }))
    }

    fn release(&mut self, seqs: &[Seq]) -> Result<(), LogError> {
        self.check_files()?;
        self.resolve_doubt()?;
        let writing = self.shared.writes.writing();
        let released = prune::release(&self.connection, seqs);
        drop(writing);
        self.usage = released.inspect_err(|error| self.hindered(error))?;
        Ok(())
    }

    fn prune(&mut self, order: &PruneRequest) -> Result<PruneReport, LogError> {
        self.check_files()?;
        self.resolve_doubt()?;
        let writing = self.shared.writes.writing();
        let pruned = prune::prune(&self.connection, order, self.shared.room());
        drop(writing);
        let report = pruned.inspect_err(|error| self.hindered(error))?;
        self.usage = report.usage;
        Ok(report)
    }

    fn try_write(&mut self) {
        if !self.shared.writes.files_are_in_place() {
            return;
        }
        let written = self.resolve_doubt().and_then(|()| {
            let _writing = self.shared.writes.writing();
            rows::try_write(&mut self.connection)
        });
        match written {
            Ok(()) => self.shared.writes.succeeded(),
            Err(error) => {
                tracing::debug!(error = %error, "The log is still not writable.");
                self.failed();
            }
        }
    }

    /// Removing events has failed. A damaged page hinders that, not storing.
    fn hindered(&mut self, error: &rusqlite::Error) {
        if !is_damaged_row(error) {
            self.failed();
        }
    }

    /// A write has failed: the file is to say what it holds before the next one.
    fn failed(&mut self) {
        self.is_in_doubt = true;
        self.is_synchronised = false;
        self.shared.writes.failed();
    }

    fn append(&mut self, jobs: Vec<Job>, bytes: usize) {
        if jobs.is_empty() {
            return;
        }
        let written = self.write(&jobs);
        self.shared.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
        match written {
            Ok(stored) => self.publish(jobs, stored),
            Err(error) => {
                for job in jobs {
                    drop(job.answer.send(Err(error)));
                }
            }
        }
    }

    /// Stores all jobs in one transaction. Returns what became of each event of each job.
    fn write(&mut self, jobs: &[Job]) -> Result<Vec<Vec<Written>>, AppendError> {
        if self.usage.used_bytes >= self.shared.room() {
            return Err(AppendError::Full);
        }
        if !self.shared.writes.files_are_in_place() {
            // What is written now would be gone after a restart.
            return Err(AppendError::Failed);
        }
        let started = Instant::now();
        let written = self.prepare(jobs).and_then(|()| self.write_transaction(jobs));
        match &written {
            Ok(_) => {
                self.shared.writes.succeeded();
                let mut commits = self.shared.commits.lock().unwrap_or_else(PoisonError::into_inner);
                commits.record(started.elapsed());
                drop(commits);
                self.usage = prune::usage(&self.connection).unwrap_or(self.usage);
                let unreadable = self.open_block.take_unreadable();
                if !unreadable.is_empty() && self.shared.writes.files_are_in_place() {
                    self.shared.damage.record(&unreadable);
                }
            }
            Err(error) => {
                // Many requests may fail for one reason, which is logged once.
                if !self.shared.writes.fails() {
                    tracing::error!(error = %error, "The log could not be written.");
                }
                self.failed();
                if let Err(error) = self.resolve_doubt() {
                    tracing::debug!(error = %error, "The log can't be read after a failed write.");
                }
            }
        }
        written.map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => AppendError::DiskFull,
            _ => AppendError::Failed,
        })
    }

    /// What is to be read from the file before a transaction: SQLite refuses every write in one that has met a damaged page.
    fn prepare(&mut self, jobs: &[Job]) -> rusqlite::Result<()> {
        self.resolve_doubt()?;
        let events = jobs.iter().map(|job| job.events.len()).sum();
        self.open_block.complete(&self.connection, self.last_seq, events)
    }

    /// After a transaction that failed: reads from the file where the log ends. Events that were committed although the
    /// commit reported an error are not in the tail, so the tail starts anew and readers find them on disk.
    fn resolve_doubt(&mut self) -> rusqlite::Result<()> {
        if !self.is_in_doubt {
            return Ok(());
        }
        if !self.connection.is_autocommit() && self.connection.execute_batch("ROLLBACK").is_err() {
            // The transaction can't be ended on this connection; SQLite ends it when the connection is closed.
            let connection = rows::connect(&self.path)?;
            if !self.shared.writes.files_are_in_place() {
                return Err(rusqlite::Error::InvalidPath(self.path.clone()));
            }
            self.connection = connection;
        }
        self.last_seq = rows::last_seq(&self.connection)?;
        self.usage = prune::usage(&self.connection)?;
        self.sources.clear();
        self.open_block.restart(&self.connection, self.last_seq);
        self.is_in_doubt = false;
        if *self.committed.borrow() != self.last_seq {
            self.tail.clear();
            self.committed.send_replace(self.last_seq);
        }
        Ok(())
    }

    fn write_transaction(&mut self, jobs: &[Job]) -> rusqlite::Result<Vec<Vec<Written>>> {
        let _writing = self.shared.writes.writing();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut stored = Vec::with_capacity(jobs.len());
        let mut tally = Tally::default();
        for job in jobs {
            let source = rows::source_id(&transaction, &mut self.sources, &job.source)?;
            let events = job.events.iter().map(|event| {
                let seq = self.last_seq.next();
                if !rows::insert(&transaction, seq, source, job.received_at, event)? {
                    return Ok(Written::Known);
                }
                self.last_seq = seq;
                tally.count(job.received_at, &event.event_type);
                self.open_block.add(seq, event);
                Ok(Written::New(seq))
            });
            stored.push(events.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        tally.store(&transaction)?;
        self.open_block.store_if_full(&transaction, self.last_seq)?;
        if !self.is_synchronised {
            // SQLite synchronises nothing if nothing is written, as when all events are known.
            rows::write_position(&transaction)?;
        }
        transaction
            .prepare_cached("UPDATE positions SET last_seq = ?")?
            .execute([self.last_seq.get()])?;
        transaction.commit()?;
        self.is_synchronised = true;
        Ok(stored)
    }

    /// Puts what is on disk into the tail, wakes the readers, and answers.
    fn publish(&self, jobs: Vec<Job>, stored: Vec<Vec<Written>>) {
        let mut tail = Vec::new();
        let mut answers = Vec::with_capacity(jobs.len());
        for (job, written) in jobs.into_iter().zip(stored) {
            let mut committed = Committed {
                ids: Vec::with_capacity(written.len()),
                stored: 0,
                repeats: Vec::new(),
            };
            for (index, (event, written)) in job.events.into_iter().zip(written).enumerate() {
                committed.ids.push(event.id.clone());
                match written {
                    Written::New(seq) => {
                        committed.stored += 1;
                        tail.push(Arc::new(logged(event, seq, &job.source, job.received_at)));
                    }
                    Written::Known => committed.repeats.push((index, event)),
                }
            }
            answers.push((job.answer, committed));
        }
        self.tail.extend(tail);
        self.committed.send_replace(self.last_seq);
        if let Some(note) = &self.note {
            note.reached(self.last_seq);
        }
        for (answer, committed) in answers {
            drop(answer.send(Ok(committed)));
        }
    }
}

/// Has a file that is overwritten in place noticed.
fn watch_contents(path: &Path, connection: &Connection, writes: &WriteState) {
    match LogContents::of(path, connection) {
        Ok(Some(contents)) => writes.watch_contents(path, contents),
        Ok(None) => tracing::warn!(
            "Another process reads events.db, so a file that is overwritten in place is not noticed until the next start."
        ),
        // The disk is full, or the file is damaged: neither prevents the start.
        Err(error) => tracing::warn!(
            error = %error,
            "events.db can't be completed from its write-ahead log, so a file that is overwritten in place is not noticed until \
             the next start."
        ),
    }
}

/// What became of an event.
enum Written {
    New(Seq),
    /// Its source has sent the id before.
    Known,
}

fn logged(event: AuditEvent, seq: Seq, source: &Arc<str>, received_at: Timestamp) -> LoggedEvent {
    LoggedEvent {
        seq,
        source: Arc::clone(source),
        id: event.id,
        event_type: event.event_type,
        entity_type: event.entity_type,
        entity_id: event.entity_id,
        entity_path: event.entity_path,
        created_at: event.created_at,
        received_at,
        body: Bytes::from(String::from(event.body)),
    }
}

#[cfg(test)]
mod tests;
