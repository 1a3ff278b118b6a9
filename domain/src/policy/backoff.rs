//! When a stream that backs off sends its next probe.

use std::time::Duration;

use super::ProbeWait;

/// The first pause.
const PROBE_BASE: Duration = Duration::from_secs(1);

/// The longest pause, before jitter; also the most of a destination's own Retry-After that is honoured.
const PROBE_CAP: Duration = Duration::from_secs(600);

/// The longest pause, before jitter, while it is being found out whether an event or the destination is at fault: for the first
/// probes, and for those that follow.
const SEARCH_CAPS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(10)];

/// So many are the first probes.
const FIRST_PROBES: u32 = 10;

/// The most of a Retry-After that is honoured meanwhile: the answer may be about that event alone.
const SEARCH_RETRY_AFTER_CAP: Duration = Duration::from_secs(60);

/// How long a stream that is backing off waits after a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProbePauses {
    usual: Duration,
    searching: Duration,
    at_once: Duration,
}

impl ProbePauses {
    /// How long to wait before the next probe.
    pub const fn before(self, wait: ProbeWait) -> Duration {
        match wait {
            ProbeWait::Usual => self.usual,
            ProbeWait::Searching => self.searching,
            ProbeWait::AtOnce => self.at_once,
        }
    }
}

/// A random number from 0 to 1, chosen by the caller, that spreads probes by 20 % to either side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jitter(f64);

impl Jitter {
    /// No spreading.
    pub const NONE: Self = Self(0.5);

    /// From any 32 random bits.
    pub fn from_random(bits: u32) -> Self {
        Self(f64::from(bits) / f64::from(u32::MAX))
    }

    fn spread(self, pause: Duration) -> Duration {
        pause.mul_f64(0.8 + 0.4 * self.0)
    }
}

/// Counts the failures in a row of one destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExponentialBackoff {
    failures: u32,
}

impl ExponentialBackoff {
    /// A destination that has failed this many times in a row.
    pub const fn after(failures: u32) -> Self {
        Self { failures }
    }

    /// How many failures in a row there were.
    pub const fn failures(self) -> u32 {
        self.failures
    }

    /// One failure more. Returns the pause before the next probe: 1 s doubled with each failure up to 10 minutes, spread
    /// by the jitter; longer if the destination asked for longer, but never over 10 minutes for its sake.
    pub fn fail(&mut self, retry_after: Option<Duration>, jitter: Jitter) -> Duration {
        self.pauses(retry_after, jitter).usual
    }

    /// The same, for each kind of wait. While events are searched, a pause is at most 2 s, later 10 s, or as long as the
    /// destination asked for, up to a minute.
    pub fn pauses(&mut self, retry_after: Option<Duration>, jitter: Jitter) -> ProbePauses {
        let doublings = self.failures.min(16);
        let [first_cap, later_cap] = SEARCH_CAPS;
        let search_cap = if self.failures < FIRST_PROBES {
            first_cap
        } else {
            later_cap
        };
        self.failures = self.failures.saturating_add(1);
        let pause = PROBE_BASE.saturating_mul(1 << doublings).min(PROBE_CAP);
        let asked = retry_after.unwrap_or_default().min(PROBE_CAP);
        let asked_in_search = asked.min(SEARCH_RETRY_AFTER_CAP);
        ProbePauses {
            usual: jitter.spread(pause).max(asked),
            searching: jitter.spread(pause.min(search_cap)).max(asked_in_search),
            at_once: asked_in_search,
        }
    }

    /// It works again.
    pub fn succeed(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_double_up_to_ten_minutes() {
        let mut backoff = ExponentialBackoff::default();
        let pauses: Vec<u64> = (0..12).map(|_| backoff.fail(None, Jitter::NONE).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
        backoff.succeed();
        assert_eq!(backoff.fail(None, Jitter::NONE), Duration::from_secs(1));
    }

    #[test]
    fn a_longer_wish_is_granted_up_to_the_cap() {
        let wish = |seconds| ExponentialBackoff::default().fail(Some(Duration::from_secs(seconds)), Jitter::NONE);
        assert_eq!(wish(0), Duration::from_secs(1));
        assert_eq!(wish(30), Duration::from_secs(30));
        assert_eq!(wish(86_400), PROBE_CAP);
    }

    #[test]
    fn while_events_are_searched_pauses_are_short() {
        let mut backoff = ExponentialBackoff::after(20);
        let pauses = backoff.pauses(Some(Duration::from_secs(3_600)), Jitter::NONE);
        let seconds =
            [ProbeWait::Usual, ProbeWait::Searching, ProbeWait::AtOnce].map(|wait| pauses.before(wait).as_secs());
        assert_eq!(seconds, [600, 60, 60]);
        let pauses = backoff.pauses(None, Jitter::NONE);
        let seconds =
            [ProbeWait::Usual, ProbeWait::Searching, ProbeWait::AtOnce].map(|wait| pauses.before(wait).as_secs());
        assert_eq!(seconds, [600, 10, 0]);
        let mut first = ExponentialBackoff::default();
        let pauses = [(); 12].map(|()| first.pauses(None, Jitter::NONE).before(ProbeWait::Searching).as_secs());
        assert_eq!(pauses, [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 10, 10]);
    }

    proptest! {
        #[test]
        fn a_pause_is_never_shorter_than_800_ms_nor_longer_than_12_minutes(
            failures in any::<u32>(), seconds in proptest::option::of(any::<u64>()), bits in any::<u32>(),
        ) {
            let mut backoff = ExponentialBackoff::after(failures);
            let pause = backoff.fail(seconds.map(Duration::from_secs), Jitter::from_random(bits));
            prop_assert!(pause >= Duration::from_millis(800));
            prop_assert!(pause <= Duration::from_secs(720));
        }
    }
}
