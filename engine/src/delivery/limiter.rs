//! The most requests in flight, and per second, that the settings of a destination allow: for its stream and its replays together.
//!
//! Whoever wants to send takes a place first. A place counts as a request in flight until it is dropped, and against the rate once it is used.
//! A stream that has to wait goes before its replays. Its probes wait for requests in flight, but not for the rate.

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
    /// As many requests are in flight as may be, or the stream goes first: [`Limiter::subscribe`] reports the end of it.
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

/// A place for one request.
pub(super) struct Place(Arc<Limiter>);

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

    fn count(&mut self, now: Instant) {
        self.next = Some(self.next.map_or(now, |next| next.max(now)) + self.interval);
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

    /// A place for a request, unless `sender` has to wait.
    ///
    /// # Errors
    /// What to wait for.
    pub(super) fn take(self: &Arc<Self>, sender: Sender, now: Instant) -> Result<Place, Wait> {
        let mut state = self.state();
        let wait = state.wait(sender, now);
        if sender != Sender::Replay {
            let waited = std::mem::replace(&mut state.stream_waits, wait.is_some());
            if waited && wait.is_none() {
                self.free(&mut state);
            }
        }
        if let Some(wait) = wait {
            state.is_awaited |= wait == Wait::Freed;
            return Err(wait);
        }
        state.in_flight += 1;
        Ok(Place(Arc::clone(self)))
    }

    /// The stream has nothing to send any more that would have to wait.
    pub(super) fn stream_waits_no_more(&self) {
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
    fn wait(&self, sender: Sender, now: Instant) -> Option<Wait> {
        let goes_second = sender == Sender::Replay && self.stream_waits;
        if self.in_flight >= self.most || goes_second {
            return Some(Wait::Freed);
        }
        let rate = self.rate.filter(|_| sender != Sender::Probe)?;
        rate.wait(now).map(Wait::Until)
    }
}

impl Place {
    /// The request is sent now.
    pub(super) fn used(&self, now: Instant) {
        if let Some(rate) = &mut self.0.state().rate {
            rate.count(now);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_flight -= 1;
        self.0.free(&mut state);
    }
}

#[cfg(test)]
mod tests;
