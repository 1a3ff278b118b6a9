//! What the requests of a stream or of a replay have shown so far about whether the destination or one of its events fails.

use std::{sync::Arc, time::Duration};

use domain::{
    ids::Seq,
    policy::{Decision, RefusalStreak, RequestNumber, RequestSize, Suspects, decide},
};
use tokio::time::Instant;

use crate::{
    clock::Clock,
    log::LoggedEvent,
    sink::{Report, SendReport},
};

/// After this many failed requests in a row, all with events that have failed before, the destination is at fault.
const FAILURES_IN_A_ROW: u32 = 3;

/// `T` is what is known of an event that has failed alone.
pub(super) struct Evidence<T> {
    pub(super) streak: RefusalStreak,
    pub(super) suspects: Suspects<T>,
    /// Requests that have failed since anything was accepted.
    pub(super) failures: u32,
    /// How many requests were sent.
    pub(super) sent: RequestNumber,
    started: Instant,
    clock: Clock,
}

impl<T> Evidence<T> {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            streak: RefusalStreak::default(),
            suspects: Suspects::default(),
            failures: 0,
            sent: 0,
            started: Instant::now(),
            clock,
        }
    }

    /// The time since the start, as suspects count it.
    pub(super) fn now(&self) -> Duration {
        self.clock.paused_since(self.started)
    }

    pub(super) fn instant_of(&self, due: Duration) -> Instant {
        self.started + self.clock.pause(due)
    }

    /// Counts a request with these events that is about to be sent.
    pub(super) fn send(&mut self, events: &[Arc<LoggedEvent>]) -> RequestNumber {
        self.sent += 1;
        if self.suspects.count_alone() > 0 {
            events.iter().for_each(|event| self.suspects.sent(event.seq));
        }
        self.sent
    }

    /// A request with this event alone failed, and the event may be the reason.
    pub(super) fn suspect(&mut self, seq: Seq, request: RequestNumber, about: T) {
        self.suspects.fail(seq, request, self.now(), about);
    }

    /// A request was accepted. Returns the events to blame for earlier failures.
    pub(super) fn accept(&mut self, request: RequestNumber) -> Vec<(Seq, T)> {
        self.failures = 0;
        self.suspects.accept(request, self.now())
    }

    pub(super) fn fail(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    pub(super) const fn has_failed_often(&self) -> bool {
        self.failures >= FAILURES_IN_A_ROW
    }
}

impl SendReport {
    /// What to do about a request with this many events.
    pub(super) fn decision(&self, events: usize) -> Decision {
        let size = match events {
            0 | 1 => RequestSize::One,
            _ => RequestSize::Batch,
        };
        decide(self.whole.outcome, size)
    }

    /// What to do about the event at this position, where `whole` is the decision about the request.
    pub(super) fn decision_at(&self, position: usize, whole: Decision) -> (Decision, &Report) {
        match self.parts.get(&position) {
            Some(part) => (decide(part.outcome, RequestSize::One), part),
            None => (whole, &self.whole),
        }
    }
}
