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
    event::{Author, OwnEvent},
    ids::ReplayId,
    policy::{Decision, Jitter, Refusal, RefusalStreak, RequestSize, Trouble, decide},
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
    keeper::Shared,
};
use crate::{
    THREAD_STACK,
    causes::causes,
    log::{LogError, LoggedEvent, RangeFilter},
    own_events::Recorded,
    sink::{Batching, Run, SendReport, Sink, SinkError, replay_sink_for},
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
                tracing::error!(
                    replay_id = context.replay.get(),
                    error = causes(&error),
                    "A replay can't go on; it is tried again in a moment."
                );
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
    hold: Option<Hold>,
    stream_was_held: bool,
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
            hold.next_probe = Instant::now();
            hold.next_probe_at = self.context.shared.clock.now();
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
        self.books.is_read() || (self.books.run().is_none() && self.books.fills(self.room))
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
        let events = self.books.next(self.room);
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
        let Some(report) = self.send(&events, orders).await else {
            return Ok(None);
        };
        let now = self.context.shared.clock.now();
        let was_run = self.books.run().is_some();
        self.settle(&events, &report, now)?;
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

    /// The events in order, up to the first that is to be sent again.
    fn settle(&mut self, events: &[Arc<LoggedEvent>], report: &SendReport, now: Timestamp) -> Result<(), LaneError> {
        let size = match events.len() {
            0 | 1 => RequestSize::One,
            _ => RequestSize::Batch,
        };
        let whole = decide(report.whole.outcome, size);
        let mut refused_all = None;
        let mut accepted = 0;
        for (position, _) in events.iter().enumerate() {
            let part = report.parts.get(&position);
            let decision = part.map_or(whole, |part| decide(part.outcome, RequestSize::One));
            let told = part.unwrap_or(&report.whole);
            match decision {
                Decision::Settle => {
                    self.streak.accept();
                    self.books.sent();
                    accepted += 1;
                }
                Decision::Refuse(refusal) => {
                    self.books.refused(refusal, told, now);
                    if refusal != Refusal::Unsendable && self.streak.refuse() {
                        refused_all = Some(Trouble::EverythingRefused(refusal.status()));
                    }
                }
                Decision::Hold { trouble, retry_after } => {
                    self.books.failed(Some(told.reason.clone()));
                    self.hold_for(trouble, retry_after, now);
                    return Ok(());
                }
                Decision::Split => {
                    self.split(events);
                    return Ok(());
                }
                Decision::Forget => return Err(LaneError::GivenUp),
            }
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
                self.hold = Some(Hold::begin(trouble, retry_after, jitter, now, now));
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
        let finished = OwnEvent::ReplayFinished {
            destination: self.destination.id,
            kind: self.destination.target.kind(),
            name: self.destination.name.to_string(),
            replay: self.context.replay,
            progress: update.position.progress,
        };
        let finished = Recorded::new(finished, &Author::system(), now);
        let database = &self.context.shared.database;
        Ok(database.finish_replay(&update, now, &finished).await?)
    }
}
