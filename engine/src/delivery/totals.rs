//! What a stream has done since the server was started, for metrics.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{
    Timestamp,
    activity::Timings,
    ids::Seq,
    policy::{Outcome, Unreached},
};

/// Accepted requests that are kept of each stream, in memory. They are small: what their events say is read from the log when
/// somebody asks.
const KEPT_REQUESTS: usize = 100;

/// Written by one worker, read by anybody.
#[derive(Default)]
pub(super) struct Totals {
    delivered: AtomicU64,
    failed: [AtomicU64; Failure::ALL.len()],
    backoffs: AtomicU64,
    parked: AtomicU64,
    accepted: Mutex<Accepted>,
}

/// The requests of which at least a part was accepted.
#[derive(Default)]
struct Accepted {
    timings: Timings,
    /// The last of them, the oldest first.
    recent: VecDeque<AcceptedRequest>,
}

/// A request of which at least a part was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AcceptedRequest {
    /// Position of the first event that was accepted.
    pub(crate) seq: Seq,
    /// How many were accepted.
    pub(crate) events: u32,
    pub(crate) ended_at: Timestamp,
    pub(crate) took: Duration,
    pub(crate) status: Option<u16>,
}

/// Why a request failed, as metrics report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Dns,
    Connect,
    /// A proxy did not connect.
    Proxy,
    Tls,
    Timeout,
    Interrupted,
    Blocked,
    /// An answer with a status from 300 to 399.
    Redirected,
    /// An answer with a status from 400 to 499.
    ClientError,
    /// An answer with any other status.
    ServerError,
    /// What can't be put into a request.
    Unsendable,
}

impl Failure {
    /// Every kind of failure.
    pub const ALL: [Self; 11] = [
        Self::Dns,
        Self::Connect,
        Self::Proxy,
        Self::Tls,
        Self::Timeout,
        Self::Interrupted,
        Self::Blocked,
        Self::Redirected,
        Self::ClientError,
        Self::ServerError,
        Self::Unsendable,
    ];

    /// The name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::Blocked => "blocked",
            Self::Redirected => "redirected",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::Unsendable => "unsendable",
        }
    }

    /// `None` for a success, and for a request that a shutdown interrupted.
    fn of(outcome: Outcome) -> Option<Self> {
        Some(match outcome {
            Outcome::Unreached(Unreached::Dns) => Self::Dns,
            Outcome::Unreached(Unreached::Connect) => Self::Connect,
            Outcome::Unreached(Unreached::Proxy(_)) => Self::Proxy,
            Outcome::Unreached(Unreached::Tls(_)) => Self::Tls,
            Outcome::Unreached(Unreached::Timeout) => Self::Timeout,
            Outcome::Unreached(Unreached::Interrupted) => Self::Interrupted,
            Outcome::Blocked => Self::Blocked,
            Outcome::Unsendable => Self::Unsendable,
            Outcome::Answered { status: 200..=299, .. } => return None,
            Outcome::Answered { status: 300..=399, .. } => Self::Redirected,
            Outcome::Answered { status: 400..=499, .. } => Self::ClientError,
            Outcome::Answered { .. } => Self::ServerError,
            Outcome::Stopped => return None,
        })
    }
}

/// What a stream has done since the server was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamTotals {
    /// Events that were accepted.
    pub delivered: u64,
    /// Requests of which at least a part was accepted: how many, and how long they took.
    pub accepted: Timings,
    /// Requests that failed; those of no number are left out.
    pub failed: Vec<(Failure, u64)>,
    /// How many times it started to back off.
    pub backoffs: u64,
    /// Events that were given up.
    pub parked: u64,
}

impl Totals {
    pub(super) fn backoff_began(&self) {
        self.backoffs.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn parked(&self, events: u64) {
        self.parked.fetch_add(events, Ordering::Relaxed);
    }

    /// Called for every accepted request: it takes one lock that is hardly ever contended, and allocates nothing.
    pub(super) fn accepted(&self, request: AcceptedRequest) {
        self.delivered.fetch_add(u64::from(request.events), Ordering::Relaxed);
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.timings.record(request.took);
        if accepted.recent.len() == KEPT_REQUESTS {
            accepted.recent.pop_front();
        }
        accepted.recent.push_back(request);
    }

    /// The last accepted requests since the server was started, the oldest first.
    pub(super) fn recent(&self) -> Vec<AcceptedRequest> {
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.recent.iter().copied().collect()
    }

    pub(super) fn failed(&self, outcome: Outcome) {
        let position = Failure::of(outcome).and_then(|failure| Failure::ALL.iter().position(|other| *other == failure));
        if let Some(count) = position.and_then(|position| self.failed.get(position)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self) -> StreamTotals {
        let counts = Failure::ALL.into_iter().zip(&self.failed);
        let failed = counts.map(|(failure, count)| (failure, count.load(Ordering::Relaxed)));
        StreamTotals {
            delivered: self.delivered.load(Ordering::Relaxed),
            accepted: self
                .accepted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .timings
                .clone(),
            failed: failed.filter(|(_, count)| *count > 0).collect(),
            backoffs: self.backoffs.load(Ordering::Relaxed),
            parked: self.parked.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_accepted_requests_are_kept_and_all_are_counted() {
        let totals = Totals::default();
        for seq in 1..=250 {
            totals.accepted(AcceptedRequest {
                seq: Seq::new(seq),
                events: 2,
                ended_at: Timestamp::from_unix_ms(seq),
                took: Duration::from_millis(1),
                status: Some(200),
            });
        }
        let recent = totals.recent();
        let (first, last) = (recent.first().unwrap().seq, recent.last().unwrap().seq);
        assert_eq!(
            (recent.len(), first, last),
            (KEPT_REQUESTS, Seq::new(151), Seq::new(250))
        );
        let totals = totals.read();
        assert_eq!((totals.delivered, totals.accepted.count()), (500, 250));
    }
}
