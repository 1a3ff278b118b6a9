//! Applies the policy to the outcome of a request.

use std::time::Duration;

use domain::{
    Timestamp,
    ids::Seq,
    policy::{Decision, Refusal, RequestNumber, Trouble},
};

use super::{
    super::super::{backoff::Backoff, flight::bytes_of, queues::QueueIndex, thread::WorkerError},
    Done, ReplayLoop,
};
use crate::sink::Report;

/// Failures of a stored batch after which it may be one of its events.
const BATCH_FAILURES: u32 = 3;

/// What a request has shown.
#[derive(Default)]
struct Shown {
    accepted: usize,
    trouble: Option<(Trouble, Option<Duration>)>,
    /// Of those that met with trouble, the ones that can be the reason.
    troubled: Vec<Seq>,
    /// Something met with trouble that had not failed before, or can't be the reason.
    is_new: bool,
    /// So many in a row were refused that it is the destination.
    everything_refused: Option<Trouble>,
}

impl ReplayLoop<'_> {
    pub(super) fn receive(&mut self, done: Done) -> Result<(), WorkerError> {
        let now = self.worker.shared.clock.now();
        let was_batch = self.pending.batch().is_some();
        self.apply(done, now)?;
        // Whatever else has ended meanwhile is taken along before anything new is looked at.
        while let Some(done) = self.flight.next_ended() {
            self.apply(done, now)?;
        }
        self.plan();
        self.is_commit_urgent |= was_batch && self.pending.batch().is_none();
        Ok(())
    }

    /// Each event for itself: what is accepted or refused is done with, the rest is sent again.
    fn apply(&mut self, done: Done, now: Timestamp) -> Result<(), WorkerError> {
        self.flight.ended(bytes_of(&done.events));
        let (count, is_current) = (done.events.len(), done.epoch == self.epoch);
        let (number, latency, reason) = (done.number, done.report.latency, done.report.whole.reason.clone());
        let whole = done.report.decision(count, &self.statuses);
        match whole {
            Decision::Forget => return Err(WorkerError::GivenUp),
            Decision::Split => {
                self.split(done);
                return Ok(());
            }
            Decision::Acknowledge | Decision::Refuse(_) | Decision::BackOff { .. } => {}
        }
        let shown = self.apply_events(done, whole, now);
        if shown.accepted > 0 {
            self.blame(number, now);
        }
        if shown.trouble.is_some() {
            self.apply_trouble(count, &shown, is_current, now);
        } else {
            self.pending.end_batch();
            match shown.everything_refused.filter(|_| shown.accepted == 0 && is_current) {
                Some(trouble) => {
                    self.pending.failed(Some(reason));
                    self.back_off(trouble, None, now);
                }
                None if is_current => self.went_well(),
                None => {}
            }
        }
        if shown.accepted > 0 && is_current && self.backoff.is_none() {
            let now = self.evidence.now();
            self.flight.pace.accepted(number, latency, now);
        }
        Ok(())
    }

    fn apply_events(&mut self, done: Done, whole: Decision, now: Timestamp) -> Shown {
        let Done {
            events,
            queues,
            number,
            report,
            ..
        } = done;
        let (mut shown, is_one) = (Shown::default(), events.len() == 1);
        for (position, (event, queue)) in events.into_iter().zip(queues).enumerate() {
            let (decision, of_event) = report.decision_at(position, whole, &self.statuses);
            match decision {
                Decision::Acknowledge => {
                    self.evidence.streak.accept();
                    self.done_with(event.seq, queue);
                    self.pending.sent(event.seq);
                    shown.accepted += 1;
                }
                Decision::Refuse(refusal) => {
                    self.done_with(event.seq, queue);
                    self.pending.refused(event.seq, refusal, of_event, now);
                    if refusal != Refusal::Unsendable && self.evidence.streak.refuse(event.seq, true) {
                        shown.everything_refused = Some(Trouble::EverythingRefused(refusal.status()));
                    }
                }
                Decision::BackOff { trouble, retry_after } => {
                    self.pending.failed(Some(of_event.reason.clone()));
                    shown.trouble = Some((trouble, retry_after));
                    // Of a request that is accepted in part, the rest of it is evidence.
                    let alone = match report.parts.contains_key(&position) {
                        true => Some(number.saturating_sub(1)),
                        false => is_one.then_some(number),
                    };
                    self.suspect((event.seq, queue), of_event, alone, &mut shown);
                    self.queues.put_back(queue, event);
                }
                // Of a whole request only.
                Decision::Split | Decision::Forget => self.queues.put_back(queue, event),
            }
        }
        shown
    }

    fn done_with(&mut self, seq: Seq, queue: QueueIndex) {
        self.queues.done(queue);
        if self.evidence.clear(seq).is_some() {
            self.queues.unblock(queue);
        }
    }

    /// Notes an event that failed, if that can be its own fault. `alone` is the request, if nothing else failed with it.
    fn suspect(
        &mut self,
        (seq, queue): (Seq, QueueIndex),
        report: &Report,
        alone: Option<RequestNumber>,
        shown: &mut Shown,
    ) {
        let may_be_the_event = report.outcome.may_be_the_event();
        shown.is_new |= !may_be_the_event || !self.evidence.suspects.contains(seq);
        if !may_be_the_event {
            return;
        }
        shown.troubled.push(seq);
        if let Some(number) = alone {
            self.evidence.suspect(seq, number, report.clone());
            if !self.sends_batches() {
                // Events behind it keep their order.
                self.queues.block(queue);
            }
        }
    }

    /// A request was accepted: events that failed before, again and again, are parked.
    pub(super) fn blame(&mut self, number: RequestNumber, now: Timestamp) {
        (self.batch_failures, self.troubled_at) = (0, None);
        for (seq, report) in self.evidence.accept(number) {
            self.evidence.clear(seq);
            if let Some(event) = self.pending.find(seq) {
                let queue = self.queues.index_of(&event);
                self.queues.remove(queue, seq);
                self.queues.unblock(queue);
            }
            self.pending.refused(seq, Refusal::Blamed, &report, now);
        }
    }

    fn apply_trouble(&mut self, count: usize, shown: &Shown, is_current: bool, now: Timestamp) {
        let is_batch = count > 1 && shown.accepted == 0;
        self.batch_failures = self.batch_failures.saturating_add(1);
        let may_end = !self.sends_batches() || count == 1 || !shown.is_new || self.batch_failures >= BATCH_FAILURES;
        if may_end && (!shown.troubled.is_empty() || shown.accepted > 0) {
            if is_batch {
                self.evidence.suspects.fail_together(&shown.troubled);
            }
            self.pending.end_batch();
            self.batch_failures = 0;
        }
        if shown.accepted > 0 {
            if is_current {
                self.went_well();
            }
            return;
        }
        self.evidence.fail();
        self.troubled_at = Some(now);
        let is_last = self.pending.left().count() <= self.evidence.suspects.count_alone();
        let is_trouble = shown.is_new || is_last || self.evidence.has_failed_often();
        if let Some((trouble, retry_after)) = shown.trouble
            && is_current
            && (is_trouble || self.backoff.is_some())
        {
            self.back_off(trouble, retry_after, now);
        }
    }

    fn went_well(&mut self) {
        if self.backoff.take().is_some() {
            tracing::info!(replay_id = self.worker.replay.get(), "A replay stops backing off.");
        }
        self.pending.failed(None);
    }

    /// Too large together: they are sent in two parts.
    fn split(&mut self, done: Done) {
        self.pending.end_batch();
        self.evidence.split(&done.events);
        for (event, queue) in done.events.into_iter().zip(done.queues) {
            self.queues.put_back(queue, event);
        }
    }

    fn back_off(&mut self, trouble: Trouble, retry_after: Option<Duration>, now: Timestamp) {
        if self.backoff.is_none() {
            tracing::warn!(
                replay_id = self.worker.replay.get(),
                destination_id = self.destination.id.get(),
                trouble = %trouble,
                "The destination fails; a replay backs off."
            );
            self.epoch += 1;
            self.flight.pace.troubled(trouble, self.evidence.now());
        }
        let begin = || Backoff::begin(now, trouble, self.worker.shared.clock.clone());
        self.backoff.get_or_insert_with(begin).fail(trouble, retry_after, now);
    }
}
