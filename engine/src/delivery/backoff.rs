//! How a stream or a replay backs off while its destination fails.

use std::time::Duration;

use domain::{
    Timestamp,
    ids::Seq,
    policy::{ExponentialBackoff, Jitter, ProbePauses, ProbeWait, Trouble},
};
use tokio::time::Instant;

use crate::{clock::Clock, vault::random};

/// A stream that backs off sends one probe at a time and nothing else.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    pub(super) trouble: Trouble,
    /// When the trouble began.
    pub(super) since: Timestamp,
    pub(super) next_probe: Instant,
    /// The same moment as wall-clock time.
    pub(super) next_probe_at: Timestamp,
    /// The event that the last failed probe was about.
    pub(super) stuck: Option<Seq>,
    last_failure: Instant,
    last_failure_at: Timestamp,
    pauses: ProbePauses,
    usual: ExponentialBackoff,
    /// Of waiting for room: however long that takes, another failure costs only its own pauses.
    without_room: ExponentialBackoff,
    clock: Clock,
}

impl Backoff {
    pub(super) fn begin(since: Timestamp, trouble: Trouble, clock: Clock) -> Self {
        let now = clock.now();
        Self {
            trouble,
            since,
            next_probe: Instant::now(),
            next_probe_at: now,
            stuck: None,
            last_failure: Instant::now(),
            last_failure_at: now,
            pauses: ProbePauses::default(),
            usual: ExponentialBackoff::default(),
            without_room: ExponentialBackoff::default(),
            clock,
        }
    }

    /// The request that failed first, or a probe after it: the next one comes later.
    pub(super) fn fail(&mut self, trouble: Trouble, retry_after: Option<Duration>, now: Timestamp) {
        let jitter = random::<4>().map_or(Jitter::NONE, |bytes| Jitter::from_random(u32::from_ne_bytes(bytes)));
        self.trouble = trouble;
        self.last_failure = Instant::now();
        self.last_failure_at = now;
        let backoff = match self.lacks_room() {
            true => &mut self.without_room,
            false => &mut self.usual,
        };
        self.pauses = backoff.pauses(retry_after, jitter);
        self.plan(ProbeWait::Usual);
    }

    /// Chooses when the next probe is sent. False if that is no change.
    pub(super) fn plan(&mut self, wait: ProbeWait) -> bool {
        let pause = self.clock.pause(self.pauses.before(wait));
        let (before, next) = (self.next_probe, self.last_failure + pause);
        self.next_probe = next;
        self.next_probe_at = self.last_failure_at.plus(pause);
        before != next
    }

    /// The next probe is sent immediately.
    pub(super) fn probe_now(&mut self, now: Timestamp) {
        self.last_failure = Instant::now();
        self.last_failure_at = now;
        self.pauses = ProbePauses::default();
        self.plan(ProbeWait::AtOnce);
    }

    /// There is room again: the next probe is sent immediately, and pauses start over.
    pub(super) fn start_over(&mut self, now: Timestamp) {
        self.usual.succeed();
        self.without_room.succeed();
        self.probe_now(now);
    }

    /// The destination has answered an event for which there is no room: nothing else is wrong with it.
    pub(super) fn answered(&mut self) {
        self.usual.succeed();
    }

    /// Whether the reason is that no more refused events are kept.
    pub(super) fn lacks_room(&self) -> bool {
        self.trouble == Trouble::TooManyRefused
    }

    pub(super) fn is_due(&self) -> bool {
        self.next_probe <= Instant::now()
    }
}
