//! One replay, on a thread of its own.
//!
//! Everything happens one after another: wait for the stream, read, send one request, apply the policy to its outcome,
//! store the progress. A command interrupts every wait, and nothing is started after one has arrived.

use std::{sync::Arc, time::Duration};

use domain::{
    Timestamp,
    ids::{ReplayId, Seq},
    instance_event::{Action, Author, InstanceEvent},
    policy::{Decision, ProbeWait, Refusal, Trouble},
    replay::{ReplayState, ReplayWait},
};
use tokio::time::Instant;

use super::{
    super::{
        backoff::Backoff,
        evidence::Evidence,
        queues::{RequestRoom, Room},
        shared::{PAGE_BYTES, PAGE_EVENTS, Shared},
        status::{CATCHING_UP, Status},
        thread::{Commands, End, Worker, WorkerError, drain_deadline, is_superseded},
    },
    pending::PendingEvents,
};
use crate::{
    error_chain::error_chain,
    instance_events::Recorded,
    log::{LoggedEvent, RangeFilter},
    sink::{Batch, Batching, Report, SendReport, Sink, replay_sink_for},
    store::Destination,
};

/// How often the replay checks whether it still has to wait for the stream.
const TURN_PERIOD: Duration = Duration::from_millis(100);

/// Failures of a stored batch after which it may be one of its events.
const BATCH_FAILURES: u32 = 3;

/// With fewer events left than this, a suspect is tried without a pause.
const FEW: usize = 8;

/// Runs one replay.
pub(super) struct ReplayWorker {
    pub(super) replay: ReplayId,
    pub(super) shared: Shared,
}

impl Worker for ReplayWorker {
    fn thread_name(&self) -> String {
        format!("replay-{}", self.replay)
    }

    async fn run(&self, destination: &Arc<Destination>, commands: &mut Commands) -> Result<End, WorkerError> {
        let shared = &self.shared;
        let stored = shared.database.find_replay(destination.id, self.replay).await?;
        let Some(replay) = stored.filter(|replay| replay.state == ReplayState::Running) else {
            return Ok(End::Over);
        };
        let sink = replay_sink_for(
            destination,
            &shared.clients,
            &shared.services,
            &shared.clock,
            self.replay,
        )?;
        let replay_loop = ReplayLoop {
            worker: self,
            filter: Arc::new(destination.range_filter(&replay.request)),
            destination: Arc::clone(destination),
            room: RequestRoom::new(Room::of(sink.batching())),
            sink,
            pending: PendingEvents::new(replay),
            evidence: Evidence::new(shared.clock.clone()),
            batch_failures: 0,
            troubled_at: None,
            backoff: None,
            stream_was_backing_off: false,
        };
        replay_loop.run(commands).await
    }

    fn log_failure(&self, error: &WorkerError) {
        tracing::error!(
            replay_id = self.replay.get(),
            error = error_chain(error),
            "A replay failed internally; it is restarted in a second."
        );
    }

    fn ended(&self) {
        self.shared.waits.set(self.replay, None);
        self.shared.wake.notify_one();
    }
}

async fn try_wanted(status: Option<Arc<Status>>) {
    match status {
        Some(status) => status.replay_try_wanted().await,
        None => std::future::pending().await,
    }
}

struct ReplayLoop<'worker> {
    worker: &'worker ReplayWorker,
    destination: Arc<Destination>,
    filter: Arc<RangeFilter>,
    sink: Arc<dyn Sink>,
    room: RequestRoom,
    pending: PendingEvents,
    evidence: Evidence<Report>,
    /// How many times the batch that is stored has failed.
    batch_failures: u32,
    /// When a request failed, if nothing was accepted since.
    troubled_at: Option<Timestamp>,
    backoff: Option<Backoff>,
    stream_was_backing_off: bool,
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

impl ReplayLoop<'_> {
    async fn run(mut self, commands: &mut Commands) -> Result<End, WorkerError> {
        if !self.sends_batches() {
            // Of what the destination was before.
            self.pending.end_batch();
        }
        while !is_superseded(commands) {
            let wait = self.wait();
            self.worker.shared.waits.set(self.worker.replay, wait);
            if let Some(wait) = wait {
                let (wake, status) = (self.wake_from(wait), self.stream_status());
                tokio::select! {
                    _ = commands.changed() => break,
                    () = tokio::time::sleep_until(wake) => {}
                    () = try_wanted(status) => self.try_now(),
                }
            } else if !self.is_ready() {
                self.read().await?;
            } else if self.pending.is_done() {
                self.finish().await?;
                return Ok(End::Over);
            } else if self.send_next(commands).await? == Some(End::Over) {
                return Ok(End::Over);
            }
            if self.pending.is_commit_due() && !self.commit().await? {
                return Ok(End::Over);
            }
        }
        self.commit().await?;
        // Without a sender, nobody wants this replay any more.
        Ok(if commands.has_changed().is_ok() {
            End::NewCommand
        } else {
            End::Over
        })
    }

    fn sends_batches(&self) -> bool {
        matches!(self.sink.batching(), Batching::Batches { .. })
    }

    /// What goes first, or has to pass.
    fn wait(&mut self) -> Option<ReplayWait> {
        let stream_state = self.destination.stream_state;
        if !stream_state.active {
            return Some(ReplayWait::Inactive);
        }
        if stream_state.paused {
            return Some(ReplayWait::Paused);
        }
        self.hear_of_the_stream();
        let stream = self.stream_wait();
        let is_backing_off = matches!(stream, Some(ReplayWait::StreamRetrying(_)));
        if self.stream_was_backing_off && !is_backing_off {
            // The stream has found out that it works again.
            self.backoff = None;
        }
        self.stream_was_backing_off = is_backing_off;
        let backoff = self.backoff.as_ref().filter(|backoff| !backoff.is_due());
        stream.or_else(|| {
            backoff.map(|backoff| ReplayWait::Trouble {
                trouble: backoff.trouble,
                since: backoff.since,
                next_try_at: backoff.next_probe_at,
            })
        })
    }

    /// What the stream delivers shows that the destination works, too: the last event of a replay has nothing behind it.
    fn hear_of_the_stream(&mut self) {
        let accepted_at = match self.evidence.suspects.count_alone() {
            0 => None,
            _ => self.stream_status().and_then(|status| status.reach(Seq::START).0),
        };
        if accepted_at > self.troubled_at && self.troubled_at.is_some() {
            self.troubled_at = None;
            self.backoff = None;
            self.evidence.send(&[]);
            self.blame(self.worker.shared.clock.now());
        }
    }

    fn stream_wait(&self) -> Option<ReplayWait> {
        // A stream that sends batches is always behind by up to one of them.
        let most_behind = match self.sink.batching() {
            Batching::Batches { events, .. } => i64::try_from(events.saturating_mul(2)).unwrap_or(i64::MAX),
            Batching::Single | Batching::Ready { .. } => CATCHING_UP,
        };
        self.stream_status().map_or(Some(ReplayWait::StreamStarting), |status| {
            status.goes_before_replays(self.worker.shared.log.last_seq(), most_behind)
        })
    }

    fn stream_status(&self) -> Option<Arc<Status>> {
        self.worker.shared.status_of(self.destination.id)
    }

    /// An administrator does not want to wait for the next try.
    fn try_now(&mut self) {
        if let Some(backoff) = &mut self.backoff {
            backoff.probe_now(self.worker.shared.clock.now());
        }
    }

    fn wake_from(&self, wait: ReplayWait) -> Instant {
        let next_look = Instant::now() + TURN_PERIOD;
        match (wait, &self.backoff) {
            (ReplayWait::Trouble { .. }, Some(backoff)) => next_look.min(backoff.next_probe),
            _ => next_look,
        }
    }

    /// Whether as much has been read as the next request can take.
    fn is_ready(&self) -> bool {
        self.pending.is_read()
            || (self.pending.run().is_none() && self.pending.fills(self.room.now, &self.evidence.suspects))
    }

    async fn read(&mut self) -> Result<(), WorkerError> {
        let shared = &self.worker.shared;
        let (log, filter) = (shared.log.clone(), Arc::clone(&self.filter));
        let stretch = (self.pending.read_to(), self.pending.read_up_to());
        let read = async move { log.read_range(&filter, stretch, PAGE_EVENTS, PAGE_BYTES).await };
        self.pending.push(shared.read_log(read).await?);
        Ok(())
    }

    /// Sends the next request and applies its outcome. Sends nothing if no event of the stored batch is left.
    async fn send_next(&mut self, commands: &mut Commands) -> Result<Option<End>, WorkerError> {
        let events = self.next_events();
        if self.sends_batches() && (self.pending.run().is_none() || events.is_empty()) {
            // Empty only if the filter was changed, and admits nothing of a stored batch any more.
            self.pending.close_batch(&events);
            if !self.commit().await? {
                return Ok(Some(End::Over));
            }
        }
        if events.is_empty() || is_superseded(commands) {
            return Ok(None);
        }
        self.evidence.send(&events);
        let Some(report) = self.send(&events, commands).await else {
            return Ok(None);
        };
        let now = self.worker.shared.clock.now();
        let was_batch = self.pending.run().is_some();
        self.apply(&events, &report, now)?;
        self.plan();
        if was_batch && self.pending.run().is_none() && !self.commit().await? {
            return Ok(Some(End::Over));
        }
        Ok(None)
    }

    /// `None` if another command arrived and the request did not end in time. Its outcome is unknown, so it is sent again.
    async fn send(&self, events: &[Arc<LoggedEvent>], commands: &mut Commands) -> Option<SendReport> {
        let closed_at = self.pending.replay().created_at;
        let batch = self.pending.run().map(|(first, last)| Batch { first, last, closed_at });
        let sending = self.sink.send(events, batch);
        tokio::pin!(sending);
        let changed = tokio::select! {
            biased;
            report = &mut sending => return Some(report),
            changed = commands.changed() => changed,
        };
        changed.ok()?;
        // It is still to be obeyed.
        commands.mark_changed();
        let deadline = drain_deadline(commands, self.sink.deadline())?;
        tokio::time::timeout_at(deadline, sending).await.ok()
    }

    /// What is sent next: while the destination is in trouble, the event that has failed least often; else a suspect that is due;
    /// else what is next in order.
    fn next_events(&self) -> Vec<Arc<LoggedEvent>> {
        if self.pending.run().is_some() || self.evidence.suspects.count_alone() == 0 && self.backoff.is_none() {
            return self.pending.next(self.room.now, &self.evidence.suspects);
        }
        let left = || self.pending.left().map(|event| event.seq);
        let now = self.evidence.now();
        // So few that each is needed to show that the destination works.
        let others = left()
            .filter(|seq| !self.evidence.suspects.failed_alone(*seq))
            .take(FEW)
            .count();
        let are_few = self.pending.is_read() && others < FEW;
        let due = |seq: &Seq| {
            self.evidence
                .suspects
                .due(*seq)
                .is_some_and(|(_, due)| are_few || due <= now)
        };
        let alone = match &self.backoff {
            Some(_) => self.evidence.suspects.least_failed(left()).map(|(_, seq)| seq),
            None if self.evidence.failures == 0 => left().find(due),
            None => None,
        };
        let mut events = match alone {
            Some(_) => Vec::new(),
            None => self.pending.next(self.room.now, &self.evidence.suspects),
        };
        if events.is_empty() {
            let alone = alone.or_else(|| left().find(due)).or_else(|| left().next());
            let event = alone.and_then(|alone| self.pending.left().find(|event| event.seq == alone));
            events.extend(event.cloned());
        }
        events
    }

    /// Chooses when a replay that backs off goes on: soon, as long as there are events that were not tried yet.
    fn plan(&mut self) {
        let left = self.pending.left().map(|event| event.seq);
        let wait = match self.evidence.suspects.next_probe(left, std::iter::empty(), false) {
            Some(probe) if self.evidence.suspects.count_alone() > 0 => probe.wait,
            _ => ProbeWait::Usual,
        };
        if let Some(backoff) = &mut self.backoff {
            backoff.plan(wait);
        }
    }

    /// Each event for itself: what is accepted or refused is done with, the rest is sent again.
    fn apply(&mut self, events: &[Arc<LoggedEvent>], report: &SendReport, now: Timestamp) -> Result<(), WorkerError> {
        let whole = report.decision(events.len());
        let (mut refused_all, mut accepted, mut troubled) = (None, 0, Troubled::default());
        for (position, event) in events.iter().enumerate() {
            let (decision, of_event) = report.decision_at(position, whole);
            match decision {
                Decision::Acknowledge => {
                    self.evidence.streak.accept();
                    self.evidence.suspects.clear(event.seq);
                    self.pending.sent(event.seq);
                    accepted += 1;
                }
                Decision::Refuse(refusal) => {
                    self.evidence.suspects.clear(event.seq);
                    self.pending.refused(event.seq, refusal, of_event, now);
                    if refusal != Refusal::Unsendable && self.evidence.streak.refuse() {
                        refused_all = Some(Trouble::EverythingRefused(refusal.status()));
                    }
                }
                Decision::BackOff { trouble, retry_after } => {
                    self.pending.failed(Some(of_event.reason.clone()));
                    troubled.trouble = Some((trouble, retry_after));
                    let is_alone = events.len() == 1 || report.parts.contains_key(&position);
                    self.suspect(event.seq, of_event, is_alone, &mut troubled);
                }
                Decision::Split => {
                    self.split(events);
                    return Ok(());
                }
                Decision::Forget => return Err(WorkerError::GivenUp),
            }
        }
        if accepted > 0 {
            self.blame(now);
        }
        if troubled.trouble.is_some() {
            self.apply_trouble(events.len(), accepted, &troubled, now);
            return Ok(());
        }
        self.pending.end_batch();
        match refused_all.filter(|_| accepted == 0) {
            Some(trouble) => {
                self.pending.failed(Some(report.whole.reason.clone()));
                self.back_off(trouble, None, now);
            }
            None => self.went_well(accepted == events.len()),
        }
        Ok(())
    }

    /// Notes an event that failed, if that can be its own fault.
    fn suspect(&mut self, seq: Seq, report: &Report, is_alone: bool, troubled: &mut Troubled) {
        let may_be_the_event = report.outcome.may_be_the_event();
        troubled.is_new |= !may_be_the_event || !self.evidence.suspects.contains(seq);
        if !may_be_the_event {
            return;
        }
        troubled.events.push(seq);
        if is_alone {
            // Of a request that is accepted in part, the rest of it is evidence.
            let request = self.evidence.sent.saturating_sub(1);
            self.evidence.suspect(seq, request, report.clone());
        }
    }

    /// A request was accepted: events that failed before, again and again, are parked.
    fn blame(&mut self, now: Timestamp) {
        (self.batch_failures, self.troubled_at) = (0, None);
        for (seq, report) in self.evidence.accept(self.evidence.sent) {
            self.pending.refused(seq, Refusal::Blamed, &report, now);
        }
    }

    fn apply_trouble(&mut self, count: usize, accepted: usize, troubled: &Troubled, now: Timestamp) {
        let is_batch = count > 1 && accepted == 0;
        self.batch_failures = self.batch_failures.saturating_add(1);
        let may_end = !self.sends_batches() || count == 1 || !troubled.is_new || self.batch_failures >= BATCH_FAILURES;
        if may_end && (!troubled.events.is_empty() || accepted > 0) {
            if is_batch {
                self.evidence.suspects.fail_together(&troubled.events);
            }
            self.pending.end_batch();
            self.batch_failures = 0;
        }
        if accepted > 0 {
            return self.went_well(false);
        }
        self.evidence.fail();
        self.troubled_at = Some(now);
        let is_last = self.pending.left().count() <= self.evidence.suspects.count_alone();
        let is_trouble = troubled.is_new || is_last || self.evidence.has_failed_often();
        if let (Some((trouble, retry_after)), true) = (troubled.trouble, is_trouble || self.backoff.is_some()) {
            self.back_off(trouble, retry_after, now);
        }
    }

    fn went_well(&mut self, whole: bool) {
        if self.backoff.take().is_some() {
            tracing::info!(replay_id = self.worker.replay.get(), "A replay stops backing off.");
        }
        self.pending.failed(None);
        if whole {
            self.room.grow();
        }
    }

    /// Too large together: the first half is sent next.
    fn split(&mut self, events: &[Arc<LoggedEvent>]) {
        self.pending.end_batch();
        self.room.halve(events.len());
    }

    fn back_off(&mut self, trouble: Trouble, retry_after: Option<Duration>, now: Timestamp) {
        if self.backoff.is_none() {
            tracing::warn!(
                replay_id = self.worker.replay.get(),
                destination_id = self.destination.id.get(),
                trouble = %trouble,
                "The destination fails; a replay backs off."
            );
        }
        let begin = || Backoff::begin(now, trouble, self.worker.shared.clock.clone());
        self.backoff.get_or_insert_with(begin).fail(trouble, retry_after, now);
    }

    /// Returns whether the replay is to go on.
    async fn commit(&mut self) -> Result<bool, WorkerError> {
        let update = self.pending.take_update();
        Ok(self.worker.shared.database.advance_replay(&update).await?)
    }

    async fn finish(&mut self) -> Result<(), WorkerError> {
        let (update, now) = (self.pending.take_update(), self.worker.shared.clock.now());
        let action = Action::ReplayFinished {
            replay: self.worker.replay,
            progress: update.position.progress,
        };
        let finished = InstanceEvent::new(self.destination.subject(), action);
        let finished = Recorded::new(finished, &Author::system(), now);
        let database = &self.worker.shared.database;
        Ok(database.finish_replay(&update, now, &finished).await?)
    }
}
