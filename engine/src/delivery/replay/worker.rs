//! One replay, on a thread of its own.
//!
//! One task waits for the stream, reads the range, sends, applies the policy to what requests come to, and stores the progress.
//! Requests are sent side by side as a stream sends them, each entity's in order, as long as the destination works. After a
//! failure, and for batches, one request is sent at a time. A command interrupts every wait, and nothing is started after one has
//! arrived.

mod outcomes;
mod sending;

use std::{sync::Arc, time::Duration};

use domain::{
    Timestamp,
    ids::{ReplayId, Seq},
    instance_event::{Action, Author, InstanceEvent},
    policy::{RequestNumber, StatusRules},
    replay::{ReplayState, ReplayWait},
};
use futures::{FutureExt, future::BoxFuture};
use tokio::{sync::watch, time::Instant};

use super::{
    super::{
        backoff::Backoff,
        evidence::Evidence,
        flight::{Flight, running, sleep_until},
        limiter::Wait,
        queues::{EntityQueues, QueueIndex, Room},
        shared::Shared,
        status::{CATCHING_UP, Status},
        thread::{CHANGE_GRACE, Commands, End, Worker, WorkerError, drain_deadline, is_superseded},
    },
    pending::PendingEvents,
};
use crate::{
    error_chain::error_chain,
    instance_events::Recorded,
    log::{LogError, LoggedEvent, RangeFilter, RangePage},
    sink::{Batching, Report, SendReport, Sink, SinkError, replay_sink_for},
    store::{Destination, StoreError},
};

/// How often the replay checks whether it still has to wait for the stream.
const TURN_PERIOD: Duration = Duration::from_millis(100);

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
        let limits = destination.target.delivery_limits().map_err(SinkError::from)?;
        if let Some(status) = shared.status_of(destination.id) {
            status.limiter.configure(destination.version, &limits);
        }
        let replay_loop = ReplayLoop {
            worker: self,
            filter: Arc::new(destination.range_filter(&replay.request)),
            destination: Arc::clone(destination),
            room: Room::of(sink.batching()),
            queues: match sink.batching() {
                Batching::Single | Batching::Ready { .. } => EntityQueues::by_entity(),
                Batching::Batches { .. } => EntityQueues::in_log_order(),
            },
            flight: Flight::cautious(sink.batching(), limits.max_concurrency),
            limited: None,
            statuses: limits.statuses,
            sink,
            pending: PendingEvents::new(replay),
            evidence: Evidence::new(shared.clock.clone()),
            batch_failures: 0,
            troubled_at: None,
            backoff: None,
            stream_was_backing_off: false,
            epoch: 0,
            reading: None,
            committing: None,
            is_commit_urgent: false,
            is_cancelled: false,
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

/// Waits until a limit no longer applies.
async fn not_limited(limited: &mut Option<Limited>) {
    match limited {
        None => std::future::pending().await,
        Some(Limited {
            wait: Wait::Until(until),
            ..
        }) => tokio::time::sleep_until(*until).await,
        // Without a sender, the stream is gone, and what it was replaced by is looked at.
        Some(Limited { freed, .. }) => drop(freed.changed().await),
    }
}

struct ReplayLoop<'worker> {
    worker: &'worker ReplayWorker,
    destination: Arc<Destination>,
    filter: Arc<RangeFilter>,
    sink: Arc<dyn Sink>,
    /// Overrides of how statuses are handled.
    statuses: StatusRules,
    room: Room,
    pending: PendingEvents,
    /// Of what is pending, what is not in flight.
    queues: EntityQueues,
    flight: Flight<Done>,
    /// Why the limits of the destination let nothing more be sent, as far as there was something.
    limited: Option<Limited>,
    evidence: Evidence<Report>,
    /// How many times the batch that is stored has failed.
    batch_failures: u32,
    /// When a request failed, if nothing was accepted since.
    troubled_at: Option<Timestamp>,
    backoff: Option<Backoff>,
    stream_was_backing_off: bool,
    /// Grows whenever a backoff begins: what was sent before neither ends nor prolongs it.
    epoch: u64,
    reading: Option<BoxFuture<'static, Result<RangePage, LogError>>>,
    committing: Option<BoxFuture<'static, Result<bool, StoreError>>>,
    is_commit_urgent: bool,
    /// The store says that the replay is not to go on.
    is_cancelled: bool,
}

/// What a request of the replay waits for.
struct Limited {
    wait: Wait,
    freed: watch::Receiver<()>,
}

/// A request that has ended.
struct Done {
    events: Vec<Arc<LoggedEvent>>,
    queues: Vec<QueueIndex>,
    number: RequestNumber,
    epoch: u64,
    report: SendReport,
}

impl ReplayLoop<'_> {
    async fn run(mut self, commands: &mut Commands) -> Result<End, WorkerError> {
        if !self.sends_batches() {
            // Of what the destination was before.
            self.pending.end_batch();
        }
        while !self.is_cancelled && !is_superseded(commands) {
            let wait = self.wait();
            if wait.is_none() {
                if self.pending.is_done() {
                    self.finish().await?;
                    return Ok(End::Over);
                }
                self.go_on(commands).await?;
            }
            let limited = || self.limited.is_some().then_some(ReplayWait::Limited);
            self.worker.shared.waits.set(self.worker.replay, wait.or_else(limited));
            self.start_committing();
            if wait.is_some() || self.is_busy() {
                self.rest(wait, commands).await?;
            }
        }
        self.drain(commands).await?;
        let goes_on = self.commit().await?;
        // Without a sender, nobody wants this replay any more.
        Ok(if goes_on && commands.has_changed().is_ok() {
            End::NewCommand
        } else {
            End::Over
        })
    }

    /// Whether something is under way, after which there may be something to do.
    fn is_busy(&self) -> bool {
        !self.flight.is_empty() || self.reading.is_some() || self.limited.is_some()
    }

    /// Waits until something has happened.
    async fn rest(&mut self, wait: Option<ReplayWait>, commands: &mut Commands) -> Result<(), WorkerError> {
        let status = self.stream_status().filter(|_| wait.is_some());
        let commit_due = self.pending.commit_due().filter(|_| self.committing.is_none());
        let wake = wait
            .map(|wait| self.wake_from(wait))
            .into_iter()
            .chain(commit_due)
            .min();
        tokio::select! {
            biased;
            // It is still to be obeyed.
            changed = commands.changed() => if changed.is_ok() { commands.mark_changed() },
            Some(done) = self.flight.next() => self.receive(done)?,
            page = running(&mut self.reading) => {
                self.reading = None;
                self.take_page(page?);
            }
            goes_on = running(&mut self.committing) => self.finish_commit(goes_on)?,
            () = try_wanted(status) => self.try_now(),
            () = not_limited(&mut self.limited) => self.limited = None,
            () = sleep_until(wake) => {}
        }
        Ok(())
    }

    /// Lets what is in flight end, as far as it matters. What does not end in time is sent again.
    async fn drain(&mut self, commands: &Commands) -> Result<(), WorkerError> {
        let deadline = match commands.has_changed() {
            Err(_) => None,
            Ok(_) if self.is_cancelled => Some(Instant::now() + self.sink.deadline() + CHANGE_GRACE),
            Ok(_) => drain_deadline(commands, self.sink.deadline()),
        };
        let Some(deadline) = deadline else { return Ok(()) };
        while !self.flight.is_empty() {
            tokio::select! {
                biased;
                Some(done) = self.flight.next() => self.receive(done)?,
                () = tokio::time::sleep_until(deadline) => break,
            }
        }
        Ok(())
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
            let number = self.evidence.send(&[]);
            self.blame(number, self.worker.shared.clock.now());
        }
    }

    fn stream_wait(&self) -> Option<ReplayWait> {
        let most_behind = most_behind(self.sink.batching());
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

    fn start_committing(&mut self) {
        let is_due = self.pending.commit_due().is_some_and(|due| due <= Instant::now());
        if (is_due || self.is_commit_urgent) && self.committing.is_none() {
            self.is_commit_urgent = false;
            let (database, update) = (self.worker.shared.database.clone(), self.pending.take_update());
            self.committing = Some(async move { database.advance_replay(&update).await }.boxed());
        }
    }

    fn finish_commit(&mut self, goes_on: Result<bool, StoreError>) -> Result<(), WorkerError> {
        self.committing = None;
        self.is_cancelled |= !goes_on?;
        Ok(())
    }

    /// Stores the progress after a commit that is under way. Returns whether the replay is to go on.
    async fn commit(&mut self) -> Result<bool, WorkerError> {
        self.end_commit().await?;
        let update = self.pending.take_update();
        self.is_cancelled |= !self.worker.shared.database.advance_replay(&update).await?;
        Ok(!self.is_cancelled)
    }

    async fn end_commit(&mut self) -> Result<(), WorkerError> {
        if self.committing.is_some() {
            let goes_on = running(&mut self.committing).await;
            self.finish_commit(goes_on)?;
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), WorkerError> {
        self.end_commit().await?;
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

/// A stream may be behind by up to so many positions without keeping its replays waiting: one that sends batches always is, by up to one
/// of them.
fn most_behind(batching: Batching) -> i64 {
    match batching {
        Batching::Batches { events, .. } => i64::try_from(events.saturating_mul(2))
            .unwrap_or(i64::MAX)
            .max(CATCHING_UP),
        Batching::Single | Batching::Ready { .. } => CATCHING_UP,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_with_small_batches_keeps_its_replays_waiting_no_more_than_others() {
        let of_batches = |events| {
            most_behind(Batching::Batches {
                events,
                bytes: 1_024,
                age: Duration::from_secs(1),
                at_once: true,
            })
        };
        assert_eq!([1, 250, 1_000].map(of_batches), [CATCHING_UP, CATCHING_UP, 2_000]);
        assert_eq!(most_behind(Batching::Single), CATCHING_UP);
    }
}
