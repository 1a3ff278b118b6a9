//! The most requests in flight, and per second, that the settings of a destination allow: for its stream and its replays together.
//!
//! Each request needs a permit. A permit counts as a request in flight until it is dropped, and against the rate unless it is dropped
//! unused. A stream that has to wait goes before its replays. Its probes wait for requests in flight, but not for the rate.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::destination::DeliveryLimits;
use tokio::{sync::watch, time::Instant};

/// Requests that could have been sent in this time are sent at once: timers are not exact, and would otherwise make the rate lower than
/// it may be.
const BURST: Duration = Duration::from_millis(20);

/// Who wants to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Stream,
    /// A stream that backs off.
    Probe,
    Replay,
}

/// Why nothing may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// The rate is reached until then.
    Until(Instant),
    /// As many requests are in flight as may be, or the stream goes first. [`Limiter::subscribe`] reports the end of it.
    Freed,
}

/// Of one destination. Without settings, everything may be sent.
pub(super) struct Limiter {
    state: Mutex<State>,
    freed: watch::Sender<()>,
}

struct State {
    /// Of the destination whose settings these are.
    version: i64,
    most: usize,
    rate: Option<Rate>,
    in_flight: usize,
    stream_waits: bool,
    /// Somebody waits for `freed`.
    is_awaited: bool,
}

/// Allows one request.
pub(super) struct Permit {
    limiter: Arc<Limiter>,
    /// What it has taken of the rate, until it is used.
    charge: Duration,
}

/// Requests at equal intervals, as a token bucket gives them that holds what [`BURST`] is worth (the generic cell rate algorithm).
#[derive(Clone, Copy, Debug)]
struct Rate {
    interval: Duration,
    /// When the next request is due if all are sent at their times.
    next: Option<Instant>,
}

impl Rate {
    fn new(per_second: u32) -> Self {
        Self {
            interval: Duration::from_secs(1) / per_second.max(1),
            next: None,
        }
    }

    /// When a request may be sent; `None` for now.
    fn wait(&self, now: Instant) -> Option<Instant> {
        let earliest = self.next?.checked_sub(BURST)?;
        (earliest > now).then_some(earliest)
    }

    /// Counts a request that is sent now, and returns how much later the next one is due. A request that does not wait for the rate
    /// delays later ones by one interval at most, however many of them are sent.
    fn charge(&mut self, now: Instant) -> Duration {
        let due = self.next.map_or(now, |next| next.max(now));
        let next = due.min(now + BURST) + self.interval;
        self.next = Some(next);
        next.saturating_duration_since(due)
    }

    fn refund(&mut self, charge: Duration) {
        self.next = self.next.and_then(|next| next.checked_sub(charge));
    }
}

impl Default for Limiter {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                version: i64::MIN,
                most: usize::MAX,
                rate: None,
                in_flight: 0,
                stream_waits: false,
                is_awaited: false,
            }),
            freed: watch::Sender::new(()),
        }
    }
}

impl Limiter {
    /// Takes over the settings of this version of the destination, unless those of a later one apply already.
    pub(super) fn configure(&self, version: i64, limits: &DeliveryLimits) {
        let mut state = self.state();
        if version <= state.version {
            return;
        }
        state.version = version;
        state.most = usize::try_from(limits.max_concurrency).unwrap_or(usize::MAX);
        let rate = limits.max_rate.map(Rate::new);
        // A change of something else begins no new burst.
        if rate.map(|rate| rate.interval) != state.rate.map(|rate| rate.interval) {
            state.rate = rate;
        }
        self.free(&mut state);
    }

    /// A permit for a request, unless `sender` has to wait. Asks for the time only if there is a rate.
    ///
    /// # Errors
    /// What to wait for.
    pub(super) fn acquire(self: &Arc<Self>, sender: Sender, now: impl FnOnce() -> Instant) -> Result<Permit, Wait> {
        let mut state = self.state();
        let acquired = state.acquire(sender, now);
        if sender != Sender::Replay {
            let waited = std::mem::replace(&mut state.stream_waits, acquired.is_err());
            if waited && acquired.is_ok() {
                self.free(&mut state);
            }
        }
        state.is_awaited |= acquired == Err(Wait::Freed);
        acquired.map(|charge| Permit {
            limiter: Arc::clone(self),
            charge,
        })
    }

    /// The stream has nothing to send for which it would have to wait.
    pub(super) fn stream_is_idle(&self) {
        let mut state = self.state();
        if state.stream_waits {
            state.stream_waits = false;
            self.free(&mut state);
        }
    }

    /// Changes whenever [`Wait::Freed`] may be over.
    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        self.freed.subscribe()
    }

    fn free(&self, state: &mut State) {
        if std::mem::take(&mut state.is_awaited) {
            self.freed.send_replace(());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What the request takes of the rate.
    fn acquire(&mut self, sender: Sender, now: impl FnOnce() -> Instant) -> Result<Duration, Wait> {
        let goes_second = sender == Sender::Replay && self.stream_waits;
        if self.in_flight >= self.most || goes_second {
            return Err(Wait::Freed);
        }
        let mut charge = Duration::ZERO;
        if let Some(rate) = &mut self.rate {
            let now = now();
            if let Some(until) = rate.wait(now).filter(|_| sender != Sender::Probe) {
                return Err(Wait::Until(until));
            }
            charge = rate.charge(now);
        }
        self.in_flight += 1;
        Ok(charge)
    }
}

impl Permit {
    /// The request is sent now.
    pub(super) fn used(&mut self) {
        self.charge = Duration::ZERO;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        state.in_flight -= 1;
        if !self.charge.is_zero()
            && let Some(rate) = &mut state.rate
        {
            rate.refund(self.charge);
        }
        self.limiter.free(&mut state);
    }
}

#[cfg(test)]
mod tests;
