//! The handle to the writer thread of the log: it queues orders and reports the state of the thread.

mod rows;
mod thread;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use domain::{activity::Timings, ids::Seq};
use tokio::sync::{mpsc, oneshot, watch};

pub(super) use self::thread::Opening;
use self::thread::{Order, Shared, WriterThread};
use super::{
    AppendError, LogError, QUEUE_BYTES,
    damage::Damage,
    job::Job,
    prune::{PruneReport, PruneRequest},
    tail::Tail,
};
use crate::{
    THREAD_STACK,
    storage::{PartState, WriteState},
};

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

    pub(super) fn try_write(&self) {
        // A writer that has stopped says so in its state.
        if self.writes.fails() {
            drop(self.order(Order::TryWrite));
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

    pub(super) async fn prune(&self, order: PruneRequest) -> Result<PruneReport, LogError> {
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

    pub(super) async fn note_generation(&self, generation: i64) -> Result<bool, LogError> {
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
                tracing::error!("The log writer panicked.");
            }
        }
    }
}

/// No thread takes orders any more.
struct Stopped;

/// Reports that the thread has ended, whatever ended it.
struct OnDrop(Arc<AtomicBool>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
