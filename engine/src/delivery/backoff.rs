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
    /// What the last pauses were chosen by; `None` if an administrator did not want to wait for them.
    chosen: Option<Chosen>,
    clock: Clock,
}

#[derive(Clone, Copy, Debug)]
struct Chosen {
    before: ExponentialBackoff,
    retry_after: Option<Duration>,
    jitter: Jitter,
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
            chosen: None,
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
        self.chosen = Some(Chosen {
            before: *backoff,
            retry_after,
            jitter,
        });
        self.pauses = backoff.pauses(retry_after, jitter);
        self.plan(ProbeWait::Usual);
    }

    /// Another request failed that was sent before the backoff began. If the destination asks for a longer pause in its answer than
    /// before, that pause begins now. False if that is no change.
    pub(super) fn ask(&mut self, retry_after: Duration, now: Timestamp) -> bool {
        let Some(chosen) = &mut self.chosen else { return false };
        if chosen.retry_after.is_some_and(|asked| retry_after <= asked) {
            return false;
        }
        chosen.retry_after = Some(retry_after);
        let Chosen { mut before, jitter, .. } = *chosen;
        self.last_failure = Instant::now();
        self.last_failure_at = now;
        self.pauses = before.pauses(Some(retry_after), jitter);
        self.plan(ProbeWait::Usual)
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
        self.chosen = None;
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

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: Trouble = Trouble::Unavailable(503);

    #[test]
    fn a_later_answer_to_an_earlier_request_may_ask_for_a_longer_pause() {
        let now = Timestamp::from_unix_ms(1_800_000_000_000);
        let seconds = |backoff: &Backoff| backoff.next_probe_at.since(now).as_secs();
        let mut backoff = Backoff::begin(now, FAILED, Clock::set_at(now));
        backoff.fail(FAILED, None, now);
        assert!(seconds(&backoff) < 2);
        assert!(backoff.ask(Duration::from_secs(120), now));
        assert_eq!(seconds(&backoff), 120);
        assert!(!backoff.ask(Duration::from_secs(60), now), "it asked for more before");
        assert_eq!(seconds(&backoff), 120);
        backoff.probe_now(now);
        assert!(
            !backoff.ask(Duration::from_secs(120), now),
            "an administrator does not want to wait"
        );
        assert_eq!(seconds(&backoff), 0);
        backoff.fail(FAILED, None, now);
        assert!((1..=3).contains(&seconds(&backoff)), "the second pause of our own");
    }
}
