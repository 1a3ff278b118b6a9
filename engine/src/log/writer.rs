//! The thread that writes: everything that has queued up since the last commit goes into the next one.
//!
//! A transaction that fails leaves doubt: its commit may have happened although it reported an error. Until the file has
//! said which, nothing more is written; then memory and tail are brought in line with it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Instant,
};

use bytes::Bytes;
use domain::{Timestamp, activity::Timings, event::AuditEvent, ids::Seq};
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params};
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    AppendError, LogError, LoggedEvent, QUEUE_BYTES,
    check::check_belongs,
    contents::LogContents,
    damage::{Damage, is_damaged_row},
    identity,
    index::OpenBlock,
    job::{Committed, Job},
    prune,
    prune::{PruneOrder, PruneReport, Usage},
    schema,
    tail::Tail,
    tally::Tally,
};
use crate::{
    THREAD_STACK,
    pairing::Pairing,
    storage::{self, PartState, WriteState},
};

/// Bodies in one commit: more would only make everyone wait longer for the same disk.
const COMMIT_BYTES: usize = 8 * 1024 * 1024;

/// What the thread is asked to do.
enum Order {
    Append(Job),
    NoteGeneration(i64, oneshot::Sender<Result<(), LogError>>),
    /// A small write, to see whether the file can be written again.
    Probe,
    Prune(PruneOrder, oneshot::Sender<Result<PruneReport, LogError>>),
    Release(Vec<Seq>, oneshot::Sender<Result<(), LogError>>),
}

/// The handle to the thread.
pub(super) struct Writer {
    orders: Mutex<Option<mpsc::UnboundedSender<Order>>>,
    queued_bytes: Arc<AtomicUsize>,
    size_limit: Arc<AtomicU64>,
    refused_bytes: Arc<AtomicU64>,
    commits: Arc<Mutex<Timings>>,
    writes: Arc<WriteState>,
    alive: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Which file is opened, and how.
pub(super) struct Opening {
    pub(super) path: PathBuf,
    pub(super) size_limit: u64,
    /// The store that the log has to belong to.
    pub(super) pairing: Option<Pairing>,
}

impl Writer {
    /// Opens the file and starts the thread; returns when the thread is ready.
    pub(super) async fn start(
        opening: Opening,
        tail: Arc<Tail>,
        damage: Arc<Damage>,
        committed: watch::Sender<Seq>,
    ) -> Result<Self, LogError> {
        let (orders, received) = mpsc::unbounded_channel();
        let (ready, is_ready) = oneshot::channel();
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let alive = Arc::new(AtomicBool::new(true));
        let size_limit = Arc::new(AtomicU64::new(opening.size_limit));
        let refused_bytes = Arc::new(AtomicU64::new(0));
        let commits = Arc::new(Mutex::new(Timings::default()));
        let writes = Arc::new(WriteState::new("events.db"));
        let shared = Shared {
            size_limit: Arc::clone(&size_limit),
            refused_bytes: Arc::clone(&refused_bytes),
            queued_bytes: Arc::clone(&queued_bytes),
            commits: Arc::clone(&commits),
            writes: Arc::clone(&writes),
            damage,
        };
        let thread_alive = Arc::clone(&alive);
        let thread = std::thread::Builder::new()
            .name("event-log".to_owned())
            .stack_size(THREAD_STACK)
            .spawn(move || {
                let _alive = OnDrop(thread_alive);
                match WriterThread::open(opening, shared, tail, committed) {
                    Ok(mut writer) => {
                        if ready.send(Ok(())).is_ok() {
                            writer.run(received);
                        }
                    }
                    Err(error) => drop(ready.send(Err(error))),
                }
            })?;
        is_ready.await.unwrap_or(Err(LogError::Stopped))?;
        Ok(Self {
            orders: Mutex::new(Some(orders)),
            queued_bytes,
            size_limit,
            refused_bytes,
            commits,
            writes,
            alive,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) fn state(&self) -> PartState {
        if self.alive.load(Ordering::Acquire) {
            self.writes.part()
        } else {
            PartState::Stopped
        }
    }

    pub(super) fn probe(&self) {
        // A writer that has stopped says so in its state.
        if self.writes.fails() {
            drop(self.order(Order::Probe));
        }
    }

    /// How many commits there were since the file was opened, and how long they took.
    pub(super) fn commits(&self) -> Timings {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Bytes of bodies that wait to be written.
    pub(super) fn queued_bytes(&self) -> usize {
        self.queued_bytes.load(Ordering::Acquire)
    }

    pub(super) fn set_size_limit(&self, bytes: u64) {
        self.size_limit.store(bytes, Ordering::Release);
    }

    pub(super) fn size_limit(&self) -> u64 {
        self.size_limit.load(Ordering::Acquire)
    }

    pub(super) fn set_refused_bytes(&self, bytes: u64) {
        self.refused_bytes.store(bytes, Ordering::Release);
    }

    pub(super) fn refused_bytes(&self) -> u64 {
        self.refused_bytes.load(Ordering::Acquire)
    }

    pub(super) fn submit(&self, job: Job) -> Result<(), AppendError> {
        let bytes = job.bytes();
        let queued = self.queued_bytes.fetch_add(bytes, Ordering::AcqRel);
        if queued > 0 && queued.saturating_add(bytes) > QUEUE_BYTES {
            self.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
            return Err(AppendError::Busy);
        }
        self.order(Order::Append(job)).map_err(|Stopped| AppendError::Stopped)
    }

    pub(super) async fn prune(&self, order: PruneOrder) -> Result<PruneReport, LogError> {
        let (answer, answered) = oneshot::channel();
        self.order(Order::Prune(order, answer))
            .map_err(|Stopped| LogError::Stopped)?;
        answered.await.unwrap_or(Err(LogError::Stopped))
    }

    pub(super) async fn release(&self, seqs: Vec<Seq>) -> Result<(), LogError> {
        let (answer, answered) = oneshot::channel();
        self.order(Order::Release(seqs, answer))
            .map_err(|Stopped| LogError::Stopped)?;
        answered.await.unwrap_or(Err(LogError::Stopped))
    }

    pub(super) async fn note_generation(&self, generation: i64) -> Result<(), LogError> {
        let (answer, answered) = oneshot::channel();
        self.order(Order::NoteGeneration(generation, answer))
            .map_err(|Stopped| LogError::Stopped)?;
        answered.await.unwrap_or(Err(LogError::Stopped))
    }

    pub(super) fn check_files(&self) {
        self.writes.files_are_in_place();
    }

    pub(super) fn files(&self) -> Arc<WriteState> {
        Arc::clone(&self.writes)
    }

    fn order(&self, order: Order) -> Result<(), Stopped> {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.as_ref().ok_or(Stopped)?.send(order).map_err(|_| Stopped)
    }

    /// Takes no more orders, and waits until those given are done.
    pub(super) async fn stop(&self) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("The log's writer ended in a panic.");
            }
        }
    }
}

/// No thread takes orders any more.
struct Stopped;

/// Tells the others that the thread has ended, whatever ended it.
struct OnDrop(Arc<AtomicBool>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// What the thread and its handle both see.
struct Shared {
    size_limit: Arc<AtomicU64>,
    /// What is stored about refused events elsewhere; it takes room from the log.
    refused_bytes: Arc<AtomicU64>,
    queued_bytes: Arc<AtomicUsize>,
    commits: Arc<Mutex<Timings>>,
    writes: Arc<WriteState>,
    damage: Arc<Damage>,
}

impl Shared {
    /// The size that the file may have.
    fn room(&self) -> u64 {
        let limit = self.size_limit.load(Ordering::Acquire);
        limit.saturating_sub(self.refused_bytes.load(Ordering::Acquire))
    }
}

/// What the thread owns.
struct WriterThread {
    path: PathBuf,
    connection: Connection,
    shared: Shared,
    usage: Usage,
    last_seq: Seq,
    sources: HashMap<Arc<str>, i64>,
    open_block: OpenBlock,
    tail: Arc<Tail>,
    committed: watch::Sender<Seq>,
    /// A transaction failed, and the file was not asked yet what it holds.
    is_in_doubt: bool,
}

impl WriterThread {
    fn open(
        opening: Opening,
        shared: Shared,
        tail: Arc<Tail>,
        committed: watch::Sender<Seq>,
    ) -> Result<Self, LogError> {
        let Opening { path, pairing, .. } = opening;
        if let Some(pairing) = &pairing {
            check_belongs(&path, pairing)?;
        }
        storage::make_private(&path).map_err(LogError::File)?;
        let mut connection = connect(&path)?;
        schema::prepare(&mut connection, pairing.as_ref())?;
        let last_seq = last_seq(&connection)?;
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
            is_in_doubt: false,
        })
    }

    fn run(&mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
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
                Some(Order::Probe) => self.probe(),
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
            Ok(true) => tracing::warn!("events.db-wal stays: another process reads the log."),
            Err(error) => tracing::warn!(error = %error, "events.db-wal stays: it could not be copied into events.db."),
        }
    }

    fn check_files(&self) -> Result<(), LogError> {
        if self.shared.writes.files_are_in_place() {
            Ok(())
        } else {
            Err(LogError::FilesMissing)
        }
    }

    fn note_generation(&mut self, generation: i64) -> Result<(), LogError> {
        self.check_files()?;
        self.resolve_doubt()?;
        let writing = self.shared.writes.writing();
        let noted = identity::note_generation(&self.connection, generation);
        drop(writing);
        Ok(noted.inspect_err(|_| self.failed())?)
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

    fn prune(&mut self, order: &PruneOrder) -> Result<PruneReport, LogError> {
        self.check_files()?;
        self.resolve_doubt()?;
        let writing = self.shared.writes.writing();
        let pruned = prune::prune(&self.connection, order, self.shared.room());
        drop(writing);
        let report = pruned.inspect_err(|error| self.hindered(error))?;
        self.usage = report.usage;
        Ok(report)
    }

    fn probe(&mut self) {
        if !self.shared.writes.files_are_in_place() {
            return;
        }
        let probed = self.resolve_doubt().and_then(|()| {
            let _writing = self.shared.writes.writing();
            probe(&mut self.connection)
        });
        match probed {
            Ok(()) => self.shared.writes.succeeded(),
            Err(error) => {
                tracing::debug!(error = %error, "The log still can't be written.");
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
            let connection = connect(&self.path)?;
            if !self.shared.writes.files_are_in_place() {
                return Err(rusqlite::Error::InvalidPath(self.path.clone()));
            }
            self.connection = connection;
        }
        self.last_seq = last_seq(&self.connection)?;
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
            let source = source_id(&transaction, &mut self.sources, &job.source)?;
            let events = job.events.iter().map(|event| {
                let seq = self.last_seq.next();
                if !insert(&transaction, seq, source, job.received_at, event)? {
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
        transaction
            .prepare_cached("UPDATE positions SET last_seq = ?")?
            .execute([self.last_seq.get()])?;
        transaction.commit()?;
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
        for (answer, committed) in answers {
            drop(answer.send(Ok(committed)));
        }
    }
}

/// The page is written although the row ends as it was: SQLite leaves out an update that changes nothing.
fn probe(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("UPDATE positions SET last_seq = last_seq + 1", [])?;
    transaction.execute("UPDATE positions SET last_seq = last_seq - 1", [])?;
    transaction.commit()
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

/// A connection that may write.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // Never makes the file: it is there, or was deleted.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    schema::configure(&connection)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// What became of an event.
enum Written {
    New(Seq),
    /// Its source has sent the id before.
    Known,
}

fn last_seq(connection: &Connection) -> rusqlite::Result<Seq> {
    connection
        .query_row("SELECT last_seq FROM positions", [], |row| row.get(0))
        .map(Seq::new)
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

fn source_id(
    transaction: &Transaction<'_>,
    known: &mut HashMap<Arc<str>, i64>,
    source: &Arc<str>,
) -> rusqlite::Result<i64> {
    if let Some(id) = known.get(source) {
        return Ok(*id);
    }
    transaction.execute(
        "INSERT INTO sources (name) VALUES (?) ON CONFLICT (name) DO NOTHING",
        [source],
    )?;
    let id = transaction.query_row("SELECT id FROM sources WHERE name = ?", [source], |row| row.get(0))?;
    known.insert(Arc::clone(source), id);
    Ok(id)
}

/// False if the source has sent this id before.
fn insert(
    transaction: &Transaction<'_>,
    seq: Seq,
    source: i64,
    received_at: Timestamp,
    event: &AuditEvent,
) -> rusqlite::Result<bool> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO events (seq, source, id, event_type, author_id, author_name, entity_id, entity_type, entity_path, \
         created_at, received_at, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, id) DO NOTHING",
    )?;
    let inserted = statement.execute(params![
        seq.get(),
        source,
        event.id.as_str(),
        event.event_type.as_str(),
        event.author_id,
        event.author_name,
        event.entity_id,
        event.entity_type,
        event.entity_path,
        event.created_at.unix_ms(),
        received_at.unix_ms(),
        event.body,
    ])?;
    Ok(inserted == 1)
}

#[cfg(test)]
mod tests;
