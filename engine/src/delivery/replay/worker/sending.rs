//! Decides what is read and sent next.

use std::sync::Arc;

use domain::{ids::Seq, policy::ProbeWait};
use tokio::time::Instant;

use super::{
    super::super::{
        flight::bytes_of,
        limiter::{Permit, Sender},
        queues::{QueueIndex, Taken},
        shared::{PAGE_BYTES, PAGE_EVENTS},
        thread::{Commands, WorkerError, is_superseded},
    },
    Done, Limited, ReplayLoop,
};
use crate::{
    log::{LoggedEvent, RangePage},
    sink::Batch,
};

/// With fewer events left than this, a suspect is tried without a pause.
const FEW: usize = 8;

/// Nothing more is read while this many events, or bytes of them, wait to be sent, or twice what one request takes.
const WINDOW_EVENTS: usize = 2_000;
const WINDOW_BYTES: usize = 8 * 1024 * 1024;

/// Nothing more is read ahead while this many bytes of events were read since the first one that is not done with.
const MOST_READ_BYTES: usize = 32 * 1024 * 1024;

impl ReplayLoop<'_> {
    /// Reads and sends what is next. If nothing is under way afterwards, there is more to do.
    pub(super) async fn go_on(&mut self, commands: &Commands) -> Result<(), WorkerError> {
        self.limited = None;
        if self.sends_side_by_side() {
            self.read_ahead();
            if self.reading.is_none() || self.fills_a_request() {
                self.send_side_by_side();
            }
        }
        // What was sent before ends first.
        if self.is_busy() {
            return Ok(());
        }
        if !self.is_ready() {
            self.start_reading();
            return Ok(());
        }
        self.send_alone(commands).await
    }

    /// Not after a failure, until something is accepted; nor if events have failed alone and few are left, each of which is needed
    /// to show that the destination works.
    fn sends_side_by_side(&self) -> bool {
        let is_working = self.backoff.is_none() && self.evidence.failures == 0;
        let has_suspects = self.evidence.suspects.count_alone() > 0;
        !self.sends_batches() && is_working && !(has_suspects && self.pending.is_read())
    }

    fn read_ahead(&mut self) {
        let (events, bytes) = (
            WINDOW_EVENTS.max(2 * self.room.events),
            WINDOW_BYTES.max(2 * self.room.bytes),
        );
        let has_room = self.queues.waiting() < events && self.queues.waiting_bytes() < bytes;
        if has_room && self.pending.bytes() < MOST_READ_BYTES && !self.pending.is_read() {
            self.start_reading();
        }
    }

    fn fills_a_request(&self) -> bool {
        let room = self.room;
        self.queues.waiting() >= room.events || (room.events > 1 && self.queues.waiting_bytes() >= room.bytes)
    }

    /// Whether as much has been read as a request that is sent alone can take.
    fn is_ready(&self) -> bool {
        self.pending.is_read()
            || (self.pending.batch().is_none() && self.pending.fills(self.room, &self.evidence.suspects))
    }

    fn start_reading(&mut self) {
        if self.reading.is_some() {
            return;
        }
        let shared = &self.worker.shared;
        let (log, filter) = (shared.log.clone(), Arc::clone(&self.filter));
        let stretch = (self.pending.read_to(), self.pending.read_up_to());
        let read = async move { log.read_range(&filter, stretch, PAGE_EVENTS, PAGE_BYTES).await };
        self.reading = Some(shared.read_log(read));
    }

    pub(super) fn take_page(&mut self, page: RangePage) {
        for event in &page.events {
            self.queues.push(Arc::clone(event));
        }
        self.pending.push(page);
    }

    /// Events that have failed alone, when they are due, and others as far as the stream leaves room for them.
    fn send_side_by_side(&mut self) {
        for (queue, seq) in self.due_suspects() {
            let Some(permit) = self.permit() else { return };
            let taken = self.queues.take_one(queue, seq);
            self.send(permit, taken, None);
        }
        while self.has_room() && self.queues.has_ready() {
            let Some(permit) = self.permit() else { return };
            let taken = self.queues.take(self.room, |seq| self.evidence.most(seq));
            if !self.send(permit, taken, None) {
                break;
            }
        }
    }

    /// A permit for a request beside those of the stream. `None`, and noted, if there is none now.
    fn permit(&mut self) -> Option<Permit> {
        let status = self.stream_status()?;
        // Before the limit is looked at: no end of it is missed.
        let freed = status.limiter.subscribe();
        let permit = status.limiter.acquire(Sender::Replay, Instant::now);
        permit.map_err(|wait| self.limited = Some(Limited { wait, freed })).ok()
    }

    fn due_suspects(&self) -> Vec<(QueueIndex, Seq)> {
        let suspects = &self.evidence.suspects;
        if suspects.count_alone() == 0 {
            return Vec::new();
        }
        let in_flight = suspects.count_alone().saturating_sub(self.queues.blocked().count());
        let now = self.evidence.now();
        let is_due = |seq| suspects.due(seq).is_some_and(|(_, due)| due <= now);
        let due = self.queues.blocked().filter(|(_, seq)| is_due(*seq));
        due.take(self.flight.suspects_allowed().saturating_sub(in_flight))
            .collect()
    }

    /// What the stream has in flight takes room up. One request of the replay is always allowed.
    fn has_room(&self) -> bool {
        let allowed = room_beside(self.flight.pace.allowed(), self.stream_in_flight());
        self.flight.is_empty() || (self.flight.len() < allowed && self.flight.has_bytes_left())
    }

    fn stream_in_flight(&self) -> usize {
        let concurrency = self.stream_status().and_then(|status| status.concurrency());
        concurrency.map_or(0, |concurrency| {
            usize::try_from(concurrency.in_flight).unwrap_or(usize::MAX)
        })
    }

    /// Sends one request while nothing else is in flight. Sends nothing if no event of the stored batch is left.
    async fn send_alone(&mut self, commands: &Commands) -> Result<(), WorkerError> {
        let events = self.next_events();
        if self.sends_batches() && (self.pending.batch().is_none() || events.is_empty()) {
            // Empty only if the filter was changed, and admits nothing of a stored batch any more.
            self.pending.close_batch(&events);
            if !self.commit().await? {
                return Ok(());
            }
        }
        if is_superseded(commands) {
            return Ok(());
        }
        let Some(permit) = self.permit() else { return Ok(()) };
        let closed_at = self.pending.replay().created_at;
        let batch = self
            .pending
            .batch()
            .map(|(first, last)| Batch { first, last, closed_at });
        let mut taken = Vec::with_capacity(events.len());
        for event in &events {
            let queue = self.queues.index_of(event);
            taken.extend(self.queues.take_between(queue, event.seq, event.seq));
        }
        self.send(permit, taken, batch);
        Ok(())
    }

    /// False if there is nothing to send.
    fn send(&mut self, mut permit: Permit, taken: Vec<Taken>, batch: Option<Batch>) -> bool {
        if taken.is_empty() {
            return false;
        }
        permit.used();
        let (queues, events): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
        let (bytes, epoch, number) = (bytes_of(&events), self.epoch, self.evidence.send(&events));
        let sink = Arc::clone(&self.sink);
        let send = async move {
            let report = sink.send(&events, batch).await;
            drop(permit);
            Done {
                events,
                queues,
                number,
                epoch,
                report,
            }
        };
        let beside = self.stream_in_flight();
        self.flight.begin(number, bytes, beside, send);
        true
    }

    /// What is sent next: while the destination is in trouble, the event that has failed least often; else a suspect that is due;
    /// else what is next in order.
    fn next_events(&self) -> Vec<Arc<LoggedEvent>> {
        if self.pending.batch().is_some() || self.evidence.suspects.count_alone() == 0 && self.backoff.is_none() {
            return self.pending.next(self.room, &self.evidence);
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
            None => self.pending.next(self.room, &self.evidence),
        };
        if events.is_empty() {
            let alone = alone.or_else(|| left().find(due)).or_else(|| left().next());
            let event = alone.and_then(|alone| self.pending.left().find(|event| event.seq == alone));
            events.extend(event.cloned());
        }
        events
    }

    /// Chooses when a replay that backs off goes on: soon, as long as there are events that were not tried yet.
    pub(super) fn plan(&mut self) {
        if self.backoff.is_none() {
            // Called for every response: what is left may be much.
            return;
        }
        let left = self.pending.left().map(|event| event.seq);
        let wait = match self.evidence.suspects.next_probe(left, std::iter::empty(), false) {
            Some(probe) if self.evidence.suspects.count_alone() > 0 => probe.wait,
            _ => ProbeWait::Usual,
        };
        if let Some(backoff) = &mut self.backoff {
            backoff.plan(wait);
        }
    }
}

/// How many requests a replay may have in flight beside those of its stream.
fn room_beside(allowed: usize, stream_in_flight: usize) -> usize {
    allowed.saturating_sub(stream_in_flight).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_takes_room_from_its_replay_but_not_all_of_it() {
        assert_eq!(room_beside(64, 0), 64);
        assert_eq!(room_beside(64, 40), 24);
        assert_eq!(room_beside(64, 64), 1);
        assert_eq!(room_beside(4, 200), 1);
    }
}
