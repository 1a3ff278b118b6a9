//! One replay, on a thread of its own.
//!
//! Everything happens one after the other: wait for the turn, read, send one request, apply the policy to what it came to,
//! store how far it is. A new order is minded wherever it waits, and nothing is begun after one has come.

use std::{
    sync::{Arc, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use domain::{
    Timestamp,
    ids::{ReplayId, Seq},
    instance_event::{Action, Author, InstanceEvent},
    policy::{
        Decision, Jitter, ProbeWait, Refusal, RefusalStreak, RequestNumber, RequestSize, Suspects, Trouble, decide,
    },
    replay::{ReplayState, ReplayWait},
};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use super::{
    super::{
        hold::Hold,
        lanes::Room,
        status::{CATCHING_UP, Status},
        worker::Order,
    },
    books::Books,
    shared::Shared,
};
use crate::{
    THREAD_STACK,
    causes::causes,
    instance_events::Recorded,
    log::{LogError, LoggedEvent, RangeFilter},
    sink::{Batching, Report, Run, SendReport, Sink, SinkError, replay_sink_for},
    storage::files_are_missing,
    store::{Destination, StoreError},
    vault::random,
};

/// Events read at once, and bytes of their bodies.
const PAGE_EVENTS: usize = 1_000;
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// How often it is looked whether the stream still goes first.
const TURN_PERIOD: Duration = Duration::from_millis(100);

/// What is in flight when the configuration changes may take this much longer to end than one attempt.
const CHANGE_GRACE: Duration = Duration::from_secs(1);

/// After a failure of our own (store, log), not of the destination.
const OWN_FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// Failures of a stored run after which it may be one of its events.
const RUN_FAILURES: u32 = 3;

/// With fewer events left than this, a suspect is tried without a pause.
const FEW: usize = 8;

/// Requests that may fail in a row, of events that have failed before, until the replay waits.
const FAILURES_IN_A_ROW: u32 = 3;

/// What a lane works with.
pub(super) struct LaneContext {
    pub(super) replay: ReplayId,
    /// Where the log is read and decoded, so that the lane's own thread need not.
    pub(super) reading: tokio::runtime::Handle,
    pub(super) shared: Shared,
}

/// Why a lane stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The keeper wants something else.
    NewOrder,
    /// The replay is finished or cancelled, or has gone with its destination.
    Over,
}

/// A lane can't go on as it is.
#[derive(Debug, thiserror::Error)]
enum LaneError {
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the log could not be read")]
    Log(#[from] LogError),
    #[error("the destination's sink can't be set up")]
    Sink(#[from] SinkError),
    #[error("a request was given up")]
    GivenUp,
}

/// Starts the thread. It ends when the replay does, or on `Drain` or `Abandon`; `running` is dropped with it.
pub(super) fn spawn(
    context: LaneContext,
    orders: watch::Receiver<Order>,
    running: mpsc::Sender<()>,
) -> std::io::Result<JoinHandle<()>> {
    let name = format!("replay-{}", context.replay);
    let thread = std::thread::Builder::new().name(name).stack_size(THREAD_STACK);
    thread.spawn(move || {
        // Made here and not handed over: a runtime must not be dropped by a task of another one.
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                runtime.block_on(obey(&context, orders));
                // A name that is still being resolved must not keep the thread.
                runtime.shutdown_background();
                context.shared.wake.notify_one();
            }
            Err(error) => tracing::error!(
                error = causes(&error),
                "A replay's runtime could not be made; it is tried again."
            ),
        }
        drop(running);
    })
}

async fn obey(context: &LaneContext, mut orders: watch::Receiver<Order>) {
    loop {
        let order = orders.borrow_and_update().clone();
        let Order::Run(destination) = order else { break };
        match run(context, &destination, &mut orders).await {
            Ok(End::NewOrder) => {}
            Ok(End::Over) => break,
            Err(error) => {
                if !files_are_missing(&error) {
                    tracing::error!(
                        replay_id = context.replay.get(),
                        error = causes(&error),
                        "A replay can't go on; it is tried again in a moment."
                    );
                }
                let waited = tokio::time::timeout(OWN_FAILURE_PAUSE, orders.changed()).await;
                if matches!(waited, Ok(Err(_))) {
                    break;
                }
            }
        }
    }
    context.shared.waits.set(context.replay, None);
}

async fn run(
    context: &LaneContext,
    destination: &Arc<Destination>,
    orders: &mut watch::Receiver<Order>,
) -> Result<End, LaneError> {
    let shared = &context.shared;
    let stored = shared.database.find_replay(destination.id, context.replay).await?;
    let Some(replay) = stored.filter(|replay| replay.state == ReplayState::Running) else {
        return Ok(End::Over);
    };
    let sink = replay_sink_for(
        destination,
        &shared.clients,
        &shared.services,
        &shared.clock,
        context.replay,
    )?;
    let lane = Lane {
        context,
        filter: Arc::new(destination.range_filter(&replay.request)),
        destination: Arc::clone(destination),
        room: room_of(sink.batching()),
        sink,
        books: Books::new(replay),
        streak: RefusalStreak::default(),
        suspects: Suspects::default(),
        failures: 0,
        run_failures: 0,
        sent: 0,
        started: Instant::now(),
        troubled_at: None,
        hold: None,
        stream_was_held: false,
    };
    lane.run(orders).await
}

/// What fits into one request.
const fn room_of(batching: Batching) -> Room {
    match batching {
        Batching::Single => Room::ONE,
        Batching::Ready { events, bytes } | Batching::Runs { events, bytes, .. } => Room {
            events,
            bytes,
            last: None,
        },
    }
}

async fn try_wanted(status: Option<Arc<Status>>) {
    match status {
        Some(status) => status.replay_try_wanted().await,
        None => std::future::pending().await,
    }
}

fn has_order(orders: &watch::Receiver<Order>) -> bool {
    orders.has_changed().unwrap_or(true)
}

struct Lane<'lane> {
    context: &'lane LaneContext,
    destination: Arc<Destination>,
    filter: Arc<RangeFilter>,
    sink: Arc<dyn Sink>,
    /// Less than what the sink allows after a request was too large.
    room: Room,
    books: Books,
    streak: RefusalStreak,
    suspects: Suspects<Report>,
    /// Requests that have failed since anything was accepted.
    failures: u32,
    /// How many times the run that is stored has failed.
    run_failures: u32,
    /// How many requests were sent.
    sent: RequestNumber,
    started: Instant,
    /// When a request failed, if nothing was accepted since.
    troubled_at: Option<Timestamp>,
    hold: Option<Hold>,
    stream_was_held: bool,
}

/// What met with trouble in one request.
#[derive(Default)]
struct Troubled {
    trouble: Option<(Trouble, Option<Duration>)>,
    /// Those that can be the reason.
    events: Vec<Seq>,
    /// Something met with trouble that had not failed before, or can't be the reason.
    is_new: bool,
}

impl Lane<'_> {
    async fn run(mut self, orders: &mut watch::Receiver<Order>) -> Result<End, LaneError> {
        if !self.sends_runs() {
            // Of what the destination was before.
            self.books.end_run();
        }
        while !has_order(orders) {
            let wait = self.wait();
            self.context.shared.waits.set(self.context.replay, wait);
            if let Some(wait) = wait {
                let (wake, status) = (self.wake_from(wait), self.stream_status());
                tokio::select! {
                    _ = orders.changed() => break,
                    () = tokio::time::sleep_until(wake) => {}
                    () = try_wanted(status) => self.try_now(),
                }
            } else if !self.is_ready() {
                self.read().await?;
            } else if self.books.is_done() {
                self.finish().await?;
                return Ok(End::Over);
            } else if self.send_next(orders).await? == Some(End::Over) {
                return Ok(End::Over);
            }
            if self.books.is_commit_due() && !self.commit().await? {
                return Ok(End::Over);
            }
        }
        self.commit().await?;
        // Without a sender, nobody wants this replay any more.
        Ok(if orders.has_changed().is_ok() {
            End::NewOrder
        } else {
            End::Over
        })
    }

    fn elapsed(&self) -> Duration {
        self.context.shared.clock.paused_since(self.started)
    }

    fn sends_runs(&self) -> bool {
        matches!(self.sink.batching(), Batching::Runs { .. })
    }

    /// What goes first, or has to pass.
    fn wait(&mut self) -> Option<ReplayWait> {
        let flow = self.destination.flow;
        if !flow.active {
            return Some(ReplayWait::Inactive);
        }
        if flow.paused {
            return Some(ReplayWait::Paused);
        }
        self.hear_of_the_stream();
        let stream = self.stream_wait();
        let is_held = matches!(stream, Some(ReplayWait::StreamHeld(_)));
        if self.stream_was_held && !is_held {
            // The stream has found out that it works again.
            self.hold = None;
        }
        self.stream_was_held = is_held;
        let hold = self.hold.as_ref().filter(|hold| !hold.is_due());
        stream.or_else(|| {
            hold.map(|hold| ReplayWait::Trouble {
                trouble: hold.trouble,
                since: hold.since,
                next_try_at: hold.next_probe_at,
            })
        })
    }

    /// What the stream delivers shows that the destination works, too: the last event of a replay has nothing behind it.
    fn hear_of_the_stream(&mut self) {
        let accepted_at = match self.suspects.count_alone() {
            0 => None,
            _ => self.stream_status().and_then(|status| status.reach(Seq::START).0),
        };
        if accepted_at > self.troubled_at && self.troubled_at.is_some() {
            self.troubled_at = None;
            self.hold = None;
            self.sent += 1;
            self.blame(self.context.shared.clock.now());
        }
    }

    fn stream_wait(&self) -> Option<ReplayWait> {
        // A stream that sends runs is always behind by up to one of them.
        let most_behind = match self.sink.batching() {
            Batching::Runs { events, .. } => i64::try_from(events.saturating_mul(2)).unwrap_or(i64::MAX),
            Batching::Single | Batching::Ready { .. } => CATCHING_UP,
        };
        self.stream_status().map_or(Some(ReplayWait::StreamStarting), |status| {
            status.goes_before_replays(self.context.shared.log.last_seq(), most_behind)
        })
    }

    fn stream_status(&self) -> Option<Arc<Status>> {
        let statuses = self.context.shared.statuses.read();
        let statuses = statuses.unwrap_or_else(PoisonError::into_inner);
        statuses.get(&self.destination.id).cloned()
    }

    /// An administrator does not want to wait for the next try.
    fn try_now(&mut self) {
        if let Some(hold) = &mut self.hold {
            hold.probe_now(self.context.shared.clock.now());
        }
    }

    fn wake_from(&self, wait: ReplayWait) -> Instant {
        let next_look = Instant::now() + TURN_PERIOD;
        match (wait, &self.hold) {
            (ReplayWait::Trouble { .. }, Some(hold)) => next_look.min(hold.next_probe),
            _ => next_look,
        }
    }

    /// Whether as much has been read as the next request can take.
    fn is_ready(&self) -> bool {
        self.books.is_read() || (self.books.run().is_none() && self.books.fills(self.room, &self.suspects))
    }

    async fn read(&mut self) -> Result<(), LaneError> {
        let (log, filter) = (self.context.shared.log.clone(), Arc::clone(&self.filter));
        let stretch = (self.books.read_to(), self.books.read_up_to());
        let read = async move { log.read_range(&filter, stretch, PAGE_EVENTS, PAGE_BYTES).await };
        let page = self.context.reading.spawn(read).await;
        self.books.push(page.unwrap_or(Err(LogError::Stopped))?);
        Ok(())
    }

    /// Sends the next request and settles what it came to; or nothing, if what was stored as one has nothing left in it.
    async fn send_next(&mut self, orders: &mut watch::Receiver<Order>) -> Result<Option<End>, LaneError> {
        let events = self.next_events();
        if self.sends_runs() && (self.books.run().is_none() || events.is_empty()) {
            // Empty only if the filter was changed, and admits nothing of a stored run any more.
            self.books.close_run(&events);
            if !self.commit().await? {
                return Ok(Some(End::Over));
            }
        }
        if events.is_empty() || has_order(orders) {
            return Ok(None);
        }
        self.sent += 1;
        events.iter().for_each(|event| self.suspects.sent(event.seq));
        let Some(report) = self.send(&events, orders).await else {
            return Ok(None);
        };
        let now = self.context.shared.clock.now();
        let was_run = self.books.run().is_some();
        self.settle(&events, &report, now)?;
        self.plan();
        if was_run && self.books.run().is_none() && !self.commit().await? {
            return Ok(Some(End::Over));
        }
        Ok(None)
    }

    /// None if there was a new order and the request did not end in the time that is left then. Its end is unknown: it is
    /// sent again, if anything is.
    async fn send(&self, events: &[Arc<LoggedEvent>], orders: &mut watch::Receiver<Order>) -> Option<SendReport> {
        let closed_at = self.books.replay().created_at;
        let run = self.books.run().map(|(first, last)| Run { first, last, closed_at });
        let sending = self.sink.send(events, run);
        tokio::pin!(sending);
        let changed = tokio::select! {
            biased;
            report = &mut sending => return Some(report),
            changed = orders.changed() => changed,
        };
        changed.ok()?;
        // It is still to be obeyed.
        orders.mark_changed();
        let deadline = match &*orders.borrow() {
            Order::Abandon => return None,
            Order::Drain(deadline) => *deadline,
            Order::Run(_) => Instant::now() + self.sink.deadline() + CHANGE_GRACE,
        };
        tokio::time::timeout_at(deadline, sending).await.ok()
    }

    /// What is sent next: while the destination is in trouble, the event that has failed least often; else a suspect that is due;
    /// else what is next in order.
    fn next_events(&self) -> Vec<Arc<LoggedEvent>> {
        if self.books.run().is_some() || self.suspects.count_alone() == 0 && self.hold.is_none() {
            return self.books.next(self.room, &self.suspects);
        }
        let left = || self.books.left().map(|event| event.seq);
        let now = self.elapsed();
        // So few that each is needed to show that the destination works.
        let others = left().filter(|seq| !self.suspects.failed_alone(*seq)).take(FEW).count();
        let are_few = self.books.is_read() && others < FEW;
        let due = |seq: &Seq| self.suspects.due(*seq).is_some_and(|(_, due)| are_few || due <= now);
        let alone = match &self.hold {
            Some(_) => self.suspects.least_failed(left()).map(|(_, seq)| seq),
            None if self.failures == 0 => left().find(due),
            None => None,
        };
        let mut events = match alone {
            Some(_) => Vec::new(),
            None => self.books.next(self.room, &self.suspects),
        };
        if events.is_empty() {
            let alone = alone.or_else(|| left().find(due)).or_else(|| left().next());
            let event = alone.and_then(|alone| self.books.left().find(|event| event.seq == alone));
            events.extend(event.cloned());
        }
        events
    }

    /// Chooses when a held replay goes on: soon, as long as there are events that were not tried yet.
    fn plan(&mut self) {
        let left = self.books.left().map(|event| event.seq);
        let wait = match self.suspects.next_probe(left, std::iter::empty(), false) {
            Some(probe) if self.suspects.count_alone() > 0 => probe.wait,
            _ => ProbeWait::Usual,
        };
        if let Some(hold) = &mut self.hold {
            hold.plan(wait);
        }
    }

    /// Each event for itself: what is accepted or refused is done with, the rest is sent again.
    fn settle(&mut self, events: &[Arc<LoggedEvent>], report: &SendReport, now: Timestamp) -> Result<(), LaneError> {
        let size = match events.len() {
            0 | 1 => RequestSize::One,
            _ => RequestSize::Batch,
        };
        let whole = decide(report.whole.outcome, size);
        let (mut refused_all, mut accepted, mut troubled) = (None, 0, Troubled::default());
        for (position, event) in events.iter().enumerate() {
            let part = report.parts.get(&position);
            let decision = part.map_or(whole, |part| decide(part.outcome, RequestSize::One));
            let told = part.unwrap_or(&report.whole);
            match decision {
                Decision::Settle => {
                    self.streak.accept();
                    self.suspects.clear(event.seq);
                    self.books.sent(event.seq);
                    accepted += 1;
                }
                Decision::Refuse(refusal) => {
                    self.suspects.clear(event.seq);
                    self.books.refused(event.seq, refusal, told, now);
                    if refusal != Refusal::Unsendable && self.streak.refuse() {
                        refused_all = Some(Trouble::EverythingRefused(refusal.status()));
                    }
                }
                Decision::Hold { trouble, retry_after } => {
                    self.books.failed(Some(told.reason.clone()));
                    troubled.trouble = Some((trouble, retry_after));
                    let is_alone = events.len() == 1 || part.is_some();
                    self.suspect(event.seq, told, is_alone, &mut troubled);
                }
                Decision::Split => {
                    self.split(events);
                    return Ok(());
                }
                Decision::Forget => return Err(LaneError::GivenUp),
            }
        }
        if accepted > 0 {
            self.blame(now);
        }
        if troubled.trouble.is_some() {
            self.settle_trouble(events.len(), accepted, &troubled, now);
            return Ok(());
        }
        self.books.end_run();
        match refused_all.filter(|_| accepted == 0) {
            Some(trouble) => {
                self.books.failed(Some(report.whole.reason.clone()));
                self.hold_for(trouble, None, now);
            }
            None => self.went_well(accepted == events.len()),
        }
        Ok(())
    }

    /// Notes an event that failed, if that can be its own fault.
    fn suspect(&mut self, seq: Seq, told: &Report, is_alone: bool, troubled: &mut Troubled) {
        let may_be_the_event = told.outcome.may_be_the_event();
        troubled.is_new |= !may_be_the_event || !self.suspects.contains(seq);
        if !may_be_the_event {
            return;
        }
        troubled.events.push(seq);
        if is_alone {
            // Of a request that is accepted in part, the rest of it is evidence.
            let request = self.sent.saturating_sub(1);
            self.suspects.fail(seq, request, self.elapsed(), told.clone());
        }
    }

    /// A request was accepted: events that failed before, again and again, are parked.
    fn blame(&mut self, now: Timestamp) {
        (self.failures, self.run_failures, self.troubled_at) = (0, 0, None);
        for (seq, report) in self.suspects.accept(self.sent, self.elapsed()) {
            self.books.refused(seq, Refusal::Blamed, &report, now);
        }
    }

    fn settle_trouble(&mut self, count: usize, accepted: usize, troubled: &Troubled, now: Timestamp) {
        let is_batch = count > 1 && accepted == 0;
        self.run_failures = self.run_failures.saturating_add(1);
        let may_end = !self.sends_runs() || count == 1 || !troubled.is_new || self.run_failures >= RUN_FAILURES;
        if may_end && (!troubled.events.is_empty() || accepted > 0) {
            if is_batch {
                self.suspects.fail_together(&troubled.events);
            }
            self.books.end_run();
            self.run_failures = 0;
        }
        if accepted > 0 {
            return self.went_well(false);
        }
        self.failures = self.failures.saturating_add(1);
        self.troubled_at = Some(now);
        let is_last = self.books.left().count() <= self.suspects.count_alone();
        let is_trouble = troubled.is_new || is_last || self.failures >= FAILURES_IN_A_ROW;
        if let (Some((trouble, retry_after)), true) = (troubled.trouble, is_trouble || self.hold.is_some()) {
            self.hold_for(trouble, retry_after, now);
        }
    }

    fn went_well(&mut self, whole: bool) {
        if self.hold.take().is_some() {
            tracing::info!(replay_id = self.context.replay.get(), "A replay goes on.");
        }
        self.books.failed(None);
        if whole {
            let most = room_of(self.sink.batching());
            self.room.events = most.events.min(self.room.events.saturating_mul(2));
        }
    }

    /// Too large together: the first half is sent next.
    fn split(&mut self, events: &[Arc<LoggedEvent>]) {
        let half = (events.len() / 2).max(1);
        self.books.end_run();
        self.room.events = half;
    }

    fn hold_for(&mut self, trouble: Trouble, retry_after: Option<Duration>, now: Timestamp) {
        let jitter = random::<4>().map_or(Jitter::NONE, |bytes| Jitter::from_random(u32::from_ne_bytes(bytes)));
        match &mut self.hold {
            Some(hold) => hold.fail_again(trouble, retry_after, jitter, now),
            None => {
                tracing::warn!(
                    replay_id = self.context.replay.get(),
                    destination_id = self.destination.id.get(),
                    trouble = %trouble,
                    "A replay has met with trouble and waits."
                );
                self.hold = Some(Hold::begin(
                    trouble,
                    retry_after,
                    jitter,
                    now,
                    self.context.shared.clock.clone(),
                ));
            }
        }
    }

    /// Returns whether the replay is to go on.
    async fn commit(&mut self) -> Result<bool, LaneError> {
        let update = self.books.take_update();
        Ok(self.context.shared.database.advance_replay(&update).await?)
    }

    async fn finish(&mut self) -> Result<(), LaneError> {
        let (update, now) = (self.books.take_update(), self.context.shared.clock.now());
        let action = Action::ReplayFinished {
            replay: self.context.replay,
            progress: update.position.progress,
        };
        let finished = InstanceEvent::new(self.destination.subject(), action);
        let finished = Recorded::new(finished, &Author::system(), now);
        let database = &self.context.shared.database;
        Ok(database.finish_replay(&update, now, &finished).await?)
    }
}
