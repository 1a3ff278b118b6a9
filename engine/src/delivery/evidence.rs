//! What the requests of a stream or of a replay have shown so far about whether the destination or one of its events fails.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use domain::{
    ids::Seq,
    policy::{Decision, RefusalStreak, RequestNumber, RequestSize, StatusRules, Suspects, decide},
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
    /// The most events that a request with this one carries, after one with it was refused as a whole.
    splits: BTreeMap<Seq, usize>,
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
            splits: BTreeMap::new(),
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

    /// A request with these events was refused as a whole: they are sent again in two parts, beside others or not. Others are sent as
    /// before, so that what is accepted of them leads no part of these back to where it was.
    pub(super) fn split(&mut self, events: &[Arc<LoggedEvent>]) {
        let most = (events.len() / 2).max(1);
        for event in events {
            let before = self.splits.entry(event.seq).or_insert(most);
            *before = most.min(*before);
        }
    }

    /// The most events that a request with this one carries; `None` if there is no limit.
    pub(super) fn most(&self, seq: Seq) -> Option<usize> {
        let suspect = self.suspects.most(seq);
        match self.splits.get(&seq) {
            Some(split) => Some(suspect.map_or(*split, |most| most.min(*split))),
            None => suspect,
        }
    }

    /// The event was accepted, or is not to be sent any more. Returns what is known if it has failed alone.
    pub(super) fn clear(&mut self, seq: Seq) -> Option<T> {
        self.splits.remove(&seq);
        self.suspects.clear(seq)
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
    /// What to do about a request with this many events, by the rules of the destination.
    pub(super) fn decision(&self, events: usize, rules: &StatusRules) -> Decision {
        let size = match events {
            0 | 1 => RequestSize::One,
            _ => RequestSize::Batch,
        };
        decide(self.whole.outcome, size, rules)
    }

    /// What to do about the event at this position, where `whole` is the decision about the request.
    pub(super) fn decision_at(&self, position: usize, whole: Decision, rules: &StatusRules) -> (Decision, &Report) {
        match self.parts.get(&position) {
            Some(part) => (decide(part.outcome, RequestSize::One, rules), part),
            None => (whole, &self.whole),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use domain::{
        Timestamp,
        event::{EventId, EventType},
    };

    use super::*;

    fn events(seqs: std::ops::RangeInclusive<i64>) -> Vec<Arc<LoggedEvent>> {
        let event = |seq: i64| LoggedEvent {
            seq: Seq::new(seq),
            source: "test".into(),
            id: EventId::parse(&seq.to_string()).unwrap(),
            event_type: EventType::parse("x").unwrap(),
            entity_type: String::new(),
            entity_id: String::new(),
            entity_path: String::new(),
            created_at: Timestamp::from_unix_ms(0),
            received_at: Timestamp::from_unix_ms(0),
            body: Bytes::new(),
        };
        seqs.map(|seq| Arc::new(event(seq))).collect()
    }

    #[test]
    fn a_split_concerns_its_own_events_until_they_are_done_with() {
        let mut evidence = Evidence::<()>::new(Clock::set_at(Timestamp::from_unix_ms(0)));
        let most = |evidence: &Evidence<()>, seq| evidence.most(Seq::new(seq));
        evidence.split(&events(1..=1_000));
        evidence.split(&events(501..=750));
        let limits = [500, 501, 750, 751, 1_001].map(|seq| most(&evidence, seq));
        assert_eq!(limits, [Some(500), Some(125), Some(125), Some(500), None]);
        // Others are accepted; then it is sent with more that were not refused before.
        evidence.accept(1);
        evidence.split(&events(501..=503));
        evidence.split(&events(1..=501));
        assert_eq!([1, 501].map(|seq| most(&evidence, seq)), [Some(250), Some(1)]);
        evidence.suspects.fail_together(&[Seq::new(500)]);
        assert_eq!([499, 500].map(|seq| most(&evidence, seq)), [Some(250), Some(1)]);
        evidence.clear(Seq::new(501));
        assert_eq!(most(&evidence, 501), None);
    }
}
