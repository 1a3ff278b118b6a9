//! When a held destination is probed again.

use std::time::Duration;

/// The first pause.
const PROBE_BASE: Duration = Duration::from_secs(1);

/// The longest pause, before jitter; also the most of a destination's own Retry-After that is honoured.
pub const PROBE_CAP: Duration = Duration::from_secs(600);

/// A random number from 0 to 1, drawn by the caller, that spreads probes by 20 % to either side.
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
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// A destination that has failed this many times in a row.
    pub const fn after(failures: u32) -> Self {
        Self { failures }
    }

    pub const fn failures(self) -> u32 {
        self.failures
    }

    /// One failure more. Returns the pause before the next probe: 1 s doubled with each failure up to 10 minutes, spread
    /// by the jitter; longer if the destination asked for longer, but never over 10 minutes for its sake.
    pub fn fail(&mut self, retry_after: Option<Duration>, jitter: Jitter) -> Duration {
        let doublings = self.failures.min(16);
        self.failures = self.failures.saturating_add(1);
        let pause = PROBE_BASE.saturating_mul(1 << doublings).min(PROBE_CAP);
        let asked = retry_after.unwrap_or_default().min(PROBE_CAP);
        jitter.spread(pause).max(asked)
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
        let mut backoff = Backoff::default();
        let pauses: Vec<u64> = (0..12).map(|_| backoff.fail(None, Jitter::NONE).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
        backoff.succeed();
        assert_eq!(backoff.fail(None, Jitter::NONE), Duration::from_secs(1));
    }

    #[test]
    fn a_longer_wish_is_granted_up_to_the_cap() {
        let wish = |seconds| Backoff::default().fail(Some(Duration::from_secs(seconds)), Jitter::NONE);
        assert_eq!(wish(0), Duration::from_secs(1));
        assert_eq!(wish(30), Duration::from_secs(30));
        assert_eq!(wish(86_400), PROBE_CAP);
    }

    proptest! {
        #[test]
        fn a_pause_is_never_shorter_than_800_ms_nor_longer_than_12_minutes(
            failures in any::<u32>(), seconds in proptest::option::of(any::<u64>()), bits in any::<u32>(),
        ) {
            let mut backoff = Backoff::after(failures);
            let pause = backoff.fail(seconds.map(Duration::from_secs), Jitter::from_random(bits));
            prop_assert!(pause >= Duration::from_millis(800));
            prop_assert!(pause <= Duration::from_secs(720));
        }
    }
}
