//! Applies the policy to the outcome of a request.

use std::{sync::Arc, time::Duration};

use domain::{
    Timestamp,
    ids::Seq,
    policy::{Decision, Outcome, Refusal, RequestNumber, RequestSize, Trouble, Unreached, decide, may_be_chance},
};

use super::{About, Backoff, Done, Mode, OWN_FAILURE_PAUSE, Origin, Sent, Stream};
use crate::{
    delivery::{
        batches::{BatchSize, Refused},
        flight::bytes_of,
        totals::AcceptedRequest,
    },
    log::{LoggedEvent, is_damage},
    sink::{Batch, Report},
    store::RefusedEvent,
};

/// The pause after an attempt with a refused event that failed before anything was sent.
const UNREACHED_PAUSE: Duration = Duration::from_secs(10);

/// Why a refused event is parked that can't be read again.
const GONE: &str = "The event is no longer in the log.";
const DAMAGED: &str = "The event can't be read: the page of events.db that holds it is damaged.";

/// The most events of one request that are retried one by one when each failed separately.
const MOST_ALONE: usize = 8;

/// What a request has shown about the destination.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) accepted: usize,
    /// Position of the first event that was accepted.
    first_accepted: Option<Seq>,
    /// By an answer: what can't be sent at all says nothing.
    pub(super) refused: usize,
    pub(super) put_back: usize,
    trouble: Option<(Trouble, Option<Duration>)>,
    /// As many events are refused as are kept.
    refused_too_many: bool,
    /// It has answered so, and not only met an event that can't be sent.
    answered_without_room: bool,
    /// Events of queues that met with trouble, if they can be the reason.
    pub(super) troubled: Vec<Seq>,
    /// The one event of a request that failed, if that says nothing about it (429), or not yet: its batch is sent again as it is.
    alone: Option<(Seq, About)>,
    /// All of what met with trouble has failed before, in a way that can be the fault of an event.
    pub(super) were_suspects: bool,
    /// Of what met with trouble, all had been refused before.
    were_refused: bool,
    /// The event had been refused before.
    is_retry: bool,
    /// It failed in a way that may be its own fault, which is not known until another request is answered.
    is_unproven: bool,
    /// The request, if it had one event and failed in a way that may be chance.
    by_chance: Option<RequestNumber>,
    /// So many in a row that it is the destination.
    everything_refused: Option<Trouble>,
    /// A single event that was tried only because the batch before it keeps failing.
    pub(super) is_behind: bool,
}

impl Stream {
    pub(super) fn apply(&mut self, sent: Sent, now: Timestamp) {
        match sent {
            Sent::Done(done) => self.apply_request(done, now),
            Sent::Gone(seq) => {
                self.refused_is_back();
                let row = self.refusals.park_unreadable(seq, GONE, now);
                self.store_refused(row);
            }
            Sent::NotAdmitted(seq) => {
                self.refused_is_back();
                tracing::info!(
                    destination_id = self.worker.destination.get(),
                    seq = seq.get(),
                    "A rejected event is no longer admitted by the filter and will not be retried."
                );
                self.refusals.remove(seq);
                self.pending.refusal_ended(seq);
            }
            Sent::Unread(seq, error) if is_damage(&error) => {
                self.refused_is_back();
                let row = self.refusals.park_unreadable(seq, DAMAGED, now);
                self.store_refused(row);
            }
            Sent::Unread(seq, error) => {
                self.log_own_failure(&error, &format!("Rejected event {seq} could not be read from the log."));
                self.refused_is_back();
                self.refusals.put_back(seq, now.plus(OWN_FAILURE_PAUSE));
            }
        }
    }

    fn refused_is_back(&mut self) {
        self.extra_in_flight -= 1;
    }

    fn apply_request(&mut self, done: Done, now: Timestamp) {
        let is_current = done.epoch == self.epoch;
        let is_refused = done.origins.first() == Some(&Origin::Refused);
        self.extra_in_flight -= usize::from(done.is_extra);
        self.suspects_in_flight -= usize::from(done.is_extra && !is_refused);
        if !is_refused {
            self.flight.ended(bytes_of(&done.events));
        }
        let whole = done.report.decision(done.events.len(), &self.statuses);
        if !matches!(whole, Decision::Acknowledge | Decision::Forget) {
            self.note_failure(&done.events, &done.report.whole, now);
        }
        if whole == Decision::Split {
            return self.split(done, now);
        }
        let (batch, count, took) = (done.batch, done.events.len(), done.report.whole.duration);
        let size = BatchSize {
            events: count,
            bytes: bytes_of(&done.events) + count,
        };
        let is_timeout = done.report.whole.outcome == Outcome::Unreached(Unreached::Timeout);
        let (number, status) = (done.number, done.report.whole.outcome.status());
        let latency = done.report.latency;
        let may_be_chance = count == 1 && may_be_chance(done.report.whole.outcome, &self.statuses);
        let mut shown = self.apply_events(done, whole, now);
        shown.by_chance = may_be_chance.then_some(number);
        if let Some(seq) = shown.first_accepted {
            self.pending.accepted(took, now);
            self.worker.status.totals.accepted(AcceptedRequest {
                seq,
                events: u32::try_from(shown.accepted).unwrap_or(u32::MAX),
                ended_at: now,
                took,
                status,
            });
            self.note_evidence(number, now);
        } else if shown.answered_without_room && shown.trouble.is_none() {
            // While there is no room, nothing shows better than this that the destination works.
            self.count_unproven(number, now);
        } else if shown.trouble.is_some() && !shown.were_refused {
            self.evidence.fail();
        }
        if let Some(batch) = batch {
            self.note_size(size, is_timeout, &shown);
            self.end_batch(batch, number, &mut shown);
        }
        if !is_current && let Some((_, Some(retry_after))) = shown.trouble {
            self.wait_as_asked(retry_after, now);
        }
        if is_current {
            self.follow(&shown, now);
            if shown.accepted > 0 && self.backoff.is_none() {
                self.flight.pace.accepted(number, latency, self.evidence.now());
            }
        }
    }

    /// The last event first, so that those which go back to their queues keep their order.
    fn apply_events(&mut self, done: Done, whole: Decision, now: Timestamp) -> Shown {
        let mut shown = Shown {
            were_suspects: true,
            were_refused: true,
            is_retry: done.origins.first() == Some(&Origin::Refused),
            ..Shown::default()
        };
        let (parts, is_batch) = (&done.report.parts, done.batch.is_some());
        let is_alone = done.events.len() == 1 || (whole == Decision::Acknowledge && parts.len() <= MOST_ALONE);
        let decided = |part: &Report| decide(part.outcome, RequestSize::One, &self.statuses);
        let is_backing_off = |part: &Report| matches!(decided(part), Decision::BackOff { .. });
        // What is accepted in the same request is evidence, too.
        let number = match parts.values().any(is_backing_off) {
            true => done.number.saturating_sub(1),
            false => done.number,
        };
        let events = done.events.into_iter().zip(done.origins).enumerate();
        for (position, (event, origin)) in events.rev() {
            let (decision, report) = done.report.decision_at(position, whole, &self.statuses);
            if parts.contains_key(&position) && !matches!(decision, Decision::Acknowledge | Decision::Forget) {
                self.note_failure(std::slice::from_ref(&event), report, now);
            }
            match decision {
                Decision::Acknowledge => {
                    self.accept(&event, origin, now);
                    shown.accepted += 1;
                    // The last event is looked at first.
                    shown.first_accepted = Some(event.seq);
                }
                Decision::BackOff { trouble, retry_after } => {
                    shown.trouble = Some((trouble, retry_after));
                    shown.put_back += 1;
                    let alone = is_alone.then_some((number, done.batch));
                    self.put_back_failed(event, origin, report, alone, &mut shown, now);
                }
                // It is not moved aside when too many are already: it stays where it is.
                Decision::Refuse(refusal) if matches!(origin, Origin::Queue(_)) && self.refused_too_many() => {
                    shown.refused_too_many = true;
                    shown.answered_without_room |= refusal != Refusal::Unsendable;
                    shown.put_back += 1;
                    self.put_back(event, origin, now);
                }
                Decision::Refuse(refusal) => {
                    if self.refuse(&event, origin, refusal, report, now) {
                        shown.everything_refused = Some(Trouble::EverythingRefused(refusal.status()));
                    }
                    shown.refused += usize::from(refusal != Refusal::Unsendable);
                }
                Decision::Split | Decision::Forget => {
                    shown.put_back += 1;
                    self.put_back(event, origin, now);
                }
            }
        }
        if !is_alone && !is_batch {
            // A batch is sent again as it is for a while.
            self.evidence.suspects.fail_together(&shown.troubled);
        }
        shown
    }

    /// An event that is to be sent again; if it can be the reason for the failure, it is a suspect from now on. `alone` holds
    /// the request and its bounds if nothing else failed with it.
    fn put_back_failed(
        &mut self,
        event: Arc<LoggedEvent>,
        origin: Origin,
        report: &Report,
        alone: Option<(RequestNumber, Option<Batch>)>,
        shown: &mut Shown,
        now: Timestamp,
    ) {
        let (seq, may_be_the_event) = (event.seq, report.outcome.may_be_the_event());
        let Origin::Queue(queue) = origin else {
            let is_judged = self.backoff.is_none() || self.lacks_room();
            shown.is_unproven = alone.is_some() && may_be_the_event && is_judged;
            return match alone.filter(|_| shown.is_unproven) {
                Some((number, _)) => self.refusals.fail(seq, number, report, now),
                None if self.backoff.is_some() => self.refusals.put_back(seq, now),
                None => self.refusals.put_back(seq, now.plus(UNREACHED_PAUSE)),
            };
        };
        shown.were_refused = false;
        shown.were_suspects &= may_be_the_event && self.evidence.suspects.contains(seq);
        let about = |batch| About {
            queue,
            report: report.clone(),
            batch,
        };
        // An event that was tried only because the batch before it keeps failing stays in its place.
        let is_behind = matches!(&self.mode, Mode::Batches(batches) if batches.is_behind(seq));
        let is_repeated = matches!(&self.mode, Mode::Batches(batches) if batches.is_repeated());
        if let Some((_, batch)) = alone
            && (is_repeated || !may_be_the_event)
            && report.outcome.may_have_arrived()
        {
            shown.alone = Some((seq, about(batch)));
        }
        if may_be_the_event {
            shown.troubled.push(seq);
            if let Some((number, batch)) = alone.filter(|_| !is_behind && !is_repeated) {
                self.evidence.suspect(seq, number, about(batch));
                if matches!(self.mode, Mode::Ready(_)) {
                    self.queues.block(queue);
                }
            }
        }
        self.queues.put_back(queue, event);
    }

    /// A request that was sent before the stream began to back off has failed, too.
    fn wait_as_asked(&mut self, retry_after: Duration, now: Timestamp) {
        if let Some(backoff) = &mut self.backoff
            && backoff.ask(retry_after, now)
        {
            self.worker.status.backing_off(self.backoff.clone());
        }
    }

    /// Changes how the stream sends, by what a request has shown that was sent since it last began to back off.
    fn follow(&mut self, shown: &Shown, now: Timestamp) {
        if shown.refused_too_many {
            self.is_searching = false;
            self.waits_for_room = true;
            self.head_is_answered = shown.answered_without_room;
            self.back_off(Trouble::TooManyRefused, None, now);
            if let Some(backoff) = self.backoff.as_mut().filter(|_| self.head_is_answered) {
                backoff.answered();
            }
            return;
        }
        if shown.is_retry && self.lacks_room() && self.goes_on_without_room(shown) {
            return;
        }
        if let Some((trouble, retry_after)) = shown.trouble
            && shown.put_back > shown.accepted
        {
            if self.backoff.is_some() || (self.is_trouble(shown) && !self.goes_on_after(shown)) {
                self.back_off(trouble, retry_after, now);
                if !shown.is_retry {
                    self.is_searching = !shown.troubled.is_empty();
                    self.refusals.forgive();
                    self.note_stuck(shown);
                }
            }
            return;
        }
        if let (Some(trouble), 0) = (shown.everything_refused, shown.accepted) {
            self.is_searching = false;
            return self.back_off(trouble, None, now);
        }
        if self.lacks_room() && shown.accepted == 0 && shown.refused > 0 && self.queues.waiting() > 0 {
            // There was room for this event. Whether there is room for more is seen with the next one.
            return self.probe_now();
        }
        if shown.accepted + shown.refused > 0 {
            // It answers; if it refused something, then about that event only: whatever was wrong is over.
            self.release();
        }
    }

    /// Whether what failed is a single event among many that are accepted: it is tried again by itself, and the others are sent, fewer at
    /// a time.
    fn goes_on_after(&mut self, shown: &Shown) -> bool {
        let now = self.evidence.now();
        let request = shown.by_chance.filter(|_| shown.troubled.len() == 1);
        request.is_some_and(|request| self.flight.pace.failed(request, now))
    }

    /// A refused event was sent again while there was no room for others. False if that means the same as at any other time.
    fn goes_on_without_room(&mut self, shown: &Shown) -> bool {
        match shown.trouble {
            // Whether the destination is at fault is seen with the event that waits for room.
            Some((_, None)) if shown.is_unproven && self.head_is_answered => {
                self.probe_now();
                true
            }
            Some(_) => false,
            None if shown.accepted == 0 => true,
            // There is room for one more. Whether that is enough is seen with the event that waits for it.
            None => {
                self.probe_now();
                true
            }
        }
    }

    /// Shows which event the stream is stuck at, if it failed alone.
    fn note_stuck(&mut self, shown: &Shown) {
        let Some(backoff) = self.backoff.as_mut().filter(|_| !shown.is_behind) else {
            return;
        };
        self.failed_alone.clone_from(&shown.alone);
        let alone = shown.alone.as_ref().map(|(seq, _)| *seq);
        backoff.stuck = match shown.troubled.as_slice() {
            [] => alone,
            [seq] => Some(*seq).filter(|seq| alone == Some(*seq) || self.evidence.suspects.failed_alone(*seq)),
            _ => None,
        };
        self.worker.status.backing_off(self.backoff.clone());
    }

    /// Whether the stream is to back off because of what failed: not because of refused events and suspects alone, which may fail for
    /// ever.
    fn is_trouble(&self, shown: &Shown) -> bool {
        !shown.were_refused && (!shown.were_suspects || self.is_more_than_suspects())
    }

    /// Everything goes back, to be sent in two parts.
    fn split(&mut self, done: Done, now: Timestamp) {
        let count = done.events.len();
        let last = (count / 2).checked_sub(1).and_then(|last| done.events.get(last));
        let last = last.map(|event| event.seq);
        if matches!(self.mode, Mode::Ready(_)) {
            self.evidence.split(&done.events);
        }
        for (event, origin) in done.events.into_iter().zip(done.origins).rev() {
            self.put_back(event, origin, now);
        }
        let refused = match done.report.whole.outcome.status() {
            Some(413) => Refused::TooLarge,
            _ => Refused::Other,
        };
        match (&mut self.mode, last) {
            (Mode::Ready(_), _) => {}
            (Mode::Batches(batches), Some(last)) => {
                if let Some(batch) = batches.split(last, refused) {
                    self.pending.batch_closed(batch, batches.kept());
                }
            }
            (Mode::Batches(batches), None) => batches.put_back(),
        }
        // It answers, so whatever was wrong before is over; but if it was that everything is refused, one more refusal is no
        // sign of that.
        let refuses_all =
            |backoff: &Backoff| matches!(backoff.trouble, Trouble::EverythingRefused(_) | Trouble::TooManyRefused);
        if done.epoch == self.epoch && !self.backoff.as_ref().is_some_and(refuses_all) {
            self.release();
        }
    }

    fn accept(&mut self, event: &LoggedEvent, origin: Origin, now: Timestamp) {
        self.evidence.streak.accept();
        match origin {
            Origin::Queue(queue) => {
                self.queues.done(queue);
                if self.evidence.suspects.count_alone() > 0 && matches!(self.mode, Mode::Ready(_)) {
                    self.overtaken(queue, event.seq, now);
                }
                self.evidence.clear(event.seq);
            }
            Origin::Refused => {
                self.refusals.remove(event.seq);
                self.pending.refusal_ended(event.seq);
            }
        }
        self.pending.delivered(event.seq, now);
    }

    /// True if so many events in a row were refused that the destination is at fault.
    fn refuse(
        &mut self,
        event: &LoggedEvent,
        origin: Origin,
        refusal: Refusal,
        report: &Report,
        now: Timestamp,
    ) -> bool {
        if matches!(origin, Origin::Queue(_)) {
            self.refusals.keep(event);
        }
        let row = self.refusals.refuse(event.seq, refusal, report, now);
        match origin {
            Origin::Queue(_) => {
                self.pending.refuses(&row.reason, now);
                self.store_refused(row);
            }
            Origin::Refused => {
                self.pending.refuses_again(&row.reason);
                self.store_refused(row.again());
            }
        }
        if let Origin::Queue(queue) = origin {
            self.pending.acknowledged(event.seq);
            self.queues.done(queue);
            self.evidence.clear(event.seq);
            self.queues.unblock(queue);
        }
        // While there is no room, only refused events are sent again: that these are refused is no sign of anything else.
        let is_first = origin != Origin::Refused;
        let is_sign = is_first || !self.lacks_room();
        refusal != Refusal::Unsendable && is_sign && self.evidence.streak.refuse(event.seq, is_first)
    }

    pub(super) fn store_refused(&mut self, row: RefusedEvent) {
        if row.due_at.is_none() {
            tracing::warn!(
                destination_id = self.worker.destination.get(),
                seq = row.seq.get(),
                tries = row.tries,
                reason = row.reason,
                "An event was parked."
            );
            self.worker.status.totals.parked(1);
        }
        self.pending.refused(row);
    }

    fn put_back(&mut self, event: Arc<LoggedEvent>, origin: Origin, now: Timestamp) {
        match origin {
            Origin::Queue(queue) => self.queues.put_back(queue, event),
            Origin::Refused => self.refusals.put_back(event.seq, now),
        }
    }

    fn note_failure(&mut self, events: &[Arc<LoggedEvent>], report: &Report, now: Timestamp) {
        let Some(first) = events.first() else { return };
        self.pending.failed(first.seq, events.len(), report, now);
        self.worker.status.totals.failed(report.outcome);
        tracing::debug!(
            destination_id = self.worker.destination.get(),
            seq = first.seq.get(),
            events = events.len(),
            reason = report.reason,
            duration_ms = u64::try_from(report.duration.as_millis()).unwrap_or(u64::MAX),
            "An attempt failed."
        );
    }
}
