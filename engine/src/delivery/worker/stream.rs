//! The loop of one stream: read, send, acknowledge, store, until there is another command.
//!
//! Everything happens in one task, so there is no lock and no message between its parts. Reads, requests and commits run
//! side by side as futures of that task.

mod batching;
mod outcomes;
mod parking;
mod reading;
mod reloading;
mod searching;
mod sending;

use std::{collections::HashMap, error::Error, sync::Arc, time::Duration};

use domain::{
    Timestamp,
    destination::DeliveryLimits,
    health::Concurrency,
    ids::Seq,
    policy::{RequestNumber, StatusRules, Trouble},
};
use futures::{FutureExt, future::BoxFuture};
use tokio::{sync::watch, time::Instant};

use super::{
    super::{
        backoff::Backoff,
        batches::{BatchLimits, Batches},
        evidence::Evidence,
        flight::{Flight, running, sleep_until},
        limiter::Wait,
        queues::{EntityQueues, QueueIndex, Room},
        refusals::{Refusals, share},
        thread::{Commands, End, OWN_FAILURE_PAUSE, drain_deadline, is_superseded},
    },
    context::StreamWorker,
    pending_commit::{Committed, PendingCommit, commit},
};
use crate::{
    error_chain::error_chain,
    log::{LogError, LogPage, LoggedEvent},
    sink::{Batch, Batching, Report, SendReport, Sink},
    storage::files_are_missing,
    store::{Admission, Cursor, DueEvent, Stored},
};

/// Nothing more is read while this much waits in the queues.
const WINDOW_EVENTS: usize = 2_000;
const WINDOW_BYTES: usize = 8 * 1024 * 1024;

/// A request that has ended: its events, and where each goes back to.
struct Done {
    events: Vec<Arc<LoggedEvent>>,
    origins: Vec<Origin>,
    batch: Option<Batch>,
    epoch: u64,
    number: RequestNumber,
    /// It is not one of those that the pace allows.
    is_extra: bool,
    report: SendReport,
}

/// What is known of an event that has failed alone.
#[derive(Clone, Debug)]
struct About {
    queue: QueueIndex,
    report: Report,
    /// Under which bounds it was sent.
    batch: Option<Batch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Queue(QueueIndex),
    Refused,
}

/// How events leave the queues.
enum Mode {
    /// As many at once as there is room for, whichever are ready.
    Ready(Room),
    Batches(Box<Batches>),
}

impl Mode {
    fn of(batching: Batching, cursor: &Cursor) -> Self {
        match batching {
            Batching::Single | Batching::Ready { .. } => Self::Ready(Room::of(batching)),
            Batching::Batches {
                events,
                bytes,
                age,
                at_once,
            } => {
                let limits = BatchLimits {
                    events,
                    bytes,
                    age,
                    at_once,
                };
                Self::Batches(Box::new(Batches::new(limits, cursor.batch, cursor.kept)))
            }
        }
    }

    /// So many may be in flight at most.
    const fn most_requests(&self) -> u32 {
        match self {
            Self::Ready(_) => Concurrency::MOST,
            // One after the other.
            Self::Batches(_) => 1,
        }
    }

    fn queues(&self) -> EntityQueues {
        match self {
            Self::Ready(_) => EntityQueues::by_entity(),
            Self::Batches(_) => EntityQueues::in_log_order(),
        }
    }

    /// No more is read while this many events, or bytes of them, wait in the queues.
    fn window(&self) -> (usize, usize) {
        let (events, bytes) = match self {
            Self::Ready(room) => (room.events, room.bytes),
            Self::Batches(batches) => (batches.limits().events, batches.limits().bytes),
        };
        (WINDOW_EVENTS.max(2 * events), WINDOW_BYTES.max(2 * bytes))
    }
}

/// The outcome of one request, or of looking up a refused event.
enum Sent {
    Done(Done),
    /// A refused event is no longer in the log.
    Gone(Seq),
    /// The filter was changed after the event was refused.
    NotAdmitted(Seq),
    /// A refused event could not be read.
    Unread(Seq, LogError),
}

pub(super) struct Stream {
    worker: StreamWorker,
    sink: Arc<dyn Sink>,
    /// Overrides of how statuses are handled.
    statuses: StatusRules,
    admission: Arc<Admission>,
    mode: Mode,
    queues: EntityQueues,
    refusals: Refusals,
    /// How many destinations there are, this one included: they share what refused events may take up.
    destinations: u64,
    evidence: Evidence<About>,
    /// The event of the last request, if it failed alone and is no suspect: 429 says nothing about an event, and a batch of one is sent
    /// again as it is; but an administrator may know better.
    failed_alone: Option<(Seq, About)>,
    backoff: Option<Backoff>,
    /// Whether the last failure can have been that of an event, so that it is worth trying others.
    is_searching: bool,
    /// What is sent next while the stream backs off.
    probe: Option<(QueueIndex, Seq)>,
    last_probe_was_first: bool,
    /// The last probe was an event of a queue: while no more refused events are kept, one of those is sent next.
    is_retry_next: bool,
    /// An event was put back because too many are refused, and there was no room since. Another failure may be the reason of the
    /// backoff by then.
    waits_for_room: bool,
    /// The destination has answered the event that waits for room: a request with it shows whether the destination works.
    head_is_answered: bool,
    /// Grows whenever a backoff begins: what was sent before says nothing about it.
    epoch: u64,
    pending: PendingCommit,
    /// The newest position that was read.
    read_to: Seq,
    log_changes: watch::Receiver<Seq>,
    flight: Flight<Sent>,
    /// Why the limits of the destination let nothing more be sent, as far as there was something.
    limited: Option<Wait>,
    freed: watch::Receiver<()>,
    /// The limits let an event that had failed before be sent, but nothing new beside it: that goes first now.
    is_new_next: bool,
    /// How many of them are not among those that the pace allows.
    extra_in_flight: usize,
    suspects_in_flight: usize,
    reading: Option<BoxFuture<'static, Result<LogPage, LogError>>>,
    committing: Option<BoxFuture<'static, Committed>>,
    /// Own failures pause reading and committing until then.
    pause_until: Option<Instant>,
    /// Refused events were changed in the store and are to be read again.
    reload_is_due: bool,
}

impl Stream {
    pub(super) fn new(
        worker: StreamWorker,
        sink: Arc<dyn Sink>,
        limits: DeliveryLimits,
        admission: Admission,
        cursor: Cursor,
        refused: &[DueEvent],
        tries: HashMap<Seq, u32>,
    ) -> Self {
        let mut refusals = Refusals::default();
        refusals.load(refused);
        let mode = Mode::of(sink.batching(), &cursor);
        worker.status.begins(cursor.troubled_since.is_some());
        worker.status.allows(limits.max_concurrency, mode.most_requests());
        let mut pending = PendingCommit::new(worker.destination, &cursor, tries);
        match &mode {
            // Of what the destination was before.
            Mode::Ready(_) if cursor.batch.is_some() => pending.batch_ended(),
            // The batch that was kept is the one that is sent now.
            Mode::Batches(batches) if batches.current() != cursor.batch => pending.batch_resumed(batches.current()),
            Mode::Ready(_) | Mode::Batches(_) => {}
        }
        let stream = Self {
            statuses: limits.statuses,
            admission: Arc::new(admission),
            queues: mode.queues(),
            mode,
            refusals,
            destinations: 1,
            evidence: Evidence::new(worker.shared.clock.clone()),
            failed_alone: None,
            backoff: None,
            is_searching: false,
            probe: None,
            last_probe_was_first: false,
            is_retry_next: false,
            waits_for_room: false,
            head_is_answered: false,
            epoch: 0,
            read_to: pending.progress.acknowledged(),
            pending,
            log_changes: worker.shared.log.subscribe(),
            flight: Flight::new(sink.batching(), limits.max_concurrency),
            limited: None,
            freed: worker.status.limiter.subscribe(),
            is_new_next: false,
            extra_in_flight: 0,
            suspects_in_flight: 0,
            reading: None,
            committing: None,
            pause_until: None,
            // How many events are refused is read with them.
            reload_is_due: true,
            sink,
            worker,
        };
        stream.show_progress();
        stream
    }

    /// Delivers until there is another command, then waits for the requests in flight and stores the cursor.
    pub(super) async fn run(mut self, commands: &mut Commands) -> End {
        let (reload, status) = (Arc::clone(&self.worker.reload), Arc::clone(&self.worker.status));
        loop {
            self.reload_refusals().await;
            // Nothing more is begun under a configuration that has been replaced.
            if !is_superseded(commands) {
                self.start_reading();
                self.plan_probe();
                self.close_batch();
                self.start_committing();
                self.dispatch();
                self.show_pace();
            }
            let (is_at_the_end, next_timer) = (self.is_at_the_end(), self.next_timer());
            tokio::select! {
                biased;
                changed = commands.changed() => {
                    let deadline = drain_deadline(commands, self.sink.deadline()).filter(|_| changed.is_ok());
                    let Some(deadline) = deadline else { return End::Over };
                    self.drain(deadline).await;
                    return End::NewCommand;
                }
                Some(sent) = self.flight.next() => self.receive(sent),
                page = running(&mut self.reading) => {
                    self.reading = None;
                    // What came in after a change is not to be judged by the filter from before it: it is read again.
                    if !is_superseded(commands) {
                        self.take_page(page);
                    }
                }
                committed = running(&mut self.committing) => {
                    if self.finish_commit(committed) == Some(End::Over) {
                        return End::Over;
                    }
                }
                Ok(()) = self.log_changes.changed(), if is_at_the_end => {}
                Ok(()) = self.freed.changed(), if self.limited == Some(Wait::Freed) => {}
                () = reload.notified() => self.reload_is_due = true,
                () = status.probe_wanted() => self.probe_now(),
                () = status.park_wanted() => {
                    if self.park_requested().await == Some(End::Over) {
                        return End::Over;
                    }
                }
                () = sleep_until(next_timer) => {}
            }
        }
    }

    fn receive(&mut self, sent: Sent) {
        let now = self.worker.shared.clock.now();
        self.apply(sent, now);
        // Whatever else has ended meanwhile is taken along before anything new is looked at.
        while let Some(sent) = self.flight.next_ended() {
            self.apply(sent, now);
        }
        self.note_room();
        self.show_progress();
    }

    fn is_at_the_end(&self) -> bool {
        self.worker.shared.log.last_seq() <= self.read_to
    }

    /// Whether no other event may be moved aside.
    fn refused_too_many(&self) -> bool {
        self.refusals
            .is_full(share(self.worker.shared.log.size_limit(), self.destinations))
    }

    fn is_paused(&self) -> bool {
        self.pause_until.is_some_and(|until| Instant::now() < until)
    }

    /// A failure of the store or the log.
    fn log_own_failure(&self, error: &(dyn Error + 'static), message: &str) {
        if !files_are_missing(error) {
            let destination_id = self.worker.destination.get();
            tracing::error!(destination_id, error = error_chain(error), "{message}");
        }
    }

    fn pause(&mut self) {
        self.pause_until = Some(Instant::now() + OWN_FAILURE_PAUSE);
    }

    /// An administrator does not want to wait for the next probe.
    fn probe_now(&mut self) {
        self.is_retry_next = false;
        if let Some(backoff) = &mut self.backoff {
            backoff.probe_now(self.worker.shared.clock.now());
            self.worker.status.backing_off(self.backoff.clone());
        }
    }

    fn back_off(&mut self, trouble: Trouble, retry_after: Option<Duration>, now: Timestamp) {
        if self.backoff.is_none() {
            tracing::warn!(
                destination_id = self.worker.destination.get(), trouble = %trouble,
                "A destination fails; its stream backs off."
            );
            self.epoch += 1;
            self.flight.pace.troubled(trouble, self.evidence.now());
            self.refusals.forgive();
            self.worker.status.totals.backoff_began();
        }
        let (pending, clock) = (&mut self.pending, &self.worker.shared.clock);
        let begin = || Backoff::begin(pending.trouble_began(now), trouble, clock.clone());
        self.backoff.get_or_insert_with(begin).fail(trouble, retry_after, now);
        self.worker.status.backing_off(self.backoff.clone());
    }

    fn release(&mut self) {
        self.failed_alone = None;
        self.waits_for_room = false;
        if self.pending.trouble_ended() {
            self.worker.status.trouble_ended();
        }
        if let Some(backoff) = self.backoff.take() {
            let backoff_ms = self.worker.shared.clock.now().since(backoff.since).as_millis();
            tracing::info!(
                destination_id = self.worker.destination.get(),
                backoff_ms = u64::try_from(backoff_ms).unwrap_or(u64::MAX),
                "A destination accepts events again."
            );
            self.worker.status.backing_off(None);
        }
    }

    fn show_progress(&self) {
        self.worker.status.progressed(
            &self.pending.progress,
            self.pending.last_success_at,
            self.pending.refusing(),
        );
        let is_in_time = match &self.mode {
            Mode::Ready(_) => false,
            Mode::Batches(batches) => batches.is_in_time(&self.queues, Instant::now()),
        };
        self.worker.status.in_time(is_in_time.then_some(self.read_to));
    }

    fn show_pace(&self) {
        let waits_for_rate = matches!(self.limited, Some(Wait::Until(_)));
        self.worker
            .status
            .sends(self.flight.pace.limit(), self.flight.len(), waits_for_rate);
    }

    fn start_committing(&mut self) {
        let is_due = self.pending.commit_due().is_some_and(|due| due <= Instant::now());
        if is_due && self.committing.is_none() && !self.is_paused() {
            let update = self.pending.take_update();
            self.committing = Some(commit(self.worker.shared.database.clone(), update).boxed());
        }
    }

    fn finish_commit(&mut self, committed: Committed) -> Option<End> {
        self.committing = None;
        match &committed.result {
            Ok(stored @ (Stored::All | Stored::AllButOverruled)) => {
                self.reload_is_due |= *stored == Stored::AllButOverruled;
                if let Mode::Batches(batches) = &mut self.mode {
                    batches.was_stored(committed.update.cursor.batch);
                }
                None
            }
            Ok(Stored::Nothing) => Some(End::Over),
            Err(error) => {
                self.log_own_failure(error, "Progress could not be stored.");
                self.pending.restore(committed);
                self.pause();
                None
            }
        }
    }

    /// Sends nothing new, takes what ends until the deadline, and stores everything.
    async fn drain(&mut self, deadline: Instant) {
        self.worker.status.limiter.stream_is_idle();
        while !self.flight.is_empty() {
            // A commit under way uses the store's one writing connection: it must not wait for a slow destination.
            tokio::select! {
                biased;
                committed = running(&mut self.committing) => drop(self.finish_commit(committed)),
                Some(sent) = self.flight.next() => self.apply(sent, self.worker.shared.clock.now()),
                () = tokio::time::sleep_until(deadline) => break,
            }
        }
        self.worker.status.stops();
        if self.committing.is_some() {
            let committed = running(&mut self.committing).await;
            self.finish_commit(committed);
        }
        if self.pending.commit_due().is_some() {
            let update = self.pending.take_update();
            let committed = commit(self.worker.shared.database.clone(), update).await;
            self.finish_commit(committed);
        }
    }
}
