//! Counts ingest requests and events since the start, for metrics.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::http::StatusCode;
use domain::activity::Timings;
use engine::log::Appended;

use crate::error::ApiError;

/// Counters of ingest.
#[derive(Default)]
pub(crate) struct IngestCounters {
    accepted: Mutex<AcceptedCounts>,
    refused: [AtomicU64; Refusal::ALL.len()],
}

/// Counts of accepted requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AcceptedCounts {
    /// Requests and their durations, from the head until the events are on disk.
    pub(crate) requests: Timings,
    /// Events that were new.
    pub(crate) stored: u64,
    /// Events that were already stored.
    pub(crate) repeated: u64,
    /// Events that were not stored, because another one is stored under their id.
    pub(crate) conflicting: u64,
    /// Bytes of the bodies, after decompression.
    pub(crate) bytes: u64,
}

/// Why a request was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The body or one of its events is invalid.
    Invalid,
    /// The token is missing or invalid.
    Unauthorised,
    /// The token may not post events.
    Forbidden,
    TooLarge,
    /// The body did not arrive in time.
    TooSlow,
    RateLimited,
    /// The queue of events to be written is full.
    Busy,
    LogFull,
    DiskFull,
    ShuttingDown,
    /// An internal error.
    Failed,
}

impl Refusal {
    /// All reasons.
    pub(crate) const ALL: [Self; 11] = [
        Self::Invalid,
        Self::Unauthorised,
        Self::Forbidden,
        Self::TooLarge,
        Self::TooSlow,
        Self::RateLimited,
        Self::Busy,
        Self::LogFull,
        Self::DiskFull,
        Self::ShuttingDown,
        Self::Failed,
    ];

    /// The value of the label `outcome`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unauthorised => "unauthorised",
            Self::Forbidden => "forbidden",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::RateLimited => "rate_limited",
            Self::Busy => "busy",
            Self::LogFull => "log_full",
            Self::DiskFull => "disk_full",
            Self::ShuttingDown => "shutting_down",
            Self::Failed => "failed",
        }
    }

    fn of(error: &ApiError) -> Self {
        match (error.status(), error.code()) {
            (StatusCode::UNAUTHORIZED, _) => Self::Unauthorised,
            (StatusCode::FORBIDDEN, _) => Self::Forbidden,
            (StatusCode::PAYLOAD_TOO_LARGE, _) => Self::TooLarge,
            (StatusCode::REQUEST_TIMEOUT, _) => Self::TooSlow,
            (StatusCode::TOO_MANY_REQUESTS, _) => Self::RateLimited,
            (_, "busy" | "log_busy") => Self::Busy,
            (_, "log_full") => Self::LogFull,
            (_, "disk_full") => Self::DiskFull,
            (_, "shutting_down") => Self::ShuttingDown,
            (status, _) if status.is_client_error() => Self::Invalid,
            _ => Self::Failed,
        }
    }
}

impl IngestCounters {
    /// Counts a request whose events are stored on disk.
    pub(super) fn accepted(&self, appended: &Appended, bytes: usize, took: Duration) {
        let conflicting = appended.conflicts.len();
        let repeated = appended.ids.len().saturating_sub(appended.stored + conflicting);
        let mut accepted = self.lock();
        accepted.requests.record(took);
        add(&mut accepted.stored, appended.stored);
        add(&mut accepted.repeated, repeated);
        add(&mut accepted.conflicting, conflicting);
        add(&mut accepted.bytes, bytes);
    }

    /// Counts a rejected request.
    pub(super) fn refused(&self, error: &ApiError) {
        let refusal = Refusal::of(error);
        let position = Refusal::ALL.iter().position(|other| *other == refusal);
        if let Some(count) = position.and_then(|position| self.refused.get(position)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The counts of accepted requests.
    pub(crate) fn read_accepted(&self) -> AcceptedCounts {
        self.lock().clone()
    }

    /// Number of rejected requests for each reason.
    pub(crate) fn read_refused(&self) -> Vec<(Refusal, u64)> {
        let counts = Refusal::ALL.into_iter().zip(&self.refused);
        counts
            .map(|(refusal, count)| (refusal, count.load(Ordering::Relaxed)))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, AcceptedCounts> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(count: &mut u64, more: usize) {
    *count = count.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_counts_as_one_thing() {
        let of = |status, code| Refusal::of(&ApiError::new(status, code, "")).as_str();
        for (status, code, expected) in [
            (StatusCode::BAD_REQUEST, "body_broken", "invalid"),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", "invalid"),
            (StatusCode::UNPROCESSABLE_ENTITY, "invalid_event", "invalid"),
            (StatusCode::UNAUTHORIZED, "expired_token", "unauthorised"),
            (StatusCode::FORBIDDEN, "insufficient_scope", "forbidden"),
            (StatusCode::PAYLOAD_TOO_LARGE, "too_many_events", "too_large"),
            (StatusCode::REQUEST_TIMEOUT, "body_too_slow", "too_slow"),
            (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", "rate_limited"),
            (StatusCode::SERVICE_UNAVAILABLE, "busy", "busy"),
            (StatusCode::SERVICE_UNAVAILABLE, "log_busy", "busy"),
            (StatusCode::SERVICE_UNAVAILABLE, "log_full", "log_full"),
            (StatusCode::SERVICE_UNAVAILABLE, "disk_full", "disk_full"),
            (StatusCode::SERVICE_UNAVAILABLE, "shutting_down", "shutting_down"),
            (StatusCode::SERVICE_UNAVAILABLE, "log_failed", "failed"),
            (StatusCode::INTERNAL_SERVER_ERROR, "internal", "failed"),
        ] {
            assert_eq!(of(status, code), expected, "{code}");
        }
    }
}
