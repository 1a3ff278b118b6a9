//! What becomes of a batch that was sent.

use domain::{
    ids::Seq,
    policy::{Probe, ProbeWait, RequestNumber},
};

use super::{Mode, Stream, outcomes::Shown};
use crate::{
    delivery::batches::{BatchSize, Batches},
    log::LoggedEvent,
    sink::Batch,
};

/// So many single events are tried in place of a batch that keeps failing before pauses grow.
const TRIED_SOON: usize = 32;

impl Stream {
    /// Learns from a batch how large the next ones may be.
    pub(super) fn note_size(&mut self, size: BatchSize, is_timeout: bool, shown: &Shown) {
        let Mode::Batches(batches) = &mut self.mode else { return };
        match shown.put_back {
            0 if shown.accepted > 0 => batches.accepted(size),
            0 => batches.refused_one(),
            _ if is_timeout && size.events > 1 => batches.timed_out(size.events),
            _ => {}
        }
    }

    /// A batch that failed is sent again as it is, also if one of its events may be the reason: it is given up only when the
    /// destination has accepted a request since. What was closed for a single event, or was part of a batch before, ends.
    pub(super) fn end_batch(&mut self, batch: Batch, request: RequestNumber, shown: &mut Shown) {
        let Mode::Batches(batches) = &mut self.mode else { return };
        shown.is_behind = batches.is_behind(batch.first);
        if let Some(kept) = batches.resume() {
            return self.pending.batch_closed(kept, None);
        }
        if shown.put_back > 0 && shown.troubled.is_empty() {
            return batches.put_back();
        }
        if shown.put_back > 0 && batches.is_repeated() {
            return batches.fail(request, self.queues.waiting() > 1);
        }
        let is_one = batch.first == batch.last || shown.troubled.len() == 1;
        if shown.put_back > 0 && !is_one {
            self.evidence.suspects.fail_together(&shown.troubled);
        }
        batches.ended();
        self.pending.batch_ended();
    }

    /// A request was accepted. If a batch has failed again and again before that, one of its events is at fault: they are sent in smaller
    /// batches from now on.
    pub(super) fn give_up_batch(&mut self, request: RequestNumber) {
        let Mode::Batches(batches) = &mut self.mode else { return };
        let Some(batch) = batches.accept(request) else { return };
        match batches.is_any() {
            true => self.pending.kept_ended(),
            false => self.pending.batch_ended(),
        }
        let waiting = self.queues.single().map(|event| event.seq);
        let events: Vec<Seq> = waiting.filter(|seq| (batch.first..=batch.last).contains(seq)).collect();
        tracing::warn!(
            destination_id = self.worker.destination.get(),
            first_seq = batch.first.get(),
            last_seq = batch.last.get(),
            "A batch fails while others are accepted; its events are sent in smaller ones."
        );
        self.evidence.suspects.fail_together(&events);
    }

    /// The batch that keeps failing; or a single event, right after a try of the batch: if the destination has recovered by then, the
    /// batch is accepted whole. Those of the batch come first, so that the order is kept; or those of other entities, if the batch has
    /// only one event.
    pub(super) fn next_with_batch(&self, batch: Batch, batches: &Batches) -> Probe {
        let tries: Vec<Seq> = match self.queues.single().find(|event| event.seq == batch.first) {
            Some(only) if batch.first == batch.last => self.others_than(only),
            Some(_) | None => self.queues.single().map(|event| event.seq).collect(),
        };
        let (tried, waiting) = (batches.tried(), tries.len());
        let next = tried.checked_rem(waiting).and_then(|place| tries.get(place));
        let (seq, wait) = match next {
            Some(seq) if batches.tries_one() => (*seq, ProbeWait::AtOnce),
            Some(_) if tried < waiting.min(TRIED_SOON) => (batch.first, ProbeWait::Searching),
            Some(_) | None => (batch.first, ProbeWait::Usual),
        };
        Probe { seq, wait }
    }

    /// What waits beside an event: what is not of its entity, if there is any.
    fn others_than(&self, event: &LoggedEvent) -> Vec<Seq> {
        let others = || self.queues.single().filter(|other| other.seq != event.seq);
        let is_same =
            |other: &LoggedEvent| (&other.entity_type, &other.entity_id) == (&event.entity_type, &event.entity_id);
        let of_others: Vec<Seq> = others()
            .filter(|other| !is_same(other))
            .map(|other| other.seq)
            .collect();
        match of_others.is_empty() {
            true => others().map(|other| other.seq).collect(),
            false => of_others,
        }
    }
}
