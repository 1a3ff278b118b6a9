//! Runs of the log: stretches that are sent as one, each under bounds that are stored before it is sent.
//!
//! A run goes through three states: closed (its bounds are chosen), stored (they are on disk, with everything settled before
//! them), out (it is being sent). It ends when its events are settled, and stays stored as long as they are not, so that
//! whatever is sent again, after a failure or a crash, is the same run.

use std::time::Duration;

use domain::{Timestamp, ids::Seq, policy::Suspects};
use tokio::time::Instant;

use super::queues::{EntityQueues, Room};
use crate::sink::Run;

/// When a run is closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunLimits {
    pub(super) events: usize,
    pub(super) bytes: usize,
    pub(super) age: Duration,
}

impl RunLimits {
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

pub(super) struct Runs {
    limits: RunLimits,
    current: Option<(Run, State)>,
    /// Since when the oldest event of the next run waits.
    waiting_since: Option<Instant>,
    /// What waits was part of a run that was split: it waits no more.
    rest_is_due: bool,
    /// The event that the current run was closed for, if it was for one alone.
    only: Option<Seq>,
    /// How many times the current run has failed.
    failures: u32,
}

/// Failures of a run after which it may be one of its events.
const FAILURES_BEFORE_SMALLER: u32 = 3;

impl Runs {
    /// `stored` is the run that was being sent when this stream ended.
    pub(super) fn new(limits: RunLimits, stored: Option<Run>) -> Self {
        Self {
            limits,
            current: stored.map(|run| (run, State::Stored)),
            waiting_since: None,
            rest_is_due: false,
            only: None,
            failures: 0,
        }
    }

    pub(super) const fn limits(&self) -> RunLimits {
        self.limits
    }

    /// The run that may be sent now.
    pub(super) fn stored(&self) -> Option<Run> {
        self.current
            .filter(|(_, state)| *state == State::Stored)
            .map(|(run, _)| run)
    }

    /// Whether there is a run.
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

    /// Closes a run if there is none and what waits is much or old enough, or has failed before. It leaves out events that have
    /// failed alone. The caller has it stored.
    pub(super) fn close<T>(
        &mut self,
        queues: &EntityQueues,
        suspects: &Suspects<T>,
        now: Instant,
        closed_at: Timestamp,
    ) -> Option<Run> {
        if self.current.is_some() || queues.waiting() <= suspects.count_alone() {
            return None;
        }
        let is_skipped = |seq| suspects.failed_alone(seq);
        let (first, last) = queues.bounds(self.limits.room(), is_skipped, |seq| suspects.most(seq))?;
        if !suspects.contains(first) && !self.is_ripe(queues, now) {
            return None;
        }
        self.rest_is_due = false;
        Some(self.close_as(Run { first, last, closed_at }))
    }

    /// Closes a run for this event alone, in place of one for another event if that is not out. None if there is another run,
    /// or the same.
    pub(super) fn close_one(&mut self, seq: Seq, run: Run) -> Option<Run> {
        let is_other = self.only.is_some_and(|only| only != seq);
        let may_close = self.current.is_none_or(|(_, state)| is_other && state != State::Out);
        may_close.then(|| {
            let closed = self.close_as(run);
            self.only = Some(seq);
            closed
        })
    }

    fn close_as(&mut self, run: Run) -> Run {
        self.current = Some((run, State::Closed));
        self.only = None;
        self.failures = 0;
        run
    }

    /// These bounds are on disk.
    pub(super) fn was_stored(&mut self, run: Option<Run>) {
        if let Some((current, state @ State::Closed)) = &mut self.current
            && Some(*current) == run
        {
            *state = State::Stored;
        }
    }

    /// The run is being sent; what is left in the queues waits from now on.
    pub(super) fn sent(&mut self, queues: &EntityQueues, now: Instant) {
        if let Some((_, state)) = &mut self.current {
            *state = State::Out;
        }
        self.waiting_since = (queues.waiting() > 0).then_some(now);
    }

    /// Whether the run has a position in this stretch.
    pub(super) fn overlaps(&self, first: Seq, last: Seq) -> bool {
        self.current
            .is_some_and(|(run, _)| run.first <= last && first <= run.last)
    }

    /// The run is to be sent again as it is.
    pub(super) fn put_back(&mut self) {
        if let Some((_, state)) = &mut self.current {
            *state = State::Stored;
        }
    }

    /// The run has failed in a way that may be the fault of one of its events. True if that has happened often enough.
    pub(super) fn fail(&mut self) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.failures >= FAILURES_BEFORE_SMALLER
    }

    /// The run is to be sent in two parts. Returns the first, which is to be stored; what is left of it follows at once.
    pub(super) fn split(&mut self, last: Seq) -> Option<Run> {
        let (run, _) = self.current?;
        self.rest_is_due = true;
        Some(self.close_as(Run { last, ..run }))
    }

    /// Nothing of the run is left to be sent.
    pub(super) fn ended(&mut self) {
        self.current = None;
    }

    /// Whether no event waits longer than for its run: at most one run is closed, and what waits in the queues is not to be closed
    /// as another one yet.
    pub(super) fn is_in_time(&self, queues: &EntityQueues, now: Instant) -> bool {
        self.current.is_none() || !self.is_ripe(queues, now)
    }

    /// When what waits becomes old enough; none if nothing waits.
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

    const LIMITS: RunLimits = RunLimits {
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
        let mut runs = Runs::new(LIMITS, None);
        let three = queues(3, 1);
        runs.watch(&three, now);
        assert!(runs.is_in_time(&three, now));
        assert_eq!(close(&mut runs, &three, now + LIMITS.age), Some(run(1, 3)));
        assert!(runs.is_in_time(&queues(3, 1), now), "less than a run waits behind it");
        assert!(!runs.is_in_time(&queues(4, 1), now), "a whole run waits behind it");
    }

    fn run(first: i64, last: i64) -> Run {
        Run {
            first: Seq::new(first),
            last: Seq::new(last),
            closed_at: NOW,
        }
    }

    fn close(runs: &mut Runs, queues: &EntityQueues, now: Instant) -> Option<Run> {
        runs.close(queues, &Suspects::<()>::default(), now, NOW)
    }

    #[test]
    fn a_run_is_closed_when_it_is_full_or_old() {
        let start = Instant::now();
        for (count, bytes, is_full) in [(0, 1, false), (3, 1, false), (4, 1, true), (2, 50, true), (9, 1, true)] {
            let mut runs = Runs::new(LIMITS, None);
            let queues = queues(count, bytes);
            runs.watch(&queues, start);
            assert_eq!(
                close(&mut runs, &queues, start).is_some(),
                is_full,
                "{count} of {bytes}"
            );
            let later = close(&mut runs, &queues, start + LIMITS.age);
            assert_eq!(later.is_some(), !is_full && count > 0);
        }
    }

    #[test]
    fn it_is_sent_only_under_bounds_that_are_stored() {
        let (mut runs, queues) = (Runs::new(LIMITS, None), queues(9, 1));
        let closed = close(&mut runs, &queues, Instant::now()).unwrap();
        assert_eq!((closed, runs.stored()), (run(1, 4), None));
        runs.was_stored(None);
        assert_eq!(runs.stored(), None);
        runs.was_stored(Some(closed));
        assert_eq!(runs.stored(), Some(closed));
        runs.sent(&queues, Instant::now());
        assert_eq!((runs.stored(), close(&mut runs, &queues, Instant::now())), (None, None));
        runs.put_back();
        assert_eq!(runs.stored(), Some(closed), "the same again");
        let half = runs.split(Seq::new(2));
        assert_eq!((half, runs.stored()), (Some(run(1, 2)), None));
        runs.ended();
        assert!(close(&mut runs, &queues, Instant::now()).is_some());
    }

    #[test]
    fn what_is_left_of_a_split_run_follows_at_once() {
        let start = Instant::now();
        let (mut runs, queues) = (Runs::new(LIMITS, Some(run(1, 4))), queues(2, 1));
        runs.sent(&queues, start);
        assert_eq!(runs.split(Seq::new(2)), Some(run(1, 2)));
        runs.was_stored(Some(run(1, 2)));
        runs.sent(&queues, start);
        runs.ended();
        assert!(close(&mut runs, &queues, start).is_some(), "without waiting again");
    }

    #[test]
    fn without_an_event_there_is_nothing_to_wake_up_for() {
        let start = Instant::now();
        let (mut runs, full, empty) = (Runs::new(LIMITS, None), queues(4, 1), queues(0, 1));
        runs.watch(&full, start);
        close(&mut runs, &full, start).unwrap();
        runs.sent(&empty, start);
        runs.ended();
        assert_eq!(runs.next_close(), None);
        let later = start + Duration::from_secs(1_000);
        runs.watch(&full, later);
        assert_eq!(
            runs.next_close(),
            Some(later + LIMITS.age),
            "and the next run has its whole time"
        );
    }

    #[test]
    fn a_run_that_was_under_way_goes_on() {
        let runs = Runs::new(LIMITS, Some(run(3, 7)));
        assert_eq!(runs.stored(), Some(run(3, 7)));
        assert_eq!(runs.next_close(), None);
    }

    #[test]
    fn what_failed_is_sent_in_smaller_runs_at_once_and_past_what_failed_alone() {
        let (start, queues) = (Instant::now(), queues(9, 1));
        let mut suspects = Suspects::default();
        suspects.fail_together(&[1, 2, 3].map(Seq::new));
        suspects.fail(Seq::new(1), 1, Duration::ZERO, ());
        let mut runs = Runs::new(LIMITS, None);
        assert_eq!(runs.close(&queues, &suspects, start, NOW), Some(run(2, 2)));
        assert_eq!(runs.close_one(Seq::new(3), run(3, 3)), None, "there is a run");
        runs.ended();
        assert_eq!(runs.close_one(Seq::new(2), run(2, 2)), Some(run(2, 2)));
        assert_eq!(runs.close_one(Seq::new(2), run(2, 2)), None, "the same");
        assert_eq!(
            runs.close_one(Seq::new(1), run(1, 1)),
            Some(run(1, 1)),
            "in place of the other"
        );
        runs.was_stored(Some(run(1, 1)));
        runs.sent(&queues, start);
        assert_eq!(runs.close_one(Seq::new(2), run(2, 2)), None, "it is out");
    }
}
