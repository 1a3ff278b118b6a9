//! Rate limits by key: a burst at once, then an even pace (the generic cell rate algorithm).
//!
//! For each key, one time is stored: when its full burst is available again. Keys whose full burst is available are removed, and
//! there are at most [`MAX_KEYS`] others. Times are monotonic and passed in, so this module reads no clock.

use std::{
    collections::HashMap,
    hash::Hash,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Maximum number of keys; a new key must wait until another one can be removed.
const MAX_KEYS: usize = 100_000;

/// Number of keys at which keys are first removed.
const FIRST_SWEEP: usize = 1_024;

/// Time until the key can be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

impl Wait {
    /// Whole seconds for `Retry-After`, at least one.
    pub fn seconds(self) -> u32 {
        let whole = self.0.as_millis().div_ceil(1_000);
        u32::try_from(whole).unwrap_or(u32::MAX).max(1)
    }
}

/// What remains for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// How many uses are left.
    pub uses: u32,
    /// Time until the full burst is available again.
    pub full_in: Duration,
}

/// A limit that applies to each key separately.
pub struct Throttle<K> {
    /// Time after which one use is available again.
    period: Duration,
    /// Uses that are available at once, as a time.
    burst: Duration,
    usage: Mutex<Usage<K>>,
}

struct Usage<K> {
    full_at: HashMap<K, Instant>,
    sweep_at: usize,
}

impl<K: Eq + Hash + Clone> Throttle<K> {
    /// `burst` uses at once; `per` is the time after which all of them are available again.
    pub fn new(burst: NonZeroU32, per: Duration) -> Self {
        let usage = Usage {
            full_at: HashMap::new(),
            sweep_at: FIRST_SWEEP,
        };
        Self {
            period: per / burst.get(),
            burst: per,
            usage: Mutex::new(usage),
        }
    }

    /// Takes one use, if one remains.
    ///
    /// # Errors
    /// The time to wait.
    pub fn take(&self, key: &K, now: Instant) -> Result<(), Wait> {
        let mut usage = self.usage();
        self.check_locked(&usage, key, now)?;
        if self.charge_locked(&mut usage, key, 1, now) {
            Ok(())
        } else {
            Err(Wait(self.period))
        }
    }

    /// Whether a use remains.
    ///
    /// # Errors
    /// The time to wait.
    pub fn check(&self, key: &K, now: Instant) -> Result<(), Wait> {
        self.check_locked(&self.usage(), key, now)
    }

    /// What remains for the key.
    pub fn remaining(&self, key: &K, now: Instant) -> Remaining {
        let full_in = self.used(&self.usage(), key, now);
        let free = self.burst.saturating_sub(full_in);
        let uses = free.as_nanos().checked_div(self.period.as_nanos()).unwrap_or(0);
        Remaining {
            uses: u32::try_from(uses).unwrap_or(u32::MAX),
            full_in,
        }
    }

    /// Takes this many uses, whether or not they remain. The next requests wait until they are available again. A key for which
    /// there is no room is not limited.
    pub fn charge(&self, key: &K, uses: u32, now: Instant) {
        self.charge_locked(&mut self.usage(), key, uses, now);
    }

    /// Returns one use that was taken.
    pub(crate) fn refund(&self, key: &K) {
        if let Some(full_at) = self.usage().full_at.get_mut(key) {
            *full_at = full_at.checked_sub(self.period).unwrap_or(*full_at);
        }
    }

    fn check_locked(&self, usage: &Usage<K>, key: &K, now: Instant) -> Result<(), Wait> {
        match (self.used(usage, key, now) + self.period).checked_sub(self.burst) {
            Some(wait) if !wait.is_zero() => Err(Wait(wait)),
            _ => Ok(()),
        }
    }

    fn used(&self, usage: &Usage<K>, key: &K, now: Instant) -> Duration {
        usage
            .full_at
            .get(key)
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }

    /// Returns false if there is no room for this key.
    fn charge_locked(&self, usage: &mut Usage<K>, key: &K, uses: u32, now: Instant) -> bool {
        let price = self.period.saturating_mul(uses);
        if let Some(full_at) = usage.full_at.get_mut(key) {
            *full_at = (*full_at).max(now) + price;
            return true;
        }
        usage.sweep(now);
        let has_room = usage.full_at.len() < MAX_KEYS;
        if has_room {
            usage.full_at.insert(key.clone(), now + price);
        }
        has_room
    }

    fn usage(&self) -> MutexGuard<'_, Usage<K>> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Usage<K> {
    /// Removes keys whose full burst is available, each time that their number has doubled.
    fn sweep(&mut self, now: Instant) {
        if self.full_at.len() >= self.sweep_at {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.sweep_at = FIRST_SWEEP.max(self.full_at.len() * 2).min(MAX_KEYS);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn three_in_thirty_seconds() -> Throttle<&'static str> {
        Throttle::new(NonZeroU32::new(3).unwrap(), 30 * SECOND)
    }

    #[test]
    fn the_burst_goes_at_once_and_the_rest_at_an_even_pace() {
        let (throttle, start) = (three_in_thirty_seconds(), Instant::now());
        for _ in 0..3 {
            assert_eq!(throttle.take(&"a", start), Ok(()));
        }
        assert_eq!(throttle.take(&"a", start), Err(Wait(10 * SECOND)));
        assert_eq!(throttle.take(&"b", start), Ok(()), "keys do not share");
        assert_eq!(throttle.take(&"a", start + 9 * SECOND), Err(Wait(SECOND)));
        assert_eq!(throttle.take(&"a", start + 10 * SECOND), Ok(()));
        assert_eq!(throttle.take(&"a", start + 10 * SECOND), Err(Wait(10 * SECOND)));
    }

    #[test]
    fn what_is_left_grows_back_at_the_same_pace() {
        let (throttle, start) = (three_in_thirty_seconds(), Instant::now());
        let left = |after: u32| {
            let left = throttle.remaining(&"a", start + after * SECOND);
            (left.uses, left.full_in)
        };
        assert_eq!(left(0), (3, Duration::ZERO));
        throttle.charge(&"a", 2, start);
        assert_eq!(left(0), (1, 20 * SECOND));
        assert_eq!(left(9), (1, 11 * SECOND));
        assert_eq!(left(10), (2, 10 * SECOND));
        throttle.charge(&"a", 9, start);
        assert_eq!(left(0), (0, 110 * SECOND));
    }

    #[test]
    fn what_is_given_back_can_be_used_again() {
        let (throttle, start) = (three_in_thirty_seconds(), Instant::now());
        for _ in 0..10 {
            assert_eq!(throttle.take(&"a", start), Ok(()));
            throttle.refund(&"a");
        }
    }

    #[test]
    fn a_debt_is_waited_for_in_full() {
        let (throttle, start) = (three_in_thirty_seconds(), Instant::now());
        assert_eq!(throttle.check(&"a", start), Ok(()));
        throttle.charge(&"a", 10, start);
        assert_eq!(throttle.check(&"a", start), Err(Wait(80 * SECOND)));
        assert_eq!(throttle.check(&"a", start + 80 * SECOND), Ok(()));
    }

    #[test]
    fn keys_that_have_paid_back_are_forgotten() {
        let throttle: Throttle<u32> = Throttle::new(NonZeroU32::MIN, SECOND);
        let start = Instant::now();
        for key in 0..20_000_u32 {
            let now = start + Duration::from_millis(u64::from(key) * 10);
            assert_eq!(throttle.take(&key, now), Ok(()));
        }
        assert!(throttle.usage().full_at.len() <= 2 * FIRST_SWEEP);
    }

    #[test]
    fn memory_is_bounded_even_when_nobody_has_paid_back() {
        let throttle: Throttle<usize> = Throttle::new(NonZeroU32::MIN, 600 * SECOND);
        let now = Instant::now();
        for key in 0..MAX_KEYS + 10 {
            assert_eq!(throttle.take(&key, now).is_ok(), key < MAX_KEYS);
        }
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds() {
        assert_eq!(Wait(Duration::from_millis(1)).seconds(), 1);
        assert_eq!(Wait(Duration::from_millis(1_001)).seconds(), 2);
        assert_eq!(Wait(Duration::MAX).seconds(), u32::MAX);
    }

    proptest! {
        #[test]
        fn no_window_lets_more_than_two_bursts_through(steps in proptest::collection::vec(0_u64..4_000, 1..200)) {
            let (throttle, start) = (three_in_thirty_seconds(), Instant::now());
            let (mut elapsed, mut granted) = (Duration::ZERO, Vec::new());
            for step in steps {
                elapsed += Duration::from_millis(step);
                if throttle.take(&"a", start + elapsed).is_ok() {
                    granted.push(elapsed);
                }
            }
            for first in &granted {
                let within = granted.iter().filter(|at| *at >= first && **at < *first + 30 * SECOND).count();
                prop_assert!(within <= 6);
            }
        }
    }
}
