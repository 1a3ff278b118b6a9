//! Decides what is sent next, and when the stream wakes by itself.

use std::sync::Arc;

use domain::ids::Seq;
use tokio::time::Instant;

use super::{
    super::super::{
        batches::Batches,
        flight::bytes_of,
        limiter::{Permit, Sender, Wait},
        queues::{QueueIndex, Taken},
    },
    Done, Mode, Origin, Sent, Stream,
};
use crate::sink::Batch;

/// So many requests of the pace may be in flight, however many are beside it.
const SENT_ANYWAY: usize = 8;

impl Stream {
    /// Closes a batch if it is time, and has its bounds stored.
    pub(super) fn close_batch(&mut self) {
        if matches!(self.mode, Mode::Ready(_)) {
            return;
        }
        let single = self.next_single();
        let Mode::Batches(batches) = &mut self.mode else { return };
        if let Some(batch) = batches.shorten(&self.queues) {
            return self.pending.batch_closed(batch, None);
        }
        let closed_at = self.worker.shared.clock.now();
        let (is_backing_off, queues, suspects) = (self.backoff.is_some(), &self.queues, &self.evidence.suspects);
        let usual = |batches: &mut Batches| match is_backing_off {
            true => None,
            false => batches.close(queues, suspects, Instant::now(), closed_at),
        };
        let alone = |batches: &mut Batches| {
            let seq = single?;
            let batch = Batch {
                first: seq,
                last: seq,
                closed_at,
            };
            // The same again, if it was sent alone before.
            let before = suspects.about(seq).and_then(|about| about.batch);
            batches.close_one(seq, before.unwrap_or(batch))
        };
        // After a failure something else comes first: it may show that the destination works.
        let closed = match self.evidence.failures {
            0 => alone(batches).or_else(|| usual(batches)),
            _ => usual(batches).or_else(|| alone(batches)),
        };
        if let Some(batch) = closed {
            self.pending.batch_closed(batch, batches.kept());
            self.show_progress();
        }
    }

    /// The event that is to be sent as a batch of its own: a probe, or a suspect that is due.
    fn next_single(&self) -> Option<Seq> {
        match &self.backoff {
            // The batch that keeps failing stays stored until then.
            Some(backoff) if self.tries_one() && !backoff.is_due() => None,
            Some(_) => self.probe.filter(|_| self.may_send()).map(|(_, seq)| seq),
            None => self.due_suspects().first().map(|(_, seq)| *seq),
        }
    }

    fn tries_one(&self) -> bool {
        matches!(&self.mode, Mode::Batches(batches) if batches.tries_one())
    }

    /// Whether another request may be sent. A stream in trouble sends one at a time, and the first only when everything has ended
    /// that was sent before; so does a stream that was in trouble when it began, until it has had an answer.
    pub(super) fn may_send(&self) -> bool {
        !self.pending.is_troubled() || self.flight.is_empty()
    }

    /// Sends what may be sent now: a probe if the stream backs off, else as much as the pace allows, and what has failed
    /// before beside it; nothing that the limits of the destination forbid.
    pub(super) fn dispatch(&mut self) {
        let was_limited = self.limited.take().is_some();
        self.send_what_may_be_sent();
        if was_limited && self.limited.is_none() {
            self.worker.status.limiter.stream_is_idle();
        }
    }

    fn send_what_may_be_sent(&mut self) {
        if !self.may_send() {
            return;
        }
        if let Some(backoff) = &self.backoff {
            return self.send_while_backing_off(backoff.is_due());
        }
        if self.pending.is_troubled() && self.send_next() {
            return;
        }
        if self.is_new_next && self.has_room_for_a_request() && self.send_next() {
            self.is_new_next = false;
        }
        let extra_before = self.extra_in_flight;
        self.send_suspects();
        self.send_due_refusal();
        let has_retried = self.extra_in_flight > extra_before;
        while self.may_send() && self.has_room_for_a_request() {
            if !self.send_next() {
                break;
            }
        }
        self.is_new_next |= has_retried && self.limited.is_some();
    }

    /// A permit for a request. `None`, and noted, if there is none now: only asked for if there is something to send, because replays
    /// let the stream go first.
    fn permit(&mut self, sender: Sender) -> Option<Permit> {
        let permit = self.worker.status.limiter.acquire(sender, Instant::now);
        permit.map_err(|wait| self.limited = Some(wait)).ok()
    }

    /// What is beside the pace takes part of it up, but not all: while that gets no answer, other events are sent.
    fn has_room_for_a_request(&self) -> bool {
        let (allowed, usual) = (self.flight.pace.allowed(), self.flight.len() - self.extra_in_flight);
        let room = allowed
            .saturating_sub(self.extra_in_flight)
            .max(allowed.min(SENT_ANYWAY));
        usual < room && (usual == 0 || self.flight.has_bytes_left())
    }

    fn send_suspects(&mut self) {
        if self.evidence.suspects.count_alone() == 0 || matches!(self.mode, Mode::Batches(_)) {
            return;
        }
        for (queue, seq) in self.due_suspects() {
            let is_allowed = self.suspects_in_flight < self.flight.suspects_allowed() && self.may_send_extra();
            if !is_allowed || !self.may_send() {
                break;
            }
            let Some(permit) = self.permit(Sender::Stream) else {
                break;
            };
            let taken = self.queues.take_one(queue, seq);
            self.suspects_in_flight += usize::from(self.send(permit, taken, None, true));
        }
    }

    /// What is beside the pace leaves a request to the rest, if the settings of the destination allow more than one.
    pub(super) fn may_send_extra(&self) -> bool {
        self.extra_in_flight < self.flight.extra_allowed()
    }

    /// False if there is nothing to send, or no permit for it.
    fn send_next(&mut self) -> bool {
        match &self.mode {
            Mode::Ready(room) => {
                let room = *room;
                if !self.queues.has_ready() {
                    return false;
                }
                let Some(permit) = self.permit(Sender::Stream) else {
                    return false;
                };
                let taken = self.queues.take(room, |seq| self.evidence.most(seq));
                self.send(permit, taken, None, false)
            }
            Mode::Batches(_) => self.send_batch(Sender::Stream),
        }
    }

    /// False if no batch is stored, or not all of it has been read, or there is no permit for it.
    fn send_batch(&mut self, sender: Sender) -> bool {
        let Mode::Batches(batches) = &self.mode else {
            return false;
        };
        let end = self.worker.shared.log.last_seq();
        let Some(batch) = batches.stored().filter(|batch| batch.last.min(end) <= self.read_to) else {
            return false;
        };
        let Some(permit) = self.permit(sender) else {
            return false;
        };
        let Mode::Batches(batches) = &mut self.mode else {
            return false;
        };
        let taken = self.queues.take_between(QueueIndex::SINGLE, batch.first, batch.last);
        if taken.is_empty() {
            // The filter was changed, and admits none of it any more.
            batches.ended();
            self.pending.batch_ended();
            return false;
        }
        batches.sent(&self.queues, Instant::now());
        self.send(permit, taken, Some(batch), false)
    }

    /// While no more refused events are kept, those that are due are sent at their own times: each that is accepted makes room, and
    /// one that is parked can be discarded. A probe that is due takes turns with them, to notice that the destination accepts it;
    /// also if the event to probe with fails, because it may be the reason.
    fn send_while_backing_off(&mut self, is_due: bool) {
        let goes_first = match is_due {
            true => self.is_retry_next && (self.lacks_room() || self.refused_too_many()),
            false => self.lacks_room(),
        };
        if goes_first && self.send_due_refusal() {
            return;
        }
        if is_due && !self.send_probe() {
            self.send_due_refusal();
        }
    }

    /// False if there is nothing to probe with, or no permit for it.
    fn send_probe(&mut self) -> bool {
        let is_sent = match (&self.mode, self.probe) {
            (Mode::Ready(_), Some((queue, seq))) => {
                let Some(permit) = self.permit(Sender::Probe) else {
                    return false;
                };
                self.last_probe_was_first = self.queues.firsts().any(|(_, first)| first == seq);
                let probe = self.queues.take_one(queue, seq);
                self.send(permit, probe, None, false)
            }
            (Mode::Ready(_), None) => false,
            (Mode::Batches(_), _) => self.send_batch(Sender::Probe),
        };
        self.is_retry_next |= is_sent;
        is_sent
    }

    /// False if no refused event is due, or none may be sent.
    fn send_due_refusal(&mut self) -> bool {
        let Some((permit, seq)) = self.take_due_refusal() else {
            return false;
        };
        self.is_retry_next = false;
        self.send_refused(permit, seq);
        true
    }

    /// Asks for the time only if a refused event waits: this is called for every event. It waits for the rate also while the stream backs
    /// off: these may be many.
    fn take_due_refusal(&mut self) -> Option<(Permit, Seq)> {
        let due = self
            .refusals
            .next_due()
            .filter(|_| self.may_send() && self.may_send_extra())?;
        let now = self.worker.shared.clock.now();
        if due > now {
            return None;
        }
        let permit = self.permit(Sender::Stream)?;
        Some((permit, self.refusals.take_due(now)?))
    }

    /// False if there is nothing to send.
    fn send(&mut self, mut permit: Permit, taken: Vec<Taken>, batch: Option<Batch>, is_extra: bool) -> bool {
        if taken.is_empty() {
            return false;
        }
        permit.used();
        let (origins, events): (Vec<_>, Vec<_>) = taken
            .into_iter()
            .map(|(queue, event)| (Origin::Queue(queue), event))
            .unzip();
        self.extra_in_flight += usize::from(is_extra);
        let (bytes, epoch, number) = (bytes_of(&events), self.epoch, self.evidence.send(&events));
        let sink = Arc::clone(&self.sink);
        let send = async move {
            let report = sink.send(&events, batch).await;
            drop(permit);
            Sent::Done(Done {
                events,
                origins,
                batch,
                epoch,
                number,
                is_extra,
                report,
            })
        };
        self.flight.begin(number, bytes, 0, send);
        true
    }

    fn send_refused(&mut self, mut permit: Permit, seq: Seq) {
        self.extra_in_flight += 1;
        let (log, sink, epoch) = (self.worker.shared.log.clone(), Arc::clone(&self.sink), self.epoch);
        let (admission, number) = (Arc::clone(&self.admission), self.evidence.send(&[]));
        let send = async move {
            match log.read_one(seq).await {
                Ok(Some(event)) if !admission.admits(&event) => Sent::NotAdmitted(seq),
                Ok(Some(event)) => {
                    let events = vec![event];
                    permit.used();
                    let report = sink.send(&events, None).await;
                    drop(permit);
                    Sent::Done(Done {
                        events,
                        origins: vec![Origin::Refused],
                        batch: None,
                        epoch,
                        number,
                        is_extra: true,
                        report,
                    })
                }
                Ok(None) => Sent::Gone(seq),
                Err(error) => Sent::Unread(seq, error),
            }
        };
        self.flight.begin_extra(send);
    }

    /// The next moment at which there is something to do without anything having happened.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        let probe = self
            .backoff
            .as_ref()
            .filter(|_| self.may_send() && self.has_probe())
            .map(|backoff| backoff.next_probe);
        let sending = match self.limited {
            None => [probe, self.refusal_timer(), self.suspect_timer()],
            // A probe that is due has been tried.
            Some(Wait::Until(until)) => [Some(until), probe.filter(|probe| *probe > Instant::now()), None],
            Some(Wait::Freed) => [None; 3],
        };
        let commit = self.pending.commit_due().filter(|_| self.committing.is_none());
        let commit = commit.map(|due| self.pause_until.map_or(due, |until| due.max(until)));
        let read = self.pause_until.filter(|until| *until > Instant::now());
        let others = [commit, read, self.batch_timer()];
        sending.into_iter().chain(others).flatten().min()
    }

    /// When a batch is old enough to be closed.
    fn batch_timer(&self) -> Option<Instant> {
        match &self.mode {
            Mode::Batches(batches)
                if self.backoff.is_none() && self.queues.waiting() > self.evidence.suspects.count_alone() =>
            {
                batches.next_close()
            }
            Mode::Batches(_) | Mode::Ready(_) => None,
        }
    }

    fn has_probe(&self) -> bool {
        let has_events = match &self.mode {
            Mode::Ready(_) => self.probe.is_some(),
            Mode::Batches(batches) => batches.stored().is_some(),
        };
        has_events
            || self
                .refusals
                .next_due()
                .is_some_and(|due| due <= self.worker.shared.clock.now())
    }

    /// When a refused event is due and may be sent: during a backoff only as a probe, unless the backoff is about refused events.
    fn refusal_timer(&self) -> Option<Instant> {
        let due_at = self
            .refusals
            .next_due()
            .filter(|_| self.may_send() && self.may_send_extra())?;
        let wait = due_at.since(self.worker.shared.clock.now());
        let due = Instant::now() + wait;
        let backoff = self.backoff.as_ref().filter(|backoff| !backoff.lacks_room());
        Some(backoff.map_or(due, |backoff| due.max(backoff.next_probe)))
    }
}
