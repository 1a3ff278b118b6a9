//! How many requests may be in flight to one destination.
//!
//! The limit follows what the destination shows, in windows: a window consists of about as many requests as may be in
//! flight, all sent under the same limit. At the end of each one, the mean latency is compared with the *baseline*, the
//! latency without load:
//!
//! - As fast, and the limit was reached: the limit grows.
//! - Slower by half, twice without a window as fast as the baseline in between: requests wait in the destination. The limit shrinks by as much as the latency is too high.
//! - In between, or if the limit was not reached: it stays.
//!
//! After trouble it starts over at one and grows fast up to where it was. After a single failure among many successes it is halved,
//! and grows fast up to where it was. If failures come soon after it had grown, again and again at about the same limit or many at once,
//! it stays somewhat below that for a while (the *ceiling*): a destination that answers 503 above some number of requests is not driven
//! there again and again.
//!
//! Everything here is computed from the latencies of requests, their numbers, and the time that the caller names.

use std::{mem, time::Duration};

use domain::policy::{RequestNumber, Trouble, Unreached};

/// The most requests in flight to any destination.
const MOST: usize = 256;

/// The most while no latencies are known: nothing would show that they are too many.
const MOST_WITHOUT_LATENCY: usize = 16;

/// The mean of fewer latencies says too little.
const JUDGED: u32 = 8;

/// Below this, fast growth doubles the limit; from here on, it adds a half.
const DOUBLED_BELOW: usize = 16;

/// A latency that is higher by less than this is never a sign of load: scheduling, here and there, explains it.
const TOLERANCE: Duration = Duration::from_micros(500);

/// The baseline is measured again after so many windows, with half as many requests in flight.
const MEASURED_EVERY: u32 = 100;

/// If the limit has shrunk so many times in a row and the latency has not, it does not come from load.
const UNCHANGED: u32 = 2;

/// Trouble after so many windows under one limit does not come from that limit.
const PROVEN: u32 = 8;

/// A failure is a single one only after so many successes.
const SUCCESSES_BEFORE: u32 = 32;

/// Of requests in flight, one in so many may fail at once without being more than single failures.
const SINGLE_IN: usize = 32;

/// How long the limit stays under the ceiling at first, and at most.
const SHORTEST_HOLD: Duration = Duration::from_secs(10);
const LONGEST_HOLD: Duration = Duration::from_secs(60);

/// The limit on requests in flight, between one and a maximum.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    most: usize,
    limit: usize,
    /// Below this, the limit grows fast.
    fast_below: usize,
    baseline: Option<Baseline>,
    /// Half as many requests as the limit allows are sent, to measure the baseline.
    is_measuring: bool,
    /// Windows since the baseline was measured.
    unmeasured: u32,
    crowded: Option<Crowded>,
    ceiling: Option<Ceiling>,
    /// Successes since the last failure.
    successes: u32,
    fault: Option<Fault>,
    /// The limit at which a single failure came soon after it had grown: if it happens again there, it comes from load.
    suspected: Option<usize>,
    /// Windows since the limit last grew.
    proven: u32,
    window: Window,
    /// The most requests in flight in the window before.
    used_before: usize,
    last_sent: RequestNumber,
}

/// The latency of the destination without load.
#[derive(Clone, Copy, Debug)]
struct Baseline {
    latency: Duration,
    /// How many requests it is the mean of.
    requests: u32,
    /// With half as many requests in flight, or as few; not while the limit grew.
    is_measured: bool,
}

/// The requests that were sent since the limit last changed or was confirmed.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    /// It begins after this request.
    after: RequestNumber,
    accepted: usize,
    /// How many of them have a latency, and the sum of it.
    timed: u32,
    latency: Duration,
    /// The most that were in flight.
    used: usize,
}

/// What the limit and the latency were when the limit shrank.
#[derive(Clone, Copy, Debug)]
struct Crowded {
    limit: usize,
    latency: Duration,
    /// How many times in a row the limit has shrunk since, and the latency has not.
    unchanged: u32,
}

/// A single failure, and those of other requests that were in flight with it.
#[derive(Clone, Copy, Debug)]
struct Fault {
    /// The last request that was sent before.
    after: RequestNumber,
    reached: usize,
    proven: u32,
    failures: usize,
}

/// The limit stays at or below `limit` until then.
#[derive(Clone, Copy, Debug)]
struct Ceiling {
    limit: usize,
    until: Duration,
    hold: Duration,
}

impl Baseline {
    const fn new(window: &Window, latency: Duration, is_measured: bool) -> Self {
        Self {
            latency,
            requests: window.timed,
            is_measured,
        }
    }

    /// Up to this latency, requests do not wait in the destination.
    fn clear(&self) -> Duration {
        self.latency * 5 / 4 + TOLERANCE
    }

    /// Above this latency, they do.
    fn crowded(&self) -> Duration {
        self.latency * 3 / 2 + TOLERANCE
    }

    /// Takes in a window, by its number of requests.
    fn add(&mut self, window: &Window) {
        let requests = self.requests.saturating_add(window.timed);
        self.latency = (self.latency * self.requests + window.latency) / requests.max(1);
        self.requests = requests;
    }

    fn approach(&mut self, latency: Duration) {
        self.latency = (self.latency + latency) / 2;
    }
}

impl Window {
    fn after(request: RequestNumber) -> Self {
        Self {
            after: request,
            ..Self::default()
        }
    }

    /// The mean latency, if there is one.
    fn mean(&self) -> Option<Duration> {
        self.latency.checked_div(self.timed)
    }
}

impl Pace {
    /// For requests that are sent side by side, so many at most.
    pub(super) fn of_requests(most: usize) -> Self {
        Self::new(most.clamp(1, MOST))
    }

    /// For batches, which are sent one after the other.
    pub(super) fn of_batches() -> Self {
        Self::new(1)
    }

    fn new(most: usize) -> Self {
        Self {
            most,
            limit: 1,
            fast_below: most,
            baseline: None,
            is_measuring: false,
            unmeasured: 0,
            crowded: None,
            ceiling: None,
            successes: 0,
            fault: None,
            suspected: None,
            proven: 0,
            window: Window::default(),
            used_before: 0,
            last_sent: 0,
        }
    }

    /// From now on, the limit grows fast only up to where it was before trouble.
    pub(super) fn grow_slowly(&mut self) {
        self.fast_below = 0;
    }

    /// How many requests may be in flight now.
    pub(super) fn allowed(&self) -> usize {
        match self.is_measuring {
            true => (self.limit / 2).max(1),
            false => self.limit,
        }
    }

    /// How many may be in flight at any time, as it is shown and measured.
    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    /// A request was sent, and with it so many are in flight.
    pub(super) fn sent(&mut self, request: RequestNumber, in_flight: usize) {
        self.last_sent = request;
        self.window.used = self.window.used.max(in_flight);
    }

    /// A request was accepted, `latency` after it was sent; `None` if that says nothing about the destination's load. `now` is
    /// the time since any fixed moment.
    pub(super) fn accepted(&mut self, request: RequestNumber, latency: Option<Duration>, now: Duration) {
        self.successes = self.successes.saturating_add(1);
        if request <= self.window.after {
            return;
        }
        self.window.accepted += 1;
        if let Some(latency) = latency {
            self.window.timed += 1;
            self.window.latency += latency;
        }
        if self.window.accepted >= self.window_size() {
            self.end_window(now);
        }
    }

    /// A request failed in a way that may be chance. True if it was a single one among many that were accepted: the stream goes on with
    /// half as many in flight. Otherwise it is trouble ([`Self::troubled`]).
    pub(super) fn failed(&mut self, request: RequestNumber, now: Duration) -> bool {
        let successes = mem::take(&mut self.successes);
        if let Some(fault) = &mut self.fault
            && request <= fault.after
        {
            fault.failures += 1;
            let is_single = fault.failures <= (fault.reached / SINGLE_IN).max(1);
            if !is_single {
                (self.limit, self.window.used, self.proven) = (fault.reached, fault.reached, fault.proven);
            }
            return is_single;
        }
        let reached = self.reached();
        if successes < SUCCESSES_BEFORE || reached < 2 {
            return false;
        }
        self.fault = Some(Fault {
            after: self.last_sent,
            reached,
            proven: self.proven,
            failures: 1,
        });
        self.fast_below = match self.is_overload(reached, now) {
            true => self.lower_ceiling(reached, now),
            false => self.fast_below.max(reached),
        };
        self.start_at(reached / 2);
        true
    }

    /// Whether a single failure comes from load: the limit had grown before, and something else says so, too.
    fn is_overload(&mut self, reached: usize, now: Duration) -> bool {
        let is_below = self
            .ceiling
            .is_some_and(|ceiling| now < ceiling.until && reached <= ceiling.limit);
        if self.proven >= PROVEN || is_below {
            return false;
        }
        let suspected = self.suspected.replace(reached);
        let is_near = |before: usize| reached * 8 >= before * 7 && reached * 7 <= before * 8;
        self.crowded.is_some() || suspected.is_some_and(is_near)
    }

    /// The destination failed, and the stream sends nothing but probes for a while.
    pub(super) fn troubled(&mut self, trouble: Trouble, now: Duration) {
        let reached = self.reached();
        self.fast_below = match may_be_overload(trouble) && self.proven < PROVEN && reached > 1 {
            true => self.lower_ceiling(reached, now),
            false => self.fast_below.max(self.limit),
        };
        self.fault = None;
        self.successes = 0;
        self.start_at(1);
    }

    /// How many requests were in flight under the current limit.
    fn reached(&self) -> usize {
        self.limit.min(self.window.used.max(self.used_before)).max(1)
    }

    fn start_at(&mut self, limit: usize) {
        self.limit = limit;
        self.is_measuring = false;
        self.crowded = None;
        self.proven = 0;
        self.window = Window::after(self.last_sent);
        self.used_before = 0;
    }

    /// The destination failed soon after the limit had grown. Returns the ceiling.
    fn lower_ceiling(&mut self, reached: usize, now: Duration) -> usize {
        let hold = match self.ceiling {
            Some(ceiling) if now < ceiling.until => ceiling.hold,
            Some(ceiling) if now < ceiling.until + ceiling.hold => (ceiling.hold * 2).min(LONGEST_HOLD),
            _ => SHORTEST_HOLD,
        };
        let limit = reached * 4 / 5;
        let until = now + hold;
        self.ceiling = Some(Ceiling { limit, until, hold });
        limit
    }

    fn is_fast(&self) -> bool {
        self.limit < self.fast_below
    }

    /// Accepted requests after which a window ends.
    fn window_size(&self) -> usize {
        let least = match self.is_fast() && !self.is_measuring {
            true => 2,
            false => usize::try_from(JUDGED).unwrap_or(usize::MAX),
        };
        self.allowed().max(least)
    }

    fn end_window(&mut self, now: Duration) {
        let window = mem::replace(&mut self.window, Window::after(self.last_sent));
        self.used_before = window.used;
        self.proven = self.proven.saturating_add(1);
        // As many were in flight as at the failure, and nothing failed.
        self.suspected.take_if(|suspected| window.used > *suspected);
        match window.mean() {
            Some(latency) if self.is_measuring => self.end_measuring(&window, latency),
            Some(latency) => self.judge(&window, latency, now),
            None => self.grow(&window, MOST_WITHOUT_LATENCY, now),
        }
    }

    fn end_measuring(&mut self, window: &Window, latency: Duration) {
        self.is_measuring = false;
        self.unmeasured = 0;
        self.baseline = Some(Baseline::new(window, latency, true));
    }

    fn judge(&mut self, window: &Window, latency: Duration, now: Duration) {
        let is_fast = self.is_fast();
        let baseline = self
            .baseline
            .get_or_insert_with(|| Baseline::new(window, latency, false));
        // So few were in flight that this is the latency without load.
        let is_unloaded = self.limit == 1 || window.used * 2 <= self.limit;
        let is_enough = window.timed >= JUDGED;
        if is_enough && (is_unloaded || latency < baseline.latency) {
            baseline.approach(latency);
        }
        self.unmeasured = if is_unloaded {
            0
        } else {
            self.unmeasured.saturating_add(1)
        };
        if is_unloaded {
            self.grow(window, MOST, now);
        } else if latency <= baseline.clear() || !is_enough {
            if is_fast && latency <= baseline.crowded() {
                baseline.add(window);
            }
            self.crowded = None;
            self.grow(window, MOST, now);
        } else {
            self.fast_below = 0;
            if latency > baseline.crowded() {
                self.shrink(window, latency);
            }
        }
        self.is_measuring = self.unmeasured >= MEASURED_EVERY && self.limit > 1;
    }

    /// Fast, or by a sixteenth, or by one after an overload, up to `most`; only if the limit was reached.
    fn grow(&mut self, window: &Window, most: usize, now: Duration) {
        let most = match self.ceiling {
            Some(ceiling) if now < ceiling.until => ceiling.limit.min(most),
            _ => self.most.min(most),
        };
        if window.used < self.limit || self.limit >= most {
            return;
        }
        let grown = match self.is_fast() {
            true if self.limit < DOUBLED_BELOW => (self.limit * 2).min(self.fast_below),
            true => (self.limit + self.limit / 2).min(self.fast_below),
            false if self.ceiling.is_some() => self.limit + 1,
            false => self.limit + 1 + self.limit / 16,
        };
        self.limit = grown.min(most);
        self.proven = 0;
        // The destination can process so much more than it could at the overload that the ceiling no longer applies.
        self.ceiling.take_if(|ceiling| self.limit >= ceiling.limit * 2);
    }

    /// If requests wait in two windows, with none in between in which they do not (one alone may be chance), the limit shrinks to where they would not wait, but
    /// at most by half. If it shrinks and the latency does not, the destination has become slower by itself, and that is the new
    /// baseline.
    fn shrink(&mut self, window: &Window, latency: Duration) {
        let now = Crowded {
            limit: self.limit,
            latency,
            unchanged: 0,
        };
        match self.crowded {
            None => {
                self.crowded = Some(now);
                return;
            }
            Some(before) if self.limit * 4 <= before.limit * 3 => {
                let is_unchanged = latency * 10 >= before.latency * 9;
                let unchanged = if is_unchanged { before.unchanged + 1 } else { 0 };
                self.crowded = Some(Crowded { unchanged, ..now });
                if unchanged >= UNCHANGED {
                    self.baseline = Some(Baseline::new(window, latency, true));
                    return;
                }
            }
            Some(_) => {}
        }
        let clear = self.baseline.map_or(latency, |baseline| baseline.clear());
        if self.baseline.is_some_and(|baseline| !baseline.is_measured) {
            self.unmeasured = MEASURED_EVERY;
        }
        self.limit = scaled(self.limit, clear, latency)
            .clamp(self.limit / 2, self.limit.saturating_sub(1))
            .max(1);
    }
}

/// `limit` · `numerator` / `denominator`.
fn scaled(limit: usize, numerator: Duration, denominator: Duration) -> usize {
    let whole = u128::try_from(limit).unwrap_or(u128::MAX);
    let scaled = whole.saturating_mul(numerator.as_micros()) / denominator.as_micros().max(1);
    usize::try_from(scaled).unwrap_or(usize::MAX)
}

/// Whether fewer requests in flight may help.
const fn may_be_overload(trouble: Trouble) -> bool {
    match trouble {
        Trouble::Unavailable(_)
        | Trouble::Unreached(Unreached::Connect | Unreached::Timeout | Unreached::Interrupted) => true,
        Trouble::Unreached(Unreached::Dns | Unreached::Proxy(_) | Unreached::Tls(_))
        | Trouble::AuthenticationFailing(_)
        | Trouble::EndpointNotFound(_)
        | Trouble::Moved(_)
        | Trouble::Blocked
        | Trouble::EverythingRefused(_)
        | Trouble::TooManyRefused => false,
    }
}

#[cfg(test)]
mod tests;
