//! Moving one stream: read, send, settle, store, until there is a new order.
//!
//! Everything happens in one task, so there is no lock and no message between its parts. Reads, requests and commits run
//! side by side as futures of that task.

use std::{sync::Arc, time::Duration};

use domain::{
    Timestamp,
    destination::EventFilter,
    ids::Seq,
    policy::{Decision, Jitter, Outcome, Refusal, RefusalStreak, RequestSize, Trouble, decide},
};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{sync::watch, time::Instant};

use super::{
    super::{
        hold::Hold,
        lanes::{LaneIndex, Lanes},
        pace::Pace,
        refusals::Refusals,
    },
    Order, WorkerContext,
    bookkeeping::{Bookkeeping, Committed, commit},
};
use crate::{
    causes::causes,
    log::{LogError, LoggedEvent},
    net::ClientError,
    sink::{Report, Sink},
    store::{Cursor, Database, DueEvent, StoreError},
    vault::random,
};

/// Events read at once, and bytes of their bodies.
const PAGE_EVENTS: usize = 1_000;
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// No more is read while this much waits in the lanes.
const WINDOW_EVENTS: usize = 2_000;
const WINDOW_BYTES: usize = 8 * 1024 * 1024;

/// What is in flight when the configuration changes may take this long to end: a little more than one attempt.
const CHANGE_DEADLINE: Duration = Duration::from_secs(11);

/// After a failure of our own (store, log), not of the destination.
const OWN_FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// Why a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The supervisor wants something else.
    NewOrder,
    /// The destination was deleted.
    Gone,
}

/// A stream could not be started.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("no connection can be set up")]
    Client(#[from] ClientError),
}

/// An event on its way, and where it goes back to.
struct Done {
    event: Arc<LoggedEvent>,
    origin: Origin,
    epoch: u64,
    report: Report,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Lane(LaneIndex),
    Refused,
}

/// The end of one request, or of looking up a refused event.
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
    context: WorkerContext,
    database: Arc<Database>,
    sink: Arc<dyn Sink>,
    filter: Arc<EventFilter>,
    lanes: Lanes,
    refusals: Refusals,
    streak: RefusalStreak,
    pace: Pace,
    hold: Option<Hold>,
    /// Grows whenever a hold begins: what was sent before says nothing about it.
    epoch: u64,
    probe_is_out: bool,
    books: Bookkeeping,
    /// The newest position that was read.
    read_to: Seq,
    log_changes: watch::Receiver<Seq>,
    in_flight: FuturesUnordered<BoxFuture<'static, Sent>>,
    reading: Option<BoxFuture<'static, Result<Vec<Arc<LoggedEvent>>, LogError>>>,
    committing: Option<BoxFuture<'static, Committed>>,
    /// Own failures pause reading and committing until then.
    pause_until: Option<Instant>,
    /// Refused events were changed in the store and are to be read anew.
    reload_is_due: bool,
}

impl Stream {
    pub(super) fn new(
        context: WorkerContext,
        sink: Arc<dyn Sink>,
        filter: EventFilter,
        cursor: Cursor,
        refused: &[DueEvent],
    ) -> Self {
        let mut refusals = Refusals::default();
        refusals.load(refused);
        let stream = Self {
            database: Arc::new(context.database.clone()),
            sink,
            filter: Arc::new(filter),
            lanes: Lanes::new(),
            refusals,
            streak: RefusalStreak::default(),
            pace: Pace::slow(),
            hold: None,
            epoch: 0,
            probe_is_out: false,
            books: Bookkeeping::new(context.destination, &cursor),
            read_to: cursor.acked,
            log_changes: context.log.subscribe(),
            in_flight: FuturesUnordered::new(),
            reading: None,
            committing: None,
            pause_until: None,
            reload_is_due: false,
            context,
        };
        stream.show_progress();
        stream.context.status.held(None);
        stream
    }

    /// Delivers until there is a new order, then lets what is in flight end and stores the cursor.
    pub(super) async fn run(mut self, orders: &mut watch::Receiver<Order>) -> Result<End, StreamError> {
        let reload = Arc::clone(&self.context.reload);
        loop {
            self.reload_refusals().await;
            // Nothing more is begun under a configuration that has been replaced.
            if !orders.has_changed().unwrap_or(true) {
                self.start_reading();
                self.start_committing();
                self.dispatch();
            }
            let (is_at_the_end, next_timer) = (self.is_at_the_end(), self.next_timer());
            tokio::select! {
                biased;
                changed = orders.changed() => {
                    let deadline = match &*orders.borrow() {
                        _ if changed.is_err() => return Ok(End::Gone),
                        Order::Abandon => return Ok(End::Gone),
                        Order::Drain(deadline) => *deadline,
                        Order::Run(_) => Instant::now() + CHANGE_DEADLINE,
                    };
                    self.drain(deadline).await;
                    return Ok(End::NewOrder);
                }
                Some(sent) = self.in_flight.next() => self.receive(sent),
                page = running(&mut self.reading) => self.take_page(page),
                committed = running(&mut self.committing) => {
                    if self.finish_commit(committed) == Some(End::Gone) {
                        return Ok(End::Gone);
                    }
                }
                Ok(()) = self.log_changes.changed(), if is_at_the_end => {}
                () = reload.notified() => self.reload_is_due = true,
                () = sleep_until(next_timer) => {}
            }
        }
    }

    fn receive(&mut self, sent: Sent) {
        self.settle(sent);
        // Whatever else has ended meanwhile is taken along before anything new is looked at.
        while let Some(Some(sent)) = self.in_flight.next().now_or_never() {
            self.settle(sent);
        }
        self.show_progress();
    }

    fn is_at_the_end(&self) -> bool {
        self.context.log.last_seq() <= self.read_to
    }

    fn is_paused(&self) -> bool {
        self.pause_until.is_some_and(|until| Instant::now() < until)
    }

    fn pause(&mut self) {
        self.pause_until = Some(Instant::now() + OWN_FAILURE_PAUSE);
    }

    fn start_reading(&mut self) {
        let has_room = self.lanes.waiting() < WINDOW_EVENTS && self.lanes.waiting_bytes() < WINDOW_BYTES;
        if !has_room || self.reading.is_some() || self.is_paused() || self.is_at_the_end() {
            return;
        }
        let (log, after) = (self.context.log.clone(), self.read_to);
        let read = async move { log.read_after(after, PAGE_EVENTS, PAGE_BYTES).await };
        let read = self.context.reading.spawn(read);
        self.reading = Some(read.map(|read| read.unwrap_or(Err(LogError::Stopped))).boxed());
    }

    fn take_page(&mut self, page: Result<Vec<Arc<LoggedEvent>>, LogError>) {
        self.reading = None;
        let events = match page {
            Ok(events) => events,
            Err(error) => {
                tracing::error!(
                    destination_id = self.context.destination.get(),
                    error = causes(&error),
                    "The log could not be read."
                );
                return self.pause();
            }
        };
        for event in events {
            if event.seq > self.read_to.next() {
                self.books
                    .passed_over(self.read_to.next(), Seq::new(event.seq.get() - 1));
            }
            self.read_to = event.seq;
            if self.books.progress.is_settled(event.seq) {
                continue;
            }
            if self.filter.admits(&event.event_type) {
                self.lanes.push(event);
            } else {
                self.books.passed_over(event.seq, event.seq);
            }
        }
        self.show_progress();
    }

    /// Sends what may be sent now: a probe if the destination is held, else as much as the pace allows.
    fn dispatch(&mut self) {
        if let Some(hold) = &self.hold {
            if !self.probe_is_out && hold.is_due() {
                self.probe_is_out = self.send_oldest();
            }
            return;
        }
        while self.in_flight.len() < self.pace.allowed() {
            if let Some(seq) = self.refusals.take_due(self.context.clock.now()) {
                self.send_refused(seq);
            } else if let Some((lane, event)) = self.lanes.take() {
                self.send(event, Origin::Lane(lane));
            } else {
                break;
            }
        }
    }

    /// False if there is nothing to probe with.
    fn send_oldest(&mut self) -> bool {
        if let Some((lane, event)) = self.lanes.take_oldest() {
            self.send(event, Origin::Lane(lane));
            return true;
        }
        match self.refusals.take_due(self.context.clock.now()) {
            Some(seq) => self.send_refused(seq),
            None => return false,
        }
        true
    }

    fn send(&self, event: Arc<LoggedEvent>, origin: Origin) {
        let (sink, epoch) = (Arc::clone(&self.sink), self.epoch);
        let send = async move {
            let report = sink.send(&event).await;
            Sent::Done(Done {
                event,
                origin,
                epoch,
                report,
            })
        };
        self.in_flight.push(send.boxed());
    }

    fn send_refused(&self, seq: Seq) {
        let (log, sink, epoch) = (self.context.log.clone(), Arc::clone(&self.sink), self.epoch);
        let filter = Arc::clone(&self.filter);
        let send = async move {
            match log.read_one(seq).await {
                Ok(Some(event)) if !filter.admits(&event.event_type) => Sent::NotAdmitted(seq),
                Ok(Some(event)) => {
                    let report = sink.send(&event).await;
                    Sent::Done(Done {
                        event,
                        origin: Origin::Refused,
                        epoch,
                        report,
                    })
                }
                Ok(None) => Sent::Gone(seq),
                Err(error) => Sent::Unread(seq, error),
            }
        };
        self.in_flight.push(send.boxed());
    }

    /// Applies the policy to what one request came to.
    fn settle(&mut self, sent: Sent) {
        let now = self.context.clock.now();
        let done = match sent {
            Sent::Done(done) => done,
            Sent::Gone(seq) => {
                self.probe_is_out = false;
                tracing::warn!(
                    destination_id = self.context.destination.get(),
                    seq = seq.get(),
                    "A refused event is no longer in the log; it stays parked."
                );
                return self.books.refused(self.refusals.park_gone(seq, now));
            }
            Sent::NotAdmitted(seq) => {
                self.probe_is_out = false;
                tracing::info!(
                    destination_id = self.context.destination.get(),
                    seq = seq.get(),
                    "A refused event is no longer admitted by the filter; it is not tried again."
                );
                self.refusals.remove(seq);
                return self.books.refusal_ended(seq);
            }
            Sent::Unread(seq, error) => {
                tracing::error!(
                    seq = seq.get(),
                    error = causes(&error),
                    "A refused event could not be read from the log."
                );
                self.probe_is_out = false;
                return self.refusals.put_back(seq, now.plus(OWN_FAILURE_PAUSE));
            }
        };
        let is_current = done.epoch == self.epoch;
        if is_current {
            self.probe_is_out = false;
        }
        match decide(done.report.outcome, RequestSize::One) {
            Decision::Settle => self.accept(&done, is_current, now),
            Decision::Hold { trouble, retry_after } => {
                self.note_failure(&done, now);
                self.put_back(done, now);
                if is_current {
                    self.hold_for(trouble, retry_after, now);
                }
            }
            Decision::Refuse(refusal) => self.refuse(&done, refusal, is_current, now),
            Decision::Split => self.refuse(&done, Refusal::Status(413), is_current, now),
            Decision::Forget => self.put_back(done, now),
        }
    }

    fn accept(&mut self, done: &Done, is_current: bool, now: Timestamp) {
        self.streak.accept();
        match done.origin {
            Origin::Lane(lane) => self.lanes.done(lane),
            Origin::Refused => {
                self.refusals.remove(done.event.seq);
                self.books.refusal_ended(done.event.seq);
            }
        }
        self.books.delivered(done.event.seq, now);
        if is_current {
            self.release();
            self.pace.accepted();
        }
    }

    fn refuse(&mut self, done: &Done, refusal: Refusal, is_current: bool, now: Timestamp) {
        self.note_failure(done, now);
        let row = self.refusals.refuse(done.event.seq, refusal, &done.report, now);
        if row.due_at.is_none() {
            tracing::warn!(
                destination_id = self.context.destination.get(),
                seq = row.seq.get(),
                tries = row.tries,
                reason = row.reason,
                "An event was parked."
            );
        }
        self.books.refused(row);
        if let Origin::Lane(lane) = done.origin {
            self.books.settled(done.event.seq);
            self.lanes.done(lane);
        }
        let at_fault = refusal != Refusal::Unsendable && self.streak.refuse();
        if is_current && at_fault {
            self.hold_for(Trouble::EverythingRefused(refusal.status()), None, now);
        } else if is_current {
            // It answers, and about this event only: whatever was wrong is over.
            self.release();
        }
    }

    fn put_back(&mut self, done: Done, now: Timestamp) {
        match done.origin {
            Origin::Lane(lane) => self.lanes.put_back(lane, done.event),
            Origin::Refused => self.refusals.put_back(done.event.seq, now),
        }
    }

    fn note_failure(&mut self, done: &Done, now: Timestamp) {
        let status = match done.report.outcome {
            Outcome::Answered { status, .. } => Some(status),
            _ => None,
        };
        self.books.failed(done.event.seq, &done.report, status, now);
        tracing::debug!(
            destination_id = self.context.destination.get(),
            seq = done.event.seq.get(),
            reason = done.report.reason,
            duration_ms = u64::try_from(done.report.duration.as_millis()).unwrap_or(u64::MAX),
            "An attempt failed."
        );
    }

    fn hold_for(&mut self, trouble: Trouble, retry_after: Option<Duration>, now: Timestamp) {
        let jitter = random::<4>().map_or(Jitter::NONE, |bytes| Jitter::from_random(u32::from_ne_bytes(bytes)));
        match &mut self.hold {
            Some(hold) => hold.fail_again(trouble, retry_after, jitter, now),
            None => {
                tracing::warn!(
                    destination_id = self.context.destination.get(), trouble = %trouble,
                    "A destination is held; its events wait."
                );
                self.epoch += 1;
                self.pace.troubled();
                self.hold = Some(Hold::begin(trouble, retry_after, jitter, now));
            }
        }
        self.context.status.held(self.hold.clone());
    }

    fn release(&mut self) {
        if let Some(hold) = self.hold.take() {
            let held_ms = self.context.clock.now().since(hold.since).as_millis();
            tracing::info!(
                destination_id = self.context.destination.get(),
                held_ms = u64::try_from(held_ms).unwrap_or(u64::MAX),
                "A destination accepts events again."
            );
            self.context.status.held(None);
        }
    }

    fn show_progress(&self) {
        self.context
            .status
            .progressed(self.books.progress.settled(), self.books.last_success_at);
    }

    fn start_committing(&mut self) {
        let is_due = self.books.commit_due().is_some_and(|due| due <= Instant::now());
        if is_due && self.committing.is_none() && !self.is_paused() {
            let update = self.books.take_update();
            self.committing = Some(commit(Arc::clone(&self.database), update).boxed());
        }
    }

    fn finish_commit(&mut self, committed: Committed) -> Option<End> {
        self.committing = None;
        match &committed.result {
            Ok(true) => None,
            Ok(false) => Some(End::Gone),
            Err(error) => {
                tracing::error!(
                    destination_id = self.context.destination.get(),
                    error = causes(error),
                    "Progress could not be stored."
                );
                self.books.restore(committed);
                self.pause();
                None
            }
        }
    }

    /// Reads the refused events anew if that was asked for, but not while a commit is under way, of which it could see the
    /// one half and not the other.
    async fn reload_refusals(&mut self) {
        if !self.reload_is_due || self.committing.is_some() || self.is_paused() {
            return;
        }
        self.reload_is_due = false;
        match self.database.list_due(self.context.destination).await {
            Ok(refused) => {
                self.refusals.load(&refused);
                self.books.apply_unsaved(&mut self.refusals);
            }
            Err(error) => {
                tracing::error!(
                    destination_id = self.context.destination.get(),
                    error = causes(&error),
                    "Refused events could not be read."
                );
                self.reload_is_due = true;
                self.pause();
            }
        }
    }

    /// Sends nothing new, takes what ends until the deadline, and stores everything.
    async fn drain(&mut self, deadline: Instant) {
        while !self.in_flight.is_empty() {
            // A commit under way holds the store's one writing connection: it must not wait for a slow destination.
            tokio::select! {
                biased;
                committed = running(&mut self.committing) => drop(self.finish_commit(committed)),
                Some(sent) = self.in_flight.next() => self.settle(sent),
                () = tokio::time::sleep_until(deadline) => break,
            }
        }
        if self.committing.is_some() {
            let committed = running(&mut self.committing).await;
            self.finish_commit(committed);
        }
        if self.books.commit_due().is_some() {
            let update = self.books.take_update();
            let committed = commit(Arc::clone(&self.database), update).await;
            self.finish_commit(committed);
        }
    }

    /// The next moment at which there is something to do without anything having happened.
    fn next_timer(&self) -> Option<Instant> {
        let probe = self
            .hold
            .as_ref()
            .filter(|_| !self.probe_is_out && self.has_probe())
            .map(|hold| hold.next_probe);
        let commit = self.books.commit_due().filter(|_| self.committing.is_none());
        let commit = commit.map(|due| self.pause_until.map_or(due, |until| due.max(until)));
        let read = self.pause_until.filter(|until| *until > Instant::now());
        [probe, commit, read, self.refusal_timer()].into_iter().flatten().min()
    }

    fn has_probe(&self) -> bool {
        self.lanes.oldest_ready().is_some()
            || self
                .refusals
                .next_due()
                .is_some_and(|due| due <= self.context.clock.now())
    }

    /// When a refused event is due and may be sent: not during a hold for any other reason than to probe.
    fn refusal_timer(&self) -> Option<Instant> {
        let may_send = self
            .hold
            .as_ref()
            .map_or(self.in_flight.len() < self.pace.allowed(), |_| !self.probe_is_out);
        let due_at = self.refusals.next_due().filter(|_| may_send)?;
        let wait = due_at.since(self.context.clock.now());
        let due = Instant::now() + wait;
        Some(self.hold.as_ref().map_or(due, |hold| due.max(hold.next_probe)))
    }
}

/// Waits for a future that may not be there.
async fn running<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
