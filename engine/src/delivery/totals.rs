//! What a stream has done since the server was started, for metrics.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{
    activity::Timings,
    policy::{Outcome, Unreached},
};

/// Written by one worker, read by anybody.
#[derive(Default)]
pub(super) struct Totals {
    delivered: AtomicU64,
    failed: [AtomicU64; Failure::ALL.len()],
    backoffs: AtomicU64,
    parked: AtomicU64,
    /// One for each request of which at least a part was accepted.
    accepted: Mutex<Timings>,
}

/// Why a request failed, as metrics report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Dns,
    Connect,
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
    pub const ALL: [Self; 10] = [
        Self::Dns,
        Self::Connect,
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

    pub(super) fn parked(&self) {
        self.parked.fetch_add(1, Ordering::Relaxed);
    }

    /// A request of which this many events were accepted.
    pub(super) fn accepted(&self, events: usize, took: Duration) {
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        self.delivered.fetch_add(events, Ordering::Relaxed);
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.record(took);
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
            accepted: self.accepted.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            failed: failed.filter(|(_, count)| *count > 0).collect(),
            backoffs: self.backoffs.load(Ordering::Relaxed),
            parked: self.parked.load(Ordering::Relaxed),
        }
    }
}
