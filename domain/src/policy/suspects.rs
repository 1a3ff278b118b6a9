//! Which events are suspected of making requests fail, and what it takes to blame one.
//!
//! A failed request may be the fault of the destination, or of an event that it carried: a firewall answers 403 to a
//! certain body, an application crashes over it. Only the outcome for other events distinguishes the two.
//!
//! - An event whose request failed is a *suspect* until it is accepted.
//! - Another event that is accepted, by a request that was sent after the failure, is *evidence* that the destination works.
//! - A failure that is followed by evidence is a *strike*. Three strikes without an acceptance in between, and the event is
//!   *blamed*. Without evidence there is no strike: an outage alone, however long, blames nobody.
//! - Events that failed in one request are sent in smaller ones afterwards, until the event at fault is alone.

use std::{collections::BTreeMap, time::Duration};

use crate::ids::Seq;

/// Strikes after which an event is blamed.
const STRIKES: u32 = 3;

/// How long a suspect waits for its next try after its first and its second strike.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// How long a suspect waits for its next try while there is no evidence.
const PAUSE_WITHOUT_EVIDENCE: Duration = Duration::from_secs(1);

/// A request that failed is divided into this many parts.
const DIVISOR: usize = 32;

/// Failures of the first event of every entity's queue after which events behind it are tried, too.
const FAILURES_BEFORE_LATER: u32 = 3;

/// How many events are tried in a row at short pauses (see [`super::ProbePauses`]).
const SEARCH_EVENTS: usize = 32;

/// Counts requests in the order in which they were sent.
pub type RequestNumber = u64;

/// The suspects of one stream. `T` is what the caller wants to know again when an event is blamed.
///
/// Times are those since the stream was started.
#[derive(Clone, Debug)]
pub struct Suspects<T> {
    events: BTreeMap<Seq, Suspect<T>>,
    alone: usize,
}

#[derive(Clone, Debug)]
struct Suspect<T> {
    /// The most events that a request with this one carries.
    most: usize,
    /// How many times a request with this event alone has failed since the last evidence.
    failures: u32,
    strikes: u32,
    /// The request that failed, while there is no evidence.
    failed: Option<RequestNumber>,
    due: Duration,
    /// Set once it has failed alone.
    about: Option<T>,
}

/// Which waiting event a stream that is backing off tries next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Position of the event to send.
    pub seq: Seq,
    /// How long to wait before that.
    pub wait: ProbeWait,
}

/// How long a stream that is backing off waits for its next probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeWait {
    /// Growing pauses.
    Usual,
    /// Short pauses: there are events that were not tried yet.
    Searching,
    /// No pause of our own: the probe belongs to the one before.
    AtOnce,
}

impl<T> Default for Suspects<T> {
    fn default() -> Self {
        Self {
            events: BTreeMap::new(),
            alone: 0,
        }
    }
}

impl<T> Suspects<T> {
    /// Whether a request with this event has failed, and the event was not accepted since.
    pub fn contains(&self, seq: Seq) -> bool {
        self.events.contains_key(&seq)
    }

    /// Whether a request with this event alone has failed.
    pub fn failed_alone(&self, seq: Seq) -> bool {
        self.about(seq).is_some()
    }

    /// How many events have failed alone.
    pub const fn count_alone(&self) -> usize {
        self.alone
    }

    /// The most events that a request with this one carries; `None` if there is no limit.
    pub fn most(&self, seq: Seq) -> Option<usize> {
        if self.events.is_empty() {
            return None;
        }
        self.events.get(&seq).map(|suspect| suspect.most)
    }

    /// What was noted about an event that has failed alone.
    pub fn about(&self, seq: Seq) -> Option<&T> {
        self.events.get(&seq)?.about.as_ref()
    }

    /// A request with this event alone has failed, in a way that can be the fault of the event.
    pub fn fail(&mut self, seq: Seq, request: RequestNumber, now: Duration, about: T) {
        let suspect = self.events.entry(seq).or_insert_with(Suspect::new);
        self.alone += usize::from(suspect.about.is_none());
        suspect.most = 1;
        suspect.failures = suspect.failures.saturating_add(1);
        suspect.failed = Some(request);
        suspect.due = now + PAUSE_WITHOUT_EVIDENCE;
        suspect.about = Some(about);
    }

    /// A request with these events has failed, in a way that can be the fault of one of them.
    pub fn fail_together(&mut self, events: &[Seq]) {
        let most = (events.len() / DIVISOR).max(1);
        for seq in events {
            let suspect = self.events.entry(*seq).or_insert_with(Suspect::new);
            suspect.most = suspect.most.min(most);
        }
    }

    /// The event is being sent again: whether its last failure was its own fault is decided by this attempt.
    pub fn sent(&mut self, seq: Seq) {
        if let Some(suspect) = self.events.get_mut(&seq) {
            suspect.failed = None;
        }
    }

    /// The event was accepted, or is not to be sent any more.
    pub fn clear(&mut self, seq: Seq) -> Option<T> {
        if self.events.is_empty() {
            return None;
        }
        let about = self.events.remove(&seq)?.about;
        self.alone -= usize::from(about.is_some());
        about
    }

    /// A request was accepted. Returns the events that are to blame now; they are suspects no more.
    pub fn accept(&mut self, request: RequestNumber, now: Duration) -> Vec<(Seq, T)> {
        if self.alone == 0 {
            return Vec::new();
        }
        let mut blamed = Vec::new();
        for (seq, suspect) in &mut self.events {
            let is_evidence = suspect.failed.is_some_and(|failed| failed < request);
            if is_evidence && suspect.strike(now) >= STRIKES {
                blamed.push(*seq);
            }
        }
        let about = |seq| Some((seq, self.clear(seq)?));
        blamed.into_iter().filter_map(about).collect()
    }

    /// When the event is to be tried again while others are sent, those with fewer strikes first.
    pub fn due(&self, seq: Seq) -> Option<(u32, Duration)> {
        let suspect = self.events.get(&seq)?;
        suspect.about.as_ref()?;
        Some((suspect.strikes, suspect.due))
    }

    /// The event to probe with: the one that has failed least often, of several the oldest. `first` are the first events of
    /// each queue that keeps an order, `later` the others. One of the others is tried when each of the first has failed three
    /// times, and only right after a probe with one of the first (`last_was_first`): if the destination has recovered by then,
    /// the first event is accepted, and the order is kept.
    pub fn next_probe(
        &self,
        first: impl Iterator<Item = Seq>,
        later: impl Iterator<Item = Seq>,
        last_was_first: bool,
    ) -> Option<Probe> {
        let (failures, seq) = self.least_failed(first)?;
        if failures == 0 {
            return Some(Probe {
                seq,
                wait: self.search(true),
            });
        }
        let later = self.least_failed(later);
        match later.filter(|(of_later, _)| *of_later < failures) {
            Some((_, seq)) if failures >= FAILURES_BEFORE_LATER && last_was_first => Some(Probe {
                seq,
                wait: ProbeWait::AtOnce,
            }),
            later => Some(Probe {
                seq,
                wait: self.search(later.is_some_and(|(of_later, _)| of_later == 0)),
            }),
        }
    }

    /// The pause before a probe, if there are events left that were not tried, or if there are none.
    fn search(&self, some_are_left: bool) -> ProbeWait {
        match some_are_left && self.tried() < SEARCH_EVENTS {
            true => ProbeWait::Searching,
            false => ProbeWait::Usual,
        }
    }

    /// The event that has failed alone least often, with how often; of several the oldest.
    pub fn least_failed(&self, events: impl Iterator<Item = Seq>) -> Option<(u32, Seq)> {
        let failures = |seq: Seq| self.events.get(&seq).map_or(0, |suspect| suspect.failures);
        events.map(|seq| (failures(seq), seq)).min()
    }

    /// How many events have failed alone since the last evidence.
    fn tried(&self) -> usize {
        self.events.values().filter(|suspect| suspect.failures > 0).count()
    }
}

impl<T> Suspect<T> {
    const fn new() -> Self {
        Self {
            most: usize::MAX,
            failures: 0,
            strikes: 0,
            failed: None,
            due: Duration::ZERO,
            about: None,
        }
    }

    /// Returns how many strikes there are.
    fn strike(&mut self, now: Duration) -> u32 {
        let position = usize::try_from(self.strikes).unwrap_or(usize::MAX);
        self.due = now + PAUSES.get(position).copied().unwrap_or_default();
        self.strikes = self.strikes.saturating_add(1);
        self.failures = 0;
        self.failed = None;
        self.strikes
    }
}

#[cfg(test)]
mod tests;
