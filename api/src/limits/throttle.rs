//! How often something may happen for one key: so many at once, then at an even pace (the generic cell rate algorithm).
//!
//! For each key one moment is kept: when everything it has used up is paid back. Keys that have paid back are forgotten,
//! and there are at most [`MAX_KEYS`] others. Moments are monotonic and passed in, so that nothing here reads a clock.

use std::{
    collections::HashMap,
    hash::Hash,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Keys in debt that are remembered; a key beyond that has to wait until one has paid back.
const MAX_KEYS: usize = 100_000;

/// Paid-back keys are swept out when this many have gathered.
const FIRST_SWEEP: usize = 1_024;

/// Nothing is left for this key; this long until there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub(crate) Duration);

impl Wait {
    /// Whole seconds, at least one, as `Retry-After` wants them.
    pub fn seconds(self) -> u32 {
        let whole = self.0.as_millis().div_ceil(1_000);
        u32::try_from(whole).unwrap_or(u32::MAX).max(1)
    }
}

/// What a key may still use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) uses: u32,
    /// Until everything that was used is paid back.
    pub(crate) whole_in: Duration,
}

/// Limits one kind of thing, for each key on its own.
pub(crate) struct Throttle<K> {
    /// Time in which one use is paid back.
    period: Duration,
    /// Uses that may be owed at once, as time.
    burst: Duration,
    debts: Mutex<Debts<K>>,
}

struct Debts<K> {
    paid_back_at: HashMap<K, Instant>,
    sweep_at: usize,
}

impl<K: Eq + Hash + Clone> Throttle<K> {
    /// `burst` uses at once; `per` is the time in which all of them are paid back.
    pub(crate) fn new(burst: NonZeroU32, per: Duration) -> Self {
        let debts = Debts {
            paid_back_at: HashMap::new(),
            sweep_at: FIRST_SWEEP,
        };
        Self {
            period: per / burst.get(),
            burst: per,
            debts: Mutex::new(debts),
        }
    }

    /// Uses one, if one is left.
    pub(crate) fn take(&self, key: &K, now: Instant) -> Result<(), Wait> {
        let mut debts = self.debts();
        self.check_in(&debts, key, now)?;
        if self.charge_in(&mut debts, key, 1, now) {
            Ok(())
        } else {
            Err(Wait(self.period))
        }
    }

    /// Whether one is left.
    pub(crate) fn check(&self, key: &K, now: Instant) -> Result<(), Wait> {
        self.check_in(&self.debts(), key, now)
    }

    /// How much is left.
    pub(crate) fn left(&self, key: &K, now: Instant) -> Left {
        let whole_in = self.owed(&self.debts(), key, now);
        let free = self.burst.saturating_sub(whole_in);
        let uses = free.as_nanos().checked_div(self.period.as_nanos()).unwrap_or(0);
        Left {
            uses: u32::try_from(uses).unwrap_or(u32::MAX),
            whole_in,
        }
    }

    /// Uses this many whether or not they are left: what is owed is waited for by whoever comes next. A key for which
    /// there is no room goes free.
    pub(crate) fn charge(&self, key: &K, uses: u32, now: Instant) {
        self.charge_in(&mut self.debts(), key, uses, now);
    }

    /// Gives back one that was taken.
    pub(crate) fn give_back(&self, key: &K) {
        if let Some(paid_back_at) = self.debts().paid_back_at.get_mut(key) {
            *paid_back_at = paid_back_at.checked_sub(self.period).unwrap_or(*paid_back_at);
        }
    }

    fn check_in(&self, debts: &Debts<K>, key: &K, now: Instant) -> Result<(), Wait> {
        match (self.owed(debts, key, now) + self.period).checked_sub(self.burst) {
            Some(wait) if !wait.is_zero() => Err(Wait(wait)),
            _ => Ok(()),
        }
    }

    fn owed(&self, debts: &Debts<K>, key: &K, now: Instant) -> Duration {
        debts
            .paid_back_at
            .get(key)
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }

    /// False if there is no room for this key.
    fn charge_in(&self, debts: &mut Debts<K>, key: &K, uses: u32, now: Instant) -> bool {
        let price = self.period.saturating_mul(uses);
        if let Some(paid_back_at) = debts.paid_back_at.get_mut(key) {
            *paid_back_at = (*paid_back_at).max(now) + price;
            return true;
        }
        debts.sweep(now);
        let has_room = debts.paid_back_at.len() < MAX_KEYS;
        if has_room {
            debts.paid_back_at.insert(key.clone(), now + price);
        }
        has_room
    }

    fn debts(&self) -> MutexGuard<'_, Debts<K>> {
        self.debts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Debts<K> {
    /// Forgets keys that have paid back, each time that their number has doubled.
    fn sweep(&mut self, now: Instant) {
        if self.paid_back_at.len() >= self.sweep_at {
            self.paid_back_at.retain(|_, paid_back_at| *paid_back_at > now);
            self.sweep_at = FIRST_SWEEP.max(self.paid_back_at.len() * 2).min(MAX_KEYS);
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
            let left = throttle.left(&"a", start + after * SECOND);
            (left.uses, left.whole_in)
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
            throttle.give_back(&"a");
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
        assert!(throttle.debts().paid_back_at.len() <= 2 * FIRST_SWEEP);
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
