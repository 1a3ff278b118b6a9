//! What a replay has read and not sent yet, and what has happened since its last commit.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use domain::{
    Timestamp,
    ids::Seq,
    policy::{Refusal, Suspects},
};
use tokio::time::Instant;

use super::super::{evidence::Evidence, queues::Room, refusals::parked_row};
use crate::{
    log::{LoggedEvent, RangePage},
    sink::Report,
    store::{RefusedEvent, Replay, ReplayPosition, ReplayUpdate},
};

/// Progress is stored at the latest after this time.
const COMMIT_PERIOD: Duration = Duration::from_millis(500);

pub(super) struct PendingEvents {
    replay: Replay,
    /// In log order.
    queue: VecDeque<Arc<LoggedEvent>>,
    queued_bytes: usize,
    /// Events of the queue that were accepted or parked before the events in front of them.
    ahead: BTreeMap<Seq, Option<RefusedEvent>>,
    /// What stands up to here has been looked at.
    read_to: Seq,
    parked: Vec<RefusedEvent>,
    stored: ReplayPosition,
    last_commit: Instant,
}

impl PendingEvents {
    pub(super) fn new(replay: Replay) -> Self {
        Self {
            queue: VecDeque::new(),
            queued_bytes: 0,
            ahead: BTreeMap::new(),
            read_to: Seq::new(replay.position.next_seq.get() - 1),
            parked: Vec::new(),
            stored: replay.position.clone(),
            last_commit: Instant::now(),
            replay,
        }
    }

    pub(super) fn replay(&self) -> &Replay {
        &self.replay
    }

    pub(super) fn read_to(&self) -> Seq {
        self.read_to
    }

    /// The bounds of the batch that is being sent, as they are stored.
    pub(super) fn batch(&self) -> Option<(Seq, Seq)> {
        self.replay.position.batch
    }

    /// How far is to be read for the next request: to the end of the batch if one is stored.
    pub(super) fn read_up_to(&self) -> Seq {
        self.batch()
            .map_or(self.replay.last_seq, |(_, last)| last.min(self.replay.last_seq))
    }

    pub(super) fn is_read(&self) -> bool {
        self.read_to >= self.read_up_to()
    }

    /// Whether nothing is left to be read or sent.
    pub(super) fn is_done(&self) -> bool {
        self.queue.is_empty() && self.read_to >= self.replay.last_seq
    }

    /// Whether what was read fills a request, without those that have failed alone.
    pub(super) fn fills<T>(&self, room: Room, suspects: &Suspects<T>) -> bool {
        if self.ahead.is_empty() && suspects.count_alone() == 0 {
            return self.queue.len() >= room.events || (!self.queue.is_empty() && self.queued_bytes >= room.bytes);
        }
        let mut others = self.left().filter(|event| !suspects.failed_alone(event.seq));
        others.nth(room.events.saturating_sub(1)).is_some()
    }

    pub(super) fn push(&mut self, page: RangePage) {
        self.read_to = page.read_to;
        self.queued_bytes += page.events.iter().map(|event| event.body.len()).sum::<usize>();
        self.queue.extend(page.events);
    }

    /// The next events, as many as there is room for, or those of the batch that is stored. Without a batch, those that have failed
    /// alone are passed over, and those that have failed in one request go in smaller ones.
    pub(super) fn next<T>(&self, mut room: Room, evidence: &Evidence<T>) -> Vec<Arc<LoggedEvent>> {
        let left = self.left();
        if let Some((first, last)) = self.batch() {
            let in_batch = left
                .skip_while(|event| event.seq < first)
                .take_while(|event| event.seq <= last);
            return in_batch.cloned().collect();
        }
        let (mut events, mut limit, suspects) = (Vec::new(), usize::MAX, &evidence.suspects);
        for event in left.skip_while(|event| suspects.failed_alone(event.seq)) {
            limit = evidence.most(event.seq).map_or(limit, |most| limit.min(most));
            let fits = !suspects.failed_alone(event.seq) && events.len() < limit;
            if !fits || !room.takes(event, events.is_empty()) {
                break;
            }
            events.push(Arc::clone(event));
        }
        events
    }

    /// Events that were read and are not done with.
    pub(super) fn left(&self) -> impl Iterator<Item = &Arc<LoggedEvent>> {
        self.queue.iter().filter(|event| !self.ahead.contains_key(&event.seq))
    }

    /// An event that was read and is not done with.
    pub(super) fn find(&self, seq: Seq) -> Option<Arc<LoggedEvent>> {
        let place = self.queue.binary_search_by_key(&seq, |event| event.seq).ok()?;
        self.queue.get(place).cloned()
    }

    /// Of the bodies of events that were read since the first one that is not done with.
    pub(super) const fn bytes(&self) -> usize {
        self.queued_bytes
    }

    /// The bounds of what is sent as one. They are to be stored before it is.
    pub(super) fn close_batch(&mut self, events: &[Arc<LoggedEvent>]) {
        let bounds = events.first().zip(events.last());
        self.replay.position.batch = bounds.map(|(first, last)| (first.seq, last.seq));
    }

    /// Nothing is being sent as one any more.
    pub(super) fn end_batch(&mut self) {
        self.replay.position.batch = None;
    }

    /// The event was accepted.
    pub(super) fn sent(&mut self, seq: Seq) {
        self.ahead.insert(seq, None);
        self.advance();
    }

    /// The event was refused: it is parked.
    pub(super) fn refused(&mut self, seq: Seq, refusal: Refusal, report: &Report, now: Timestamp) {
        tracing::warn!(
            replay_id = self.replay.id.get(),
            destination_id = self.replay.destination.get(),
            seq = seq.get(),
            refusal = %refusal,
            "A replay parked an event."
        );
        let reason = format!("In replay {}: {}", self.replay.id, report.reason);
        let row = parked_row(seq, 1, refusal, reason, report.response.clone(), now);
        self.ahead.insert(seq, Some(row));
        self.advance();
    }

    /// Takes what is done with from the front of the queue. Only that counts: the replay goes on behind it after a crash.
    fn advance(&mut self) {
        while let Some(done) = self.queue.front().and_then(|event| self.ahead.remove(&event.seq)) {
            let progress = &mut self.replay.position.progress;
            match done {
                None => progress.sent += 1,
                Some(row) => {
                    progress.refused += 1;
                    self.parked.push(row);
                }
            }
            self.pop();
        }
    }

    pub(super) fn failed(&mut self, reason: Option<String>) {
        self.replay.position.last_error = reason;
    }

    /// When the next commit is due; `None` if everything is stored.
    pub(super) fn commit_due(&self) -> Option<Instant> {
        let has_news = !self.parked.is_empty() || self.position() != self.stored;
        has_news.then(|| self.last_commit + COMMIT_PERIOD)
    }

    /// What is to be stored now. It counts as stored: who can't store it begins again from what the store holds.
    pub(super) fn take_update(&mut self) -> ReplayUpdate {
        self.stored = self.position();
        self.last_commit = Instant::now();
        ReplayUpdate {
            replay: self.replay.id,
            destination: self.replay.destination,
            position: self.stored.clone(),
            refused: std::mem::take(&mut self.parked),
        }
    }

    fn position(&self) -> ReplayPosition {
        let front = self.queue.front().map(|event| event.seq);
        ReplayPosition {
            next_seq: front.unwrap_or(self.read_to.next()),
            ..self.replay.position.clone()
        }
    }

    fn pop(&mut self) {
        if let Some(event) = self.queue.pop_front() {
            self.queued_bytes = self.queued_bytes.saturating_sub(event.body.len());
        }
    }
}
