//! When administrators are notified of trouble: once when it has lasted, and once when it is over.
//!
//! Functions of what is stored and what is seen now, so that a look at the streams may be repeated, late or interrupted. A
//! stream's trouble is over when the stream has worked for a whole minute ([`QUIET`]): one that recovers and fails again
//! before that is still in the same trouble, begun when it was first seen, and no notification is sent in between.

mod certificates;
mod news;
mod parked;
mod pruning;

use std::time::Duration;

pub use self::{
    certificates::{
        CertificateAlert, CertificateHolder, CertificateSeen, CertificateStep, InstanceCertificate, Validity,
        step_certificate,
    },
    news::{AlertNews, AlertedStream, StreamFailure, spoken},
    parked::{ParkedAlert, ParkedCounts, ParkedStep, step_parked},
    pruning::{PruningAlert, PruningStep, step_pruning},
};
use crate::{
    Timestamp,
    health::StreamHealth,
    settings::{FailingMinutes, LogShare},
};

/// How long a stream must have worked for its trouble to be over.
pub(crate) const QUIET: Duration = Duration::from_secs(60);

/// The log's alert is over when its share is this much below the threshold, in points of per cent: a share that sways about
/// the threshold is notified once.
const LOG_SLACK: u64 = 5;

/// The trouble of one stream, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamTrouble {
    /// When the stream began to fail.
    pub since: Timestamp,
    /// When administrators were notified; `None` while it has not lasted long enough.
    pub raised_at: Option<Timestamp>,
    /// Since when the stream works again, for less than [`QUIET`].
    pub calm_since: Option<Timestamp>,
}

/// What is to be seen of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamSeen {
    Failing {
        since: Timestamp,
    },
    Working,
    /// Not known yet.
    Starting,
    /// Paused or inactive: an administrator's wish, and neither trouble nor its end.
    Stopped,
}

impl From<&StreamHealth> for StreamSeen {
    fn from(health: &StreamHealth) -> Self {
        match health {
            StreamHealth::Retrying { since, .. } | StreamHealth::Refusing { since, events: 2.., .. } => {
                Self::Failing { since: *since }
            }
            // One event is refused for its own sake, for all that is known; when it is parked, that raises an alert.
            StreamHealth::Refusing { .. }
            | StreamHealth::NothingToSend
            | StreamHealth::Healthy { .. }
            | StreamHealth::CatchingUp { .. } => Self::Working,
            StreamHealth::Starting => Self::Starting,
            StreamHealth::Paused { .. } | StreamHealth::Inactive => Self::Stopped,
        }
    }
}

/// What is to be done about a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStep {
    Leave,
    /// Store it; there is nothing to tell.
    Note(StreamTrouble),
    /// Store it, and tell that the stream is failing.
    Raise(StreamTrouble),
    /// Remove it, and tell that the stream has recovered, after so long.
    End {
        since: Timestamp,
        failed_for: Duration,
    },
    /// Remove it; nobody was notified.
    Forget,
}

/// The next step for a stream with this trouble, if any, that looks like this.
pub fn step_stream(
    stored: Option<StreamTrouble>,
    seen: StreamSeen,
    minutes: FailingMinutes,
    now: Timestamp,
) -> StreamStep {
    match (stored, seen) {
        (stored, StreamSeen::Failing { since }) => step_failing(stored, since, minutes, now),
        (Some(trouble), StreamSeen::Working) => step_working(trouble, now),
        (Some(StreamTrouble { raised_at: None, .. }), StreamSeen::Stopped) => StreamStep::Forget,
        (None, StreamSeen::Working) | (_, StreamSeen::Starting | StreamSeen::Stopped) => StreamStep::Leave,
    }
}

fn step_failing(
    stored: Option<StreamTrouble>,
    since: Timestamp,
    minutes: FailingMinutes,
    now: Timestamp,
) -> StreamStep {
    let known = stored.unwrap_or(StreamTrouble {
        since,
        raised_at: None,
        calm_since: None,
    });
    let trouble = StreamTrouble {
        calm_since: None,
        ..known
    };
    if trouble.raised_at.is_none() && now.since(trouble.since) >= minutes.duration() {
        StreamStep::Raise(StreamTrouble {
            raised_at: Some(now),
            ..trouble
        })
    } else if stored == Some(trouble) {
        StreamStep::Leave
    } else {
        StreamStep::Note(trouble)
    }
}

fn step_working(trouble: StreamTrouble, now: Timestamp) -> StreamStep {
    match trouble.calm_since {
        None => StreamStep::Note(StreamTrouble {
            calm_since: Some(now),
            ..trouble
        }),
        Some(calm_since) if now.since(calm_since) < QUIET => StreamStep::Leave,
        Some(_) if trouble.raised_at.is_none() => StreamStep::Forget,
        Some(calm_since) => StreamStep::End {
            since: trouble.since,
            failed_for: calm_since.since(trouble.since),
        },
    }
}

/// What is to be done about the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStep {
    Leave,
    /// Tell that its limit is near.
    Raise,
    /// It no longer is; nobody is notified.
    End,
}

/// The next step for the log. Undelivered events fill `undelivered_percent` of its size limit.
pub fn step_log(is_raised: bool, undelivered_percent: u64, share: LogShare) -> LogStep {
    let threshold = u64::from(share.get());
    if !is_raised && undelivered_percent >= threshold {
        LogStep::Raise
    } else if is_raised && undelivered_percent + LOG_SLACK <= threshold {
        LogStep::End
    } else {
        LogStep::Leave
    }
}

#[cfg(test)]
mod tests;
