//! Applying the policy to what one request came to.

use std::{sync::Arc, time::Duration};

use domain::{
    Timestamp,
    policy::{Decision, Refusal, RequestSize, Trouble, decide},
};

use super::{Done, Hold, Mode, OWN_FAILURE_PAUSE, Origin, Sent, Stream};
use crate::{causes::causes, log::LoggedEvent, sink::Report};

/// What a request has shown about its destination.
#[derive(Default)]
struct Shown {
    accepted: usize,
    /// By an answer: what can't be sent at all says nothing.
    refused: usize,
    put_back: usize,
    trouble: Option<(Trouble, Option<Duration>)>,
    /// As many events are refused as are kept.
    refused_too_many: bool,
    /// So many in a row that it is the destination.
    everything_refused: Option<Trouble>,
}

impl Stream {
    pub(super) fn settle(&mut self, sent: Sent, now: Timestamp) {
        match sent {
            Sent::Done(done) => self.settle_request(done, now),
            Sent::Gone(seq) => {
                self.probe_is_out = false;
                tracing::warn!(
                    destination_id = self.context.destination.get(),
                    seq = seq.get(),
                    "A refused event is no longer in the log; it stays parked."
                );
                self.books.refused(self.refusals.park_gone(seq, now));
            }
            Sent::NotAdmitted(seq) => {
                self.probe_is_out = false;
                tracing::info!(
                    destination_id = self.context.destination.get(),
                    seq = seq.get(),
                    "A refused event is no longer admitted by the filter; it is not tried again."
                );
                self.refusals.remove(seq);
                self.books.refusal_ended(seq);
            }
            Sent::Unread(seq, error) => {
                tracing::error!(
                    seq = seq.get(),
                    error = causes(&error),
                    "A refused event could not be read from the log."
                );
                self.probe_is_out = false;
                self.refusals.put_back(seq, now.plus(OWN_FAILURE_PAUSE));
            }
        }
    }

    fn settle_request(&mut self, done: Done, now: Timestamp) {
        let is_current = done.epoch == self.epoch;
        if is_current {
            self.probe_is_out = false;
        }
        let size = match done.events.len() {
            0 | 1 => RequestSize::One,
            _ => RequestSize::Batch,
        };
        let whole = decide(done.report.whole.outcome, size);
        if !matches!(whole, Decision::Settle | Decision::Forget) {
            self.note_failure(&done.events, &done.report.whole, now);
        }
        if whole == Decision::Split {
            return self.split(done, now);
        }
        let (run, count, took) = (done.run, done.events.len(), done.report.whole.duration);
        let shown = self.settle_events(done, whole, now);
        if shown.accepted > 0 {
            self.books.accepted(took, now);
            self.context.status.totals.accepted(shown.accepted, took);
        }
        if run.is_some() {
            self.end_run(shown.put_back == 0);
        }
        if is_current {
            self.follow(&shown, count, now);
        }
    }

    /// The last event first, so that those which go back to their lanes keep their order.
    fn settle_events(&mut self, done: Done, whole: Decision, now: Timestamp) -> Shown {
        let mut shown = Shown::default();
        let events = done.events.into_iter().zip(done.origins).enumerate();
        for (position, (event, origin)) in events.rev() {
            let part = done.report.parts.get(&position);
            let decision = part.map_or(whole, |part| decide(part.outcome, RequestSize::One));
            let report = part.unwrap_or(&done.report.whole);
            if part.is_some() && !matches!(decision, Decision::Settle | Decision::Forget) {
                self.note_failure(std::slice::from_ref(&event), report, now);
            }
            match decision {
                Decision::Settle => {
                    self.accept(&event, origin, now);
                    shown.accepted += 1;
                }
                Decision::Hold { trouble, retry_after } => {
                    shown.trouble = Some((trouble, retry_after));
                    shown.put_back += 1;
                    self.put_back(event, origin, now);
                }
                // It is not moved aside when too many are already: it stays where it is.
                Decision::Refuse(_) if matches!(origin, Origin::Lane(_)) && self.refusals.is_full() => {
                    shown.refused_too_many = true;
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
        shown
    }

    /// What a request that was sent under the present conditions means for the next ones.
    fn follow(&mut self, shown: &Shown, events: usize, now: Timestamp) {
        if shown.refused_too_many {
            return self.hold_for(Trouble::TooManyRefused, None, now);
        }
        if let Some((trouble, retry_after)) = shown.trouble {
            return self.hold_for(trouble, retry_after, now);
        }
        if let (Some(trouble), 0) = (shown.everything_refused, shown.accepted) {
            return self.hold_for(trouble, None, now);
        }
        if shown.accepted + shown.refused > 0 {
            // It answers; if it refused something, then about that event only: whatever was wrong is over.
            self.release();
        }
        if shown.accepted > 0 {
            self.pace.accepted();
        }
        if let Mode::Ready { most, room } = &mut self.mode
            && shown.accepted == events
        {
            room.events = most.events.min(room.events.saturating_mul(2));
        }
    }

    /// Everything goes back, to be sent in two parts.
    fn split(&mut self, done: Done, now: Timestamp) {
        let half = done.events.len() / 2;
        let last = half
            .checked_sub(1)
            .and_then(|last| done.events.get(last))
            .map(|event| event.seq);
        for (event, origin) in done.events.into_iter().zip(done.origins).rev() {
            self.put_back(event, origin, now);
        }
        match (&mut self.mode, last) {
            (Mode::Ready { room, .. }, _) => room.events = half.max(1),
            (Mode::Runs(runs), Some(last)) => {
                if let Some(run) = runs.split(last) {
                    self.books.run_closed(run);
                }
            }
            (Mode::Runs(runs), None) => runs.put_back(),
        }
        // It answers, so whatever was wrong before is over; but if it was that everything is refused, one more refusal is no
        // sign of that.
        let refuses_all = |hold: &Hold| matches!(hold.trouble, Trouble::EverythingRefused(_) | Trouble::TooManyRefused);
        if done.epoch == self.epoch && !self.hold.as_ref().is_some_and(refuses_all) {
            self.release();
        }
    }

    fn end_run(&mut self, is_settled: bool) {
        let Mode::Runs(runs) = &mut self.mode else { return };
        if is_settled {
            runs.ended();
            self.books.run_ended();
        } else {
            runs.put_back();
        }
    }

    fn accept(&mut self, event: &LoggedEvent, origin: Origin, now: Timestamp) {
        self.streak.accept();
        match origin {
            Origin::Lane(lane) => self.lanes.done(lane),
            Origin::Refused => {
                self.refusals.remove(event.seq);
                self.books.refusal_ended(event.seq);
            }
        }
        self.books.delivered(event.seq, now);
    }

    /// True if so many were refused in a row that it is the destination.
    fn refuse(
        &mut self,
        event: &LoggedEvent,
        origin: Origin,
        refusal: Refusal,
        report: &Report,
        now: Timestamp,
    ) -> bool {
        let row = self.refusals.refuse(event.seq, refusal, report, now);
        match origin {
            Origin::Lane(_) => self.books.refuses(&row.reason, now),
            Origin::Refused => self.books.refuses_again(&row.reason),
        }
        if row.due_at.is_none() {
            tracing::warn!(
                destination_id = self.context.destination.get(),
                seq = row.seq.get(),
                tries = row.tries,
                reason = row.reason,
                "An event was parked."
            );
            self.context.status.totals.parked();
        }
        self.books.refused(row);
        if let Origin::Lane(lane) = origin {
            self.books.settled(event.seq);
            self.lanes.done(lane);
        }
        refusal != Refusal::Unsendable && self.streak.refuse()
    }

    fn put_back(&mut self, event: Arc<LoggedEvent>, origin: Origin, now: Timestamp) {
        match origin {
            Origin::Lane(lane) => self.lanes.put_back(lane, event),
            Origin::Refused => self.refusals.put_back(event.seq, now),
        }
    }

    fn note_failure(&mut self, events: &[Arc<LoggedEvent>], report: &Report, now: Timestamp) {
        let Some(first) = events.first() else { return };
        self.books.failed(first.seq, events.len(), report, now);
        self.context.status.totals.failed(report.outcome);
        tracing::debug!(
            destination_id = self.context.destination.get(),
            seq = first.seq.get(),
            events = events.len(),
            reason = report.reason,
            duration_ms = u64::try_from(report.duration.as_millis()).unwrap_or(u64::MAX),
            "An attempt failed."
        );
    }
}
