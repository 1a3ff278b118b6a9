//! Batches of the log: stretches that are sent as one, each under bounds that are stored before it is sent.
//!
//! A batch goes through three states: closed (its bounds are chosen), stored (they are on disk, with everything acknowledged before
//! them), out (it is being sent). It ends when its events are acknowledged, and stays stored as long as they are not, so that
//! whatever is sent again, after a failure or a crash, is the same batch.

use std::time::Duration;

use domain::{Timestamp, ids::Seq, policy::Suspects};
use tokio::time::Instant;

use super::queues::{EntityQueues, Room};
use crate::sink::Batch;

/// When a batch is closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchLimits {
    pub(super) events: usize,
    pub(super) bytes: usize,
    pub(super) age: Duration,
}

impl BatchLimits {
    const fn room(self) -> Room {
        Room {
            events: self.events,
            bytes: self.bytes,
            last: None,
        }
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
    current: Option<(Batch, State)>,
    /// Since when the oldest event of the next batch waits.
    waiting_since: Option<Instant>,
    /// What waits was part of a batch that was split: it waits no more.
    rest_is_due: bool,
    /// The event that the current batch was closed for, if it was for one alone.
    only: Option<Seq>,
    /// How many times the current batch has failed.
    failures: u32,
}

/// Failures of a batch after which it may be one of its events.
const FAILURES_BEFORE_SMALLER: u32 = 3;

impl Batches {
    /// `stored` is the batch that was being sent when this stream ended.
    pub(super) fn new(limits: BatchLimits, stored: Option<Batch>) -> Self {
        Self {
            limits,
            current: stored.map(|batch| (batch, State::Stored)),
            waiting_since: None,
            rest_is_due: false,
            only: None,
            failures: 0,
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

    /// Whether there is a batch.
    pub(super) const fn is_any(&self) -> bool {
        self.current.is_some()
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
        let is_skipped = |seq| suspects.failed_alone(seq);
        let (first, last) = queues.bounds(self.limits.room(), is_skipped, |seq| suspects.most(seq))?;
        if !suspects.contains(first) && !self.is_ripe(queues, now) {
            return None;
        }
        self.rest_is_due = false;
        Some(self.close_as(Batch { first, last, closed_at }))
    }

    /// Closes a batch for this event alone, in place of one for another event if that is not out. `None` if there is another batch,
    /// or the same.
    pub(super) fn close_one(&mut self, seq: Seq, batch: Batch) -> Option<Batch> {
        let is_other = self.only.is_some_and(|only| only != seq);
        let may_close = self.current.is_none_or(|(_, state)| is_other && state != State::Out);
        may_close.then(|| {
            let closed = self.close_as(batch);
            self.only = Some(seq);
            closed
        })
    }

    fn close_as(&mut self, batch: Batch) -> Batch {
        self.current = Some((batch, State::Closed));
        self.only = None;
        self.failures = 0;
        batch
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
        if let Some((_, state)) = &mut self.current {
            *state = State::Out;
        }
        self.waiting_since = (queues.waiting() > 0).then_some(now);
    }

    /// Whether the batch has a position in this stretch.
    pub(super) fn overlaps(&self, first: Seq, last: Seq) -> bool {
        self.current
            .is_some_and(|(batch, _)| batch.first <= last && first <= batch.last)
    }

    /// The batch is to be sent again as it is.
    pub(super) fn put_back(&mut self) {
        if let Some((_, state)) = &mut self.current {
            *state = State::Stored;
        }
    }

    /// The batch has failed in a way that may be the fault of one of its events. True if that has happened often enough.
    pub(super) fn fail(&mut self) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.failures >= FAILURES_BEFORE_SMALLER
    }

    /// The batch is to be sent in two parts. Returns the first, which is to be stored; what is left of it follows immediately.
    pub(super) fn split(&mut self, last: Seq) -> Option<Batch> {
        let (batch, _) = self.current?;
        self.rest_is_due = true;
        Some(self.close_as(Batch { last, ..batch }))
    }

    /// Nothing of the batch is left to be sent.
    pub(super) fn ended(&mut self) {
        self.current = None;
    }

    /// Whether no event waits longer than for its batch: at most one batch is closed, and what waits in the queues is not to be closed
    /// as another one yet.
    pub(super) fn is_in_time(&self, queues: &EntityQueues, now: Instant) -> bool {
        self.current.is_none() || !self.is_ripe(queues, now)
    }

    /// When the waiting events become old enough; `None` if nothing waits.
    pub(super) fn next_close(&self) -> Option<Instant> {
        let since = self.waiting_since.filter(|_| self.current.is_none())?;
        Some(since + self.limits.age)
    }

    fn is_ripe(&self, queues: &EntityQueues, now: Instant) -> bool {
        let is_old = || self.rest_is_due || self.next_close().is_some_and(|close| close <= now);
        queues.waiting_bytes() >= self.limits.bytes
            || queues.waiting() >= self.limits.events
            || (queues.waiting() > 0 && is_old())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use domain::event::{EventId, EventType};

    use super::*;
    use crate::log::LoggedEvent;

    const LIMITS: BatchLimits = BatchLimits {
        events: 4,
        bytes: 100,
        age: Duration::from_secs(60),
    };
    const NOW: Timestamp = Timestamp::from_unix_ms(1);

    fn queues(count: i64, bytes: usize) -> EntityQueues {
        let mut queues = EntityQueues::in_log_order();
        for seq in 1..=count {
            queues.push(Arc::new(LoggedEvent {
                seq: Seq::new(seq),
                source: "test".into(),
                id: EventId::parse(&seq.to_string()).unwrap(),
                event_type: EventType::parse("x").unwrap(),
                entity_type: String::new(),
                entity_id: String::new(),
                entity_path: String::new(),
                created_at: NOW,
                received_at: NOW,
                body: Bytes::from(vec![b' '; bytes]),
            }));
        }
        queues
    }

    #[test]
    fn events_are_in_time_until_a_second_run_could_be_closed() {
        let now = Instant::now();
        let mut batches = Batches::new(LIMITS, None);
        let three = queues(3, 1);
        batches.watch(&three, now);
        assert!(batches.is_in_time(&three, now));
        assert_eq!(close(&mut batches, &three, now + LIMITS.age), Some(batch(1, 3)));
        assert!(
            batches.is_in_time(&queues(3, 1), now),
            "less than a batch waits behind it"
        );
        assert!(!batches.is_in_time(&queues(4, 1), now), "a whole batch waits behind it");
    }

    fn batch(first: i64, last: i64) -> Batch {
        Batch {
            first: Seq::new(first),
            last: Seq::new(last),
            closed_at: NOW,
        }
    }

    fn close(batches: &mut Batches, queues: &EntityQueues, now: Instant) -> Option<Batch> {
        batches.close(queues, &Suspects::<()>::default(), now, NOW)
    }

    #[test]
    fn a_run_is_closed_when_it_is_full_or_old() {
        let start = Instant::now();
        for (count, bytes, is_full) in [(0, 1, false), (3, 1, false), (4, 1, true), (2, 50, true), (9, 1, true)] {
            let mut batches = Batches::new(LIMITS, None);
            let queues = queues(count, bytes);
            batches.watch(&queues, start);
            assert_eq!(
                close(&mut batches, &queues, start).is_some(),
                is_full,
                "{count} of {bytes}"
            );
            let later = close(&mut batches, &queues, start + LIMITS.age);
            assert_eq!(later.is_some(), !is_full && count > 0);
        }
    }

    #[test]
    fn it_is_sent_only_under_bounds_that_are_stored() {
        let (mut batches, queues) = (Batches::new(LIMITS, None), queues(9, 1));
        let closed = close(&mut batches, &queues, Instant::now()).unwrap();
        assert_eq!((closed, batches.stored()), (batch(1, 4), None));
        batches.was_stored(None);
        assert_eq!(batches.stored(), None);
        batches.was_stored(Some(closed));
        assert_eq!(batches.stored(), Some(closed));
        batches.sent(&queues, Instant::now());
        assert_eq!(
            (batches.stored(), close(&mut batches, &queues, Instant::now())),
            (None, None)
        );
        batches.put_back();
        assert_eq!(batches.stored(), Some(closed), "the same again");
        let half = batches.split(Seq::new(2));
        assert_eq!((half, batches.stored()), (Some(batch(1, 2)), None));
        batches.ended();
        assert!(close(&mut batches, &queues, Instant::now()).is_some());
    }

    #[test]
    fn what_is_left_of_a_split_run_follows_at_once() {
        let start = Instant::now();
        let (mut batches, queues) = (Batches::new(LIMITS, Some(batch(1, 4))), queues(2, 1));
        batches.sent(&queues, start);
        assert_eq!(batches.split(Seq::new(2)), Some(batch(1, 2)));
        batches.was_stored(Some(batch(1, 2)));
        batches.sent(&queues, start);
        batches.ended();
        assert!(close(&mut batches, &queues, start).is_some(), "without waiting again");
    }

    #[test]
    fn without_an_event_there_is_nothing_to_wake_up_for() {
        let start = Instant::now();
        let (mut batches, full, empty) = (Batches::new(LIMITS, None), queues(4, 1), queues(0, 1));
        batches.watch(&full, start);
        close(&mut batches, &full, start).unwrap();
        batches.sent(&empty, start);
        batches.ended();
        assert_eq!(batches.next_close(), None);
        let later = start + Duration::from_secs(1_000);
        batches.watch(&full, later);
        assert_eq!(
            batches.next_close(),
            Some(later + LIMITS.age),
            "and the next batch has its whole time"
        );
    }

    #[test]
    fn a_run_that_was_under_way_goes_on() {
        let batches = Batches::new(LIMITS, Some(batch(3, 7)));
        assert_eq!(batches.stored(), Some(batch(3, 7)));
        assert_eq!(batches.next_close(), None);
    }

    #[test]
    fn what_failed_is_sent_in_smaller_runs_at_once_and_past_what_failed_alone() {
        let (start, queues) = (Instant::now(), queues(9, 1));
        let mut suspects = Suspects::default();
        suspects.fail_together(&[1, 2, 3].map(Seq::new));
        suspects.fail(Seq::new(1), 1, Duration::ZERO, ());
        let mut batches = Batches::new(LIMITS, None);
        assert_eq!(batches.close(&queues, &suspects, start, NOW), Some(batch(2, 2)));
        assert_eq!(batches.close_one(Seq::new(3), batch(3, 3)), None, "there is a batch");
        batches.ended();
        assert_eq!(batches.close_one(Seq::new(2), batch(2, 2)), Some(batch(2, 2)));
        assert_eq!(batches.close_one(Seq::new(2), batch(2, 2)), None, "the same");
        assert_eq!(
            batches.close_one(Seq::new(1), batch(1, 1)),
            Some(batch(1, 1)),
            "in place of the other"
        );
        batches.was_stored(Some(batch(1, 1)));
        batches.sent(&queues, start);
        assert_eq!(batches.close_one(Seq::new(2), batch(2, 2)), None, "it is out");
    }
}
