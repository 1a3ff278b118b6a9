//! The status of one stream, written by its worker and read by everyone else.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use domain::{
    Timestamp,
    alerts::StreamSeen,
    destination::StreamState,
    health::{Concurrency, Refusing, StreamHealth},
    ids::{DestinationId, Seq},
    policy::Trouble,
    replay::ReplayWait,
};
use tokio::sync::{Notify, oneshot};

use super::{
    backoff::Backoff,
    limiter::Limiter,
    progress::Progress,
    totals::{StreamTotals, Totals},
};
use crate::{instance_events::Recorded, store::StoreError};

/// Behind by this much, a stream is catching up; less is just what is on its way.
pub(super) const CATCHING_UP: i64 = 500;

/// How long an administrator waits until an event is parked.
const PARKED_WITHIN: Duration = Duration::from_secs(10);

/// Of every stream.
pub(super) type Statuses = Arc<RwLock<HashMap<DestinationId, Arc<Status>>>>;

/// Why an event was not parked.
#[derive(Debug, thiserror::Error)]
pub enum ParkError {
    #[error("there is no such destination")]
    NotFound,
    #[error("the stream is not backing off with this event")]
    NotStuck,
    #[error("the event is being sent")]
    InFlight,
    #[error("as many events are rejected or parked as are kept")]
    TooManyRefused,
    /// It may be parked later.
    #[error("the stream has not stored it in time")]
    NotStored,
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// An administrator wants the event parked that a stream is stuck at.
pub(super) struct ParkRequest {
    pub(super) seq: Seq,
    /// Stored together with the parked event.
    pub(super) instance_event: Recorded,
    pub(super) answer: oneshot::Sender<Result<(), ParkError>>,
}

/// Written by one worker, read by anybody.
#[derive(Default)]
pub(super) struct Status {
    seen: Mutex<Seen>,
    pub(super) totals: Totals,
    /// What the settings of the destination allow to send.
    pub(super) limiter: Arc<Limiter>,
    /// How many requests may be in flight, and are; zero while the stream does not run.
    limit: AtomicU32,
    in_flight: AtomicU32,
    /// The most that the settings allow.
    maximum: AtomicU32,
    /// The most that the stream would use without them.
    usable: AtomicU32,
    /// Whether events wait for the rate that the settings allow.
    waits_for_rate: AtomicBool,
    probe: Notify,
    replay_try: Notify,
    park_requests: Mutex<Vec<ParkRequest>>,
    park: Notify,
    changed: Notify,
}

#[derive(Clone, Default)]
struct Seen {
    is_running: bool,
    acknowledged: i64,
    acknowledged_count: i64,
    last_success_at: Option<Timestamp>,
    refusing: Option<Refusing>,
    /// Events up to here wait for nothing but the time of their batch; `None` if they wait for more, or are not sent in batches.
    in_time_to: Option<i64>,
    backoff: Option<Backoff>,
    /// As many events are refused as are kept.
    has_too_many_refused: bool,
    /// It was in trouble when it began, and has had no answer since.
    may_be_troubled: bool,
}

impl Status {
    pub(super) fn progressed(
        &self,
        progress: &Progress,
        last_success_at: Option<Timestamp>,
        refusing: Option<&Refusing>,
    ) {
        let (acknowledged, acknowledged_count) = (progress.acknowledged().get(), progress.acknowledged_count());
        self.change(|seen| {
            seen.is_running = true;
            seen.acknowledged = acknowledged;
            seen.acknowledged_count = acknowledged_count;
            seen.last_success_at = last_success_at;
            if seen.refusing.as_ref() != refusing {
                seen.refusing = refusing.cloned();
            }
        });
    }

    pub(super) fn in_time(&self, up_to: Option<Seq>) {
        self.change(|seen| seen.in_time_to = up_to.map(Seq::get));
    }

    /// So many requests may be in flight, and are; and whether others wait for the rate that the destination allows.
    pub(super) fn sends(&self, limit: usize, in_flight: usize, waits_for_rate: bool) {
        let of = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        self.limit.store(of(limit), Ordering::Relaxed);
        self.in_flight.store(of(in_flight), Ordering::Relaxed);
        self.waits_for_rate.store(waits_for_rate, Ordering::Relaxed);
    }

    /// The stream runs, its destination allows so many requests in flight, and without that it would use so many at most.
    pub(super) fn allows(&self, maximum: u32, usable: u32) {
        self.maximum.store(maximum, Ordering::Relaxed);
        self.usable.store(usable, Ordering::Relaxed);
    }

    /// The stream sends nothing any more.
    pub(super) fn stops(&self) {
        self.sends(0, 0, false);
    }

    /// `None` if the stream does not run.
    pub(super) fn concurrency(&self) -> Option<Concurrency> {
        let (limit, maximum) = (self.limit.load(Ordering::Relaxed), self.maximum.load(Ordering::Relaxed));
        let concurrency = Concurrency {
            limit,
            in_flight: self.in_flight.load(Ordering::Relaxed),
            maximum,
            limited_by_settings: limit >= maximum && maximum < self.usable.load(Ordering::Relaxed),
            limited_by_rate: self.waits_for_rate.load(Ordering::Relaxed),
        };
        (concurrency.limit > 0).then_some(concurrency)
    }

    /// A stream begins, with trouble from before it or without.
    pub(super) fn begins(&self, was_troubled: bool) {
        self.change(|seen| {
            seen.backoff = None;
            seen.in_time_to = None;
            seen.may_be_troubled = was_troubled;
        });
    }

    pub(super) fn refused_too_many(&self, has_too_many: bool) {
        self.change(|seen| seen.has_too_many_refused = has_too_many);
    }

    pub(super) fn trouble_ended(&self) {
        self.change(|seen| seen.may_be_troubled = false);
    }

    pub(super) fn backing_off(&self, backoff: Option<Backoff>) {
        self.change(|seen| seen.backoff = backoff);
    }

    /// Asks the worker to probe immediately if it backs off, and a replay that backs off to try again.
    pub(super) fn want_probe(&self) {
        self.probe.notify_one();
        // If none waits, the next one that starts to wait tries immediately.
        self.replay_try.notify_one();
    }

    /// Waits until a request of this stream has ended that is not among those that `before` counts. Returns whether at least a
    /// part of it was accepted.
    pub(super) async fn attempted_since(&self, before: &StreamTotals) -> bool {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on, no change is missed.
            changed.as_mut().enable();
            let now = self.totals.read();
            if now.accepted != before.accepted {
                return true;
            }
            if now.failed != before.failed {
                return false;
            }
            changed.await;
        }
    }

    pub(super) async fn replay_try_wanted(&self) {
        self.replay_try.notified().await;
    }

    pub(super) async fn probe_wanted(&self) {
        self.probe.notified().await;
    }

    /// Has the worker park an event; returns once that is stored.
    pub(super) async fn park(&self, seq: Seq, instance_event: Recorded) -> Result<(), ParkError> {
        if self.seen().backoff.is_none() {
            return Err(ParkError::NotStuck);
        }
        let (answer, answered) = oneshot::channel();
        self.park_requests().push(ParkRequest {
            seq,
            instance_event,
            answer,
        });
        self.park.notify_one();
        match tokio::time::timeout(PARKED_WITHIN, answered).await {
            Ok(Ok(parked)) => parked,
            // The worker has ended: the destination was deleted.
            Ok(Err(_)) => Err(ParkError::NotFound),
            Err(_) => Err(ParkError::NotStored),
        }
    }

    pub(super) async fn park_wanted(&self) {
        self.park.notified().await;
    }

    pub(super) fn take_park_requests(&self) -> Vec<ParkRequest> {
        std::mem::take(&mut *self.park_requests())
    }

    fn park_requests(&self) -> MutexGuard<'_, Vec<ParkRequest>> {
        self.park_requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_waiters();
    }

    fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When an event was last accepted; and the position after which something waits, if the log goes on after it.
    pub(super) fn reach(&self, last_seq: Seq) -> (Option<Timestamp>, Option<Seq>) {
        let seen = self.seen();
        let waits = seen.is_running && seen.acknowledged_count < last_seq.get();
        (seen.last_success_at, waits.then(|| Seq::new(seen.acknowledged)))
    }

    /// Why a replay has to wait for the stream while the newest event is `last_seq`; `None` if it need not. Behind by less than
    /// `most_behind` positions, the stream is not delayed by a replay.
    pub(super) fn goes_before_replays(&self, last_seq: Seq, most_behind: i64) -> Option<ReplayWait> {
        let seen = self.seen();
        if !seen.is_running {
            return Some(ReplayWait::StreamStarting);
        }
        if let Some(backoff) = &seen.backoff {
            return Some(ReplayWait::StreamRetrying(backoff.trouble));
        }
        if seen.has_too_many_refused {
            // A replay parks what is refused.
            return Some(ReplayWait::StreamRetrying(Trouble::TooManyRefused));
        }
        let behind = last_seq.get().saturating_sub(seen.acknowledged_count);
        let waiting = u64::try_from(behind).unwrap_or(0);
        (behind >= most_behind).then_some(ReplayWait::StreamBehind(waiting))
    }

    /// How many positions of the log are still to be acknowledged; `None` if it is not known yet.
    pub(super) fn behind(&self, last_seq: Seq) -> Option<u64> {
        let seen = self.seen();
        let behind = last_seq.get().saturating_sub(seen.acknowledged_count).max(0);
        seen.is_running.then(|| u64::try_from(behind).unwrap_or(0))
    }

    /// As alerts see a stream with these switches: one that was in trouble when it began does not count as working before its
    /// first answer.
    pub(super) fn seen_by_alerts(&self, stream_state: StreamState, last_seq: Seq) -> (StreamHealth, StreamSeen) {
        // Looked at first: what ends the trouble comes after what begins it.
        let may_be_troubled = self.seen().may_be_troubled;
        let health = self.health(stream_state, last_seq);
        let seen = match StreamSeen::from(&health) {
            StreamSeen::Working if may_be_troubled => StreamSeen::Starting,
            seen => seen,
        };
        (health, seen)
    }

    /// The health of a stream with these switches while the newest event is `last_seq`.
    pub(super) fn health(&self, stream_state: StreamState, last_seq: Seq) -> StreamHealth {
        let seen = self.seen();
        if !stream_state.active {
            return StreamHealth::Inactive;
        }
        if !seen.is_running {
            return StreamHealth::Starting;
        }
        let behind = last_seq.get().saturating_sub(seen.acknowledged_count).max(0);
        let waiting = u64::try_from(behind).unwrap_or(0);
        if stream_state.paused {
            return StreamHealth::Paused { waiting };
        }
        let late = seen
            .in_time_to
            .map_or(behind, |in_time_to| last_seq.get().saturating_sub(in_time_to));
        let has_batch = seen.in_time_to.is_some() && waiting > 0;
        match (seen.backoff, seen.refusing, seen.last_success_at) {
            (Some(backoff), _, _) => StreamHealth::Retrying {
                trouble: backoff.trouble,
                since: backoff.since,
                next_probe_at: backoff.next_probe_at,
                waiting,
                stuck_seq: backoff.stuck,
            },
            (None, Some(refusing), _) => StreamHealth::Refusing {
                since: refusing.since,
                reason: refusing.reason,
                events: refusing.events,
                waiting,
            },
            (None, None, _) if late >= CATCHING_UP => StreamHealth::CatchingUp { waiting },
            (None, None, last_success_at) if last_success_at.is_some() || has_batch => {
                StreamHealth::Healthy { last_success_at }
            }
            (None, None, _) => StreamHealth::NothingToSend,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_was_in_trouble_works_for_alerts_after_its_first_answer() {
        let status = Status::default();
        let seen = |status: &Status| status.seen_by_alerts(StreamState::default(), Seq::START);
        status.begins(true);
        status.progressed(&Progress::new(Seq::START, &[]), None, None);
        assert_eq!(seen(&status), (StreamHealth::NothingToSend, StreamSeen::Starting));
        status.trouble_ended();
        assert_eq!(seen(&status), (StreamHealth::NothingToSend, StreamSeen::Working));
        status.begins(false);
        assert_eq!(seen(&status).1, StreamSeen::Working);
    }

    #[test]
    fn settings_limit_a_stream_that_could_send_more_without_them() {
        let status = Status::default();
        let limited = |limit, maximum, usable| {
            status.allows(maximum, usable);
            status.sends(limit, 0, false);
            status.concurrency().unwrap().limited_by_settings
        };
        assert!(limited(64, 64, 256));
        assert!(!limited(48, 64, 256), "the destination limits more");
        assert!(!limited(256, 256, 256), "this is the limit of every stream");
        for maximum in [1, 4, 256] {
            assert!(!limited(1, maximum, 1), "batches are sent one after the other");
        }
        status.sends(1, 0, true);
        assert!(status.concurrency().unwrap().limited_by_rate);
        status.stops();
        assert!(status.concurrency().is_none());
    }
}
