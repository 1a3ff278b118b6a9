//! What a stream has done since its last commit, and the commit itself.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use domain::{
    Timestamp,
    activity::{Counts, Minute},
    health::Refusing,
    ids::{DestinationId, Seq},
};
use tokio::time::Instant;

use super::super::{progress::Progress, refusals::Refusals};
use crate::{
    instance_events::Recorded,
    sink::{Batch, Report},
    store::{Attempt, Cursor, CursorUpdate, Database, RefusedEvent, StoreError, Stored, TextBytes},
};

/// Progress is stored at the latest after this time, or this many acknowledged events.
const COMMIT_PERIOD: Duration = Duration::from_millis(200);
const COMMIT_EVENTS: usize = 1_000;

/// Failed attempts kept until the next commit; the store keeps no more either.
const KEPT_ATTEMPTS: usize = 1_000;

/// Progress, and what is not stored yet.
pub(super) struct PendingCommit {
    destination: DestinationId,
    pub(super) progress: Progress,
    delivered: u64,
    pub(super) last_success_at: Option<Timestamp>,
    refused: Vec<RefusedEvent>,
    accepted: Vec<Seq>,
    failed_attempts: Vec<Attempt>,
    counts: BTreeMap<Minute, Counts>,
    instance_events: Vec<Recorded>,
    /// How many times an event was tried that was not accepted yet.
    tries: HashMap<Seq, u32>,
    /// When the trouble began that the destination is in.
    troubled_since: Option<Timestamp>,
    /// Since when the destination refuses every event, and why.
    refusing: Option<Refusing>,
    /// The batch that is being sent, if this stream sends batches.
    batch: Option<Batch>,
    /// The batch that keeps failing, while `batch` is sent in its place.
    kept: Option<Batch>,
    unsaved: usize,
    /// What waits for the next commit should not wait long.
    is_urgent: bool,
    last_commit: Instant,
}

/// A commit that has ended, with what it wanted to store.
pub(super) struct Committed {
    pub(super) update: CursorUpdate,
    pub(super) result: Result<Stored, StoreError>,
}

impl PendingCommit {
    pub(super) fn new(destination: DestinationId, cursor: &Cursor, tries: HashMap<Seq, u32>) -> Self {
        Self {
            destination,
            progress: Progress::new(cursor.acknowledged, &cursor.acknowledged_above),
            delivered: cursor.delivered,
            last_success_at: cursor.last_success_at,
            refused: Vec::new(),
            accepted: Vec::new(),
            failed_attempts: Vec::new(),
            counts: BTreeMap::new(),
            instance_events: Vec::new(),
            tries,
            troubled_since: cursor.troubled_since,
            refusing: cursor.refusing.clone(),
            batch: cursor.batch,
            kept: cursor.kept,
            unsaved: 0,
            is_urgent: false,
            last_commit: Instant::now(),
        }
    }

    /// Stores the bounds of a batch, with everything that was acknowledged before it, as soon as possible; and those of the batch that it
    /// is sent in place of.
    pub(super) fn batch_closed(&mut self, batch: Batch, kept: Option<Batch>) {
        self.batch = Some(batch);
        self.kept = kept;
        self.unsaved += 1;
        self.is_urgent = true;
    }

    /// This batch is sent from now on, and no other is kept.
    pub(super) fn batch_resumed(&mut self, batch: Option<Batch>) {
        self.batch = batch;
        self.kept_ended();
    }

    /// There is no batch any more.
    pub(super) fn batch_ended(&mut self) {
        self.batch = None;
        self.kept_ended();
    }

    /// The batch that kept failing is not sent again.
    pub(super) fn kept_ended(&mut self) {
        self.kept = None;
        self.unsaved += 1;
    }

    /// A request was accepted, whole or in part.
    pub(super) fn accepted(&mut self, took: Duration, now: Timestamp) {
        self.counts_at(now).latency.record(took);
        self.refusing = None;
    }

    /// The destination refused an event for the first time. If it accepted others of the same request, `accepted` is called
    /// afterwards.
    pub(super) fn refuses(&mut self, reason: &str, now: Timestamp) {
        let before = self.refusing.as_ref();
        self.refusing = Some(Refusing {
            since: before.map_or(now, |refusing| refusing.since),
            reason: reason.to_owned(),
            events: before.map_or(0, |refusing| refusing.events).saturating_add(1),
        });
        self.unsaved += 1;
    }

    /// The destination refused an event again: no sign that it refuses everything, if it did not before.
    pub(super) fn refuses_again(&mut self, reason: &str) {
        if let Some(refusing) = &mut self.refusing {
            reason.clone_into(&mut refusing.reason);
        }
    }

    pub(super) const fn refusing(&self) -> Option<&Refusing> {
        self.refusing.as_ref()
    }

    /// How many events are refused if as many are stored as refused.
    pub(super) fn count_refused(&self, stored: u64) -> u64 {
        let count = |count| u64::try_from(count).unwrap_or(u64::MAX);
        let newly = self.refused.iter().filter(|row| row.is_first).count();
        let all = stored.saturating_add(count(newly));
        all.saturating_sub(count(self.accepted.len()))
    }

    /// Adds what was refused since the last commit to what is stored, and takes out what is no longer.
    pub(super) fn bring_up_to_date(&self, refused: &mut HashMap<Seq, TextBytes>) {
        refused.extend(self.refused.iter().map(|row| (row.seq, TextBytes::of(row))));
        for seq in &self.accepted {
            refused.remove(seq);
        }
    }

    /// `is_any_stored`: whether the store holds an event that the destination refused. Without any, nothing is left to be
    /// reported.
    pub(super) fn refusals_were_counted(&mut self, is_any_stored: bool) {
        if self.refusing.is_some() && !is_any_stored && self.refused.is_empty() {
            self.refusing = None;
            self.unsaved += 1;
        }
    }

    /// Trouble has begun. When it did, if it is the one from before the stream was started.
    pub(super) fn trouble_began(&mut self, now: Timestamp) -> Timestamp {
        self.unsaved += 1;
        *self.troubled_since.get_or_insert(now)
    }

    /// Whether the stream is in trouble, or was when it began and has had no answer since.
    pub(super) const fn is_troubled(&self) -> bool {
        self.troubled_since.is_some()
    }

    /// True if there was any.
    pub(super) fn trouble_ended(&mut self) -> bool {
        let has_ended = self.troubled_since.take().is_some();
        self.unsaved += usize::from(has_ended);
        has_ended
    }

    fn counts_at(&mut self, now: Timestamp) -> &mut Counts {
        self.counts.entry(Minute::of(now)).or_default()
    }

    pub(super) fn delivered(&mut self, seq: Seq, now: Timestamp) {
        self.delivered += 1;
        self.counts_at(now).delivered += 1;
        self.forget_tries(seq, seq);
        self.last_success_at = Some(now);
        self.acknowledged(seq);
    }

    pub(super) fn acknowledged(&mut self, seq: Seq) {
        self.progress.acknowledge(seq);
        self.unsaved += 1;
    }

    /// These positions are no longer in the log, or the filter does not admit their events: they need not be sent.
    pub(super) fn passed_over(&mut self, first: Seq, last: Seq) {
        self.progress.acknowledge_range(first, last);
        self.forget_tries(first, last);
        self.unsaved += 1;
    }

    /// A refused event was accepted after all, or can't be tried any more.
    pub(super) fn refusal_ended(&mut self, seq: Seq) {
        self.refused.retain(|refused| refused.seq != seq);
        self.forget_tries(seq, seq);
        self.accepted.push(seq);
        self.unsaved += 1;
    }

    pub(super) fn refused(&mut self, row: RefusedEvent) {
        self.accepted.retain(|accepted| *accepted != row.seq);
        if row.due_at.is_none() {
            self.forget_tries(row.seq, row.seq);
        }
        self.refused.push(row);
        self.unsaved += 1;
    }

    /// Stores an audit event with what it is about.
    pub(super) fn records(&mut self, instance_event: Recorded) {
        self.instance_events.push(instance_event);
        self.unsaved += 1;
    }

    /// How many times an event was tried that has failed.
    pub(super) fn tries(&self, seq: Seq) -> u32 {
        self.tries.get(&seq).copied().unwrap_or(1)
    }

    /// These are not tried any more. Called for every event, of which hardly any was tried in vain.
    fn forget_tries(&mut self, first: Seq, last: Seq) {
        if self.tries.is_empty() {
            return;
        }
        if first == last {
            self.tries.remove(&first);
        } else {
            self.tries.retain(|seq, _| *seq < first || last < *seq);
        }
    }

    /// Brings refused events that were just read from the store up to what is not stored yet.
    pub(super) fn apply_unsaved(&self, refusals: &mut Refusals) {
        for row in &self.refused {
            refusals.put(row.seq, row.tries, row.due_at);
        }
        for seq in &self.accepted {
            refusals.remove(*seq);
        }
    }

    /// A request failed. `seq` is that of its first event, `events` how many it carried.
    pub(super) fn failed(&mut self, seq: Seq, events: usize, report: &Report, now: Timestamp) {
        self.counts_at(now).failed += 1;
        let number = self.tries.entry(seq).or_default();
        *number = number.saturating_add(1);
        let number = *number;
        let started_ms = i64::try_from(report.duration.as_millis()).unwrap_or(0);
        self.failed_attempts.push(Attempt {
            seq,
            events: u32::try_from(events).unwrap_or(u32::MAX),
            number,
            started_at: Timestamp::from_unix_ms(now.unix_ms().saturating_sub(started_ms)),
            duration_ms: u32::try_from(report.duration.as_millis()).unwrap_or(u32::MAX),
            status: report.outcome.status(),
            reason: report.reason.clone(),
            response: report.response.clone(),
        });
        if self.failed_attempts.len() > KEPT_ATTEMPTS {
            self.failed_attempts.remove(0);
        }
        self.unsaved += 1;
    }

    /// When the next commit is due; `None` if everything is stored.
    pub(super) fn commit_due(&self) -> Option<Instant> {
        match self.unsaved {
            0 => None,
            _ if self.is_urgent => Some(self.last_commit),
            COMMIT_EVENTS.. => Some(self.last_commit),
            _ => Some(self.last_commit + COMMIT_PERIOD),
        }
    }

    /// What is to be stored now. It counts as stored until `committed` says otherwise.
    pub(super) fn take_update(&mut self) -> CursorUpdate {
        self.unsaved = 0;
        self.is_urgent = false;
        self.last_commit = Instant::now();
        CursorUpdate {
            destination: self.destination,
            cursor: Cursor {
                acknowledged: self.progress.acknowledged(),
                acknowledged_above: self.progress.acknowledged_above(),
                delivered: self.delivered,
                last_success_at: self.last_success_at,
                batch: self.batch,
                kept: self.kept,
                troubled_since: self.troubled_since,
                refusing: self.refusing.clone(),
            },
            refused: std::mem::take(&mut self.refused),
            accepted: std::mem::take(&mut self.accepted),
            failed_attempts: std::mem::take(&mut self.failed_attempts),
            minutes: std::mem::take(&mut self.counts).into_iter().collect(),
            instance_events: std::mem::take(&mut self.instance_events),
        }
    }

    /// Takes back what could not be stored, before what has happened since.
    pub(super) fn restore(&mut self, committed: Committed) {
        let mut update = committed.update;
        update.refused.retain(|row| !self.accepted.contains(&row.seq));
        update
            .accepted
            .retain(|seq| !self.refused.iter().any(|row| row.seq == *seq));
        update.refused.append(&mut self.refused);
        update.accepted.append(&mut self.accepted);
        update.failed_attempts.append(&mut self.failed_attempts);
        update.instance_events.append(&mut self.instance_events);
        self.refused = update.refused;
        self.accepted = update.accepted;
        self.failed_attempts = update.failed_attempts;
        self.instance_events = update.instance_events;
        for (minute, counts) in update.minutes {
            self.counts.entry(minute).or_default().add(&counts);
        }
        self.is_urgent |= self.batch.is_some();
        self.unsaved += 1;
    }
}

/// Stores an update and reports with it, so that nothing is lost when that fails.
pub(super) async fn commit(database: Database, update: CursorUpdate) -> Committed {
    let result = database.commit_cursor(&update).await;
    Committed { update, result }
}
