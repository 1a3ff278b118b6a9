//! Batches of the log: stretches that are sent as one, each under bounds that are stored before it is sent.
//!
//! A batch goes through three states: closed (its bounds are chosen), stored (they are on disk, with everything acknowledged before
//! them), out (it is being sent). It ends when its events are acknowledged, and stays stored as long as they are not, so that
//! whatever is sent again, after a failure or a crash, is the same batch.
//!
//! A batch that keeps failing is given up only when a request is accepted after that: then the destination works, and one of the events
//! may be at fault. To find out, single events are tried now and then, each as a batch of its own in place of this one. Meanwhile, both are
//! stored.

mod room;

use std::time::Duration;

use domain::{
    Timestamp,
    ids::Seq,
    policy::{RequestNumber, Suspects},
};
use tokio::time::Instant;

use self::room::BatchRoom;
pub(super) use self::room::{BatchSize, Refused};
use super::queues::{EntityQueues, Room};
use crate::sink::Batch;

/// When a batch is closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchLimits {
    pub(super) events: usize,
    pub(super) bytes: usize,
    pub(super) age: Duration,
    /// An event waits no longer than this after the batch before it was sent: after a quiet time, it does not wait at all.
    pub(super) at_once: bool,
}

impl BatchLimits {
    const fn room(self) -> Room {
        Room::of_batches(self.events, self.bytes)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Stored,
    Out,
}

pub(super) struct Batches {
    limits: BatchLimits,
    room: BatchRoom,
    current: Option<(Batch, State)>,
    /// Since when the oldest event of the next batch waits.
    waiting_since: Option<Instant>,
    /// When a batch was last sent.
    last_sent: Option<Instant>,
    /// The event that the current batch was closed for, if it was for one alone.
    only: Option<Seq>,
    /// The current batch has events that have failed together before.
    is_part: bool,
    /// A batch of one event that was given up: it is sent next, under the same bounds.
    given_up: Option<Batch>,
    /// The current batch was closed before this stream began, and was not sent since.
    is_from_before: bool,
    /// The batch that keeps failing, while the current one is of a single event.
    kept: Option<Batch>,
    failed: Failed,
}

/// How a batch has failed that is sent again as it is.
#[derive(Clone, Copy, Debug, Default)]
struct Failed {
    times: u32,
    /// The last request of it.
    request: RequestNumber,
    /// A single event is tried next.
    tries_one: bool,
    /// How many times one was tried.
    tried: usize,
}

/// Failures of a batch after which it may be one of its events.
const FAILURES_BEFORE_SMALLER: u32 = 3;

impl Batches {
    /// `stored` is the batch that was being sent when this stream ended, `kept` the one that it was sent in place of. An endpoint gets the
    /// latter again as it is: if it works by now, it accepts it whole. Of S3, the former may be an object already, so it goes on with that.
    pub(super) fn new(limits: BatchLimits, stored: Option<Batch>, kept: Option<Batch>) -> Self {
        let (stored, kept) = match kept {
            Some(kept) if limits.at_once => (Some(kept), None),
            kept => (stored, kept),
        };
        Self {
            limits,
            room: BatchRoom::new(limits.room()),
            current: stored.map(|batch| (batch, State::Stored)),
            waiting_since: None,
            last_sent: None,
            only: kept.and(stored).map(|single| single.first),
            is_part: false,
            given_up: None,
            is_from_before: stored.is_some(),
            kept,
            failed: Failed {
                times: kept.map_or(0, |_| FAILURES_BEFORE_SMALLER),
                ..Failed::default()
            },
        }
    }

    pub(super) const fn limits(&self) -> BatchLimits {
        self.limits
    }

    /// The batch that may be sent now.
    pub(super) fn stored(&self) -> Option<Batch> {
        self.current
            .filter(|(_, state)| *state == State::Stored)
            .map(|(batch, _)| batch)
    }

    /// The batch that keeps failing, while a single event is sent in its place.
    pub(super) const fn kept(&self) -> Option<Batch> {
        self.kept
    }

    /// The batch that there is, if any, in whatever state.
    pub(super) fn current(&self) -> Option<Batch> {
        self.current.map(|(batch, _)| batch)
    }

    /// Whether there is a batch.
    pub(super) const fn is_any(&self) -> bool {
        self.current.is_some()
    }

    /// Whether a batch ends after this position, up to which the log was read. It is read to its end, whatever its size: its bounds may be
    /// older than the limits.
    pub(super) fn ends_after(&self, read_to: Seq) -> bool {
        self.current.is_some_and(|(batch, _)| read_to < batch.last)
    }

    /// Notes whether anything waits.
    pub(super) fn watch(&mut self, queues: &EntityQueues, now: Instant) {
        self.waiting_since = match queues.waiting() {
            0 => None,
            _ => self.waiting_since.or(Some(now)),
        };
    }

    /// Closes a batch if there is none and what waits is much or old enough, or has failed before. It leaves out events that have
    /// failed alone. The caller has it stored.
    pub(super) fn close<T>(
        &mut self,
        queues: &EntityQueues,
        suspects: &Suspects<T>,
        now: Instant,
        closed_at: Timestamp,
    ) -> Option<Batch> {
        if self.current.is_some() || queues.waiting() <= suspects.count_alone() {
            return None;
        }
        let mut waiting = queues.single().map(|event| event.seq);
        let first = waiting.find(|seq| !suspects.failed_alone(*seq))?;
        self.room.reach(first);
        if !suspects.contains(first) && !self.is_ripe(queues, now) {
            return None;
        }
        let is_skipped = |seq| suspects.failed_alone(seq);
        let (first, last) = queues.bounds(self.room.now(), is_skipped, |seq| suspects.most(seq))?;
        let again = self
            .given_up
            .take()
            .filter(|batch| (batch.first, batch.last) == (first, last));
        let batch = self.close_as(again.unwrap_or(Batch { first, last, closed_at }));
        self.is_part = suspects.contains(first);
        Some(batch)
    }

    /// Closes a batch for this event alone, in place of one for another event if that is not out, or of the batch that keeps failing if
    /// it is the turn of a single event. `None` if there is another batch, or the same.
    pub(super) fn close_one(&mut self, seq: Seq, batch: Batch) -> Option<Batch> {
        let is_other = self.only.is_some_and(|only| only != seq);
        let may_close = self.current.is_none_or(|(_, state)| is_other && state != State::Out);
        match self.whole() {
            Some(whole) if whole.first == seq && whole.last == seq => return None,
            Some(whole) if self.kept.is_none() && self.tries_one() => {
                self.kept = Some(whole);
                self.current = Some((batch, State::Closed));
            }
            _ if !may_close => return None,
            Some(_) if self.kept.is_some() => self.current = Some((batch, State::Closed)),
            _ => {
                self.close_as(batch);
            }
        }
        self.only = Some(seq);
        Some(batch)
    }

    /// Shortens a batch that was closed under higher limits, as soon as more of it was read than the limits allow now. The result is to be
    /// stored. Not a batch of S3, where an object of the whole of it may be already: its limits never change.
    pub(super) fn shorten(&mut self, queues: &EntityQueues) -> Option<Batch> {
        let (batch, _) = self.current.filter(|_| self.is_from_before && self.limits.at_once)?;
        let room = Room {
            last: Some(batch.last),
            ..self.limits.room()
        };
        let (_, last) = queues.bounds(room, |seq| seq < batch.first, |_| None)?;
        let mut waiting = queues.single().map(|event| event.seq);
        let is_shorter = waiting.any(|seq| last < seq && seq <= batch.last);
        is_shorter.then(|| self.close_as(Batch { last, ..batch }))
    }

    fn close_as(&mut self, batch: Batch) -> Batch {
        self.current = Some((batch, State::Closed));
        self.only = None;
        self.is_part = false;
        self.is_from_before = false;
        self.failed = Failed::default();
        batch
    }

    /// Whether the current batch is of an event behind the one that keeps failing.
    pub(super) fn is_behind(&self, seq: Seq) -> bool {
        self.kept.is_some_and(|kept| kept.last < seq)
    }

    /// How many times a single event was tried in place of the batch that keeps failing.
    pub(super) const fn tried(&self) -> usize {
        self.failed.tried
    }

    /// Whether the current batch is sent again as it is when it fails: not if it was closed for one event, or has events that have failed
    /// together before.
    pub(super) const fn is_repeated(&self) -> bool {
        self.current.is_some() && self.only.is_none() && !self.is_part
    }

    /// The batch that is sent again as it is.
    pub(super) fn whole(&self) -> Option<Batch> {
        let current = self.current.filter(|_| self.only.is_none()).map(|(batch, _)| batch);
        self.kept.or(current)
    }

    /// Whether a single event is to be tried in place of the batch that keeps failing.
    pub(super) const fn tries_one(&self) -> bool {
        self.kept.is_some() || (self.failed.tries_one && self.failed.times >= FAILURES_BEFORE_SMALLER)
    }

    /// These bounds are on disk.
    pub(super) fn was_stored(&mut self, batch: Option<Batch>) {
        if let Some((current, state @ State::Closed)) = &mut self.current
            && Some(*current) == batch
        {
            *state = State::Stored;
        }
    }

    /// The batch is being sent; what is left in the queues waits from now on.
    pub(super) fn sent(&mut self, queues: &EntityQueues, now: Instant) {
        self.is_from_before = false;
        self.last_sent = Some(now);
        if let Some((_, state)) = &mut self.current {
            *state = State::Out;
        }
        self.waiting_since = (queues.waiting() > 0).then_some(now);
    }

    /// Whether the batch has a position in this stretch.
    pub(super) fn overlaps(&self, first: Seq, last: Seq) -> bool {
        let current = self.current.map(|(batch, _)| batch);
        let mut batches = current.into_iter().chain(self.kept);
        batches.any(|batch| batch.first <= last && first <= batch.last)
    }

    /// The batch is to be sent again as it is.
    pub(super) fn put_back(&mut self) {
        self.failed.tries_one = false;
        if let Some((_, state)) = &mut self.current {
            *state = State::Stored;
        }
    }

    /// A request of the batch has failed in a way that may be the fault of one of its events, and it is to be sent again as it is. A
    /// single event is tried right after that, if `others_wait`; one that comes in later waits for the next try of the batch.
    pub(super) fn fail(&mut self, request: RequestNumber, others_wait: bool) {
        self.put_back();
        self.failed = Failed {
            times: self.failed.times.saturating_add(1),
            request,
            tries_one: others_wait,
            ..self.failed
        };
    }

    /// The event that was tried in place of the batch has shown nothing. Returns the batch, which is to be stored again; `None` if there
    /// is none.
    pub(super) fn resume(&mut self) -> Option<Batch> {
        let kept = self.kept.take()?;
        self.current = Some((kept, State::Closed));
        self.only = None;
        self.failed.tries_one = false;
        self.failed.tried += 1;
        Some(kept)
    }

    /// This request was accepted. Returns the batch that is given up because it has failed before that, again and again.
    pub(super) fn accept(&mut self, request: RequestNumber) -> Option<Batch> {
        if self.failed.times < FAILURES_BEFORE_SMALLER || request <= self.failed.request {
            return None;
        }
        let given_up = self.kept.take().or_else(|| {
            let waiting = self.current.take_if(|(_, state)| *state != State::Out)?;
            Some(waiting.0)
        })?;
        self.failed = Failed::default();
        self.given_up = Some(given_up).filter(|batch| batch.first == batch.last);
        Some(given_up)
    }

    /// The batch was refused and is to be sent in two parts. Returns the first, which is to be stored; what is left of it follows
    /// immediately.
    pub(super) fn split(&mut self, last: Seq, refused: Refused) -> Option<Batch> {
        let (batch, _) = self.current?;
        self.room.split(batch.last, refused);
        Some(self.close_as(Batch { last, ..batch }))
    }

    /// A batch of this size was accepted.
    pub(super) fn accepted(&mut self, size: BatchSize) {
        self.room.accepted(size);
    }

    /// A batch of a single event was refused.
    pub(super) fn refused_one(&mut self) {
        self.room.refused_one();
    }

    /// Batches that were too much for the destination are not sent again: it did not answer one of so many events in time.
    pub(super) fn timed_out(&mut self, events: usize) {
        self.room.shrink(events / 2, usize::MAX);
    }

    /// Nothing of the batch is left to be sent.
    pub(super) fn ended(&mut self) {
        self.current = None;
        self.kept = None;
        self.failed = Failed::default();
    }

    /// Whether no event waits longer than for its batch: at most one batch is closed, and what waits in the queues is not to be closed
    /// as another one yet.
    pub(super) fn is_in_time(&self, queues: &EntityQueues, now: Instant) -> bool {
        self.current.is_none() || !self.is_ripe(queues, now)
    }

    /// When what waits is sent although it does not fill a batch; `None` if nothing waits.
    pub(super) fn next_close(&self) -> Option<Instant> {
        let since = self.waiting_since.filter(|_| self.current.is_none())?;
        match (self.limits.at_once, self.last_sent) {
            (false, _) => Some(since + self.limits.age),
            (true, Some(sent)) => Some(since.max(sent + self.limits.age)),
            (true, None) => Some(since),
        }
    }

    fn is_ripe(&self, queues: &EntityQueues, now: Instant) -> bool {
        let is_old = || self.room.is_splitting() || self.next_close().is_some_and(|close| close <= now);
        let room = self.room.now();
        queues.waiting_bytes() + queues.waiting() * room.between >= room.bytes
            || queues.waiting() >= room.events
            || (queues.waiting() > 0 && is_old())
    }
}

#[cfg(test)]
mod tests;
