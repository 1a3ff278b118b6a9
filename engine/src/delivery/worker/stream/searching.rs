//! Determines whether an event or the destination is at fault.

use domain::{
    Timestamp,
    ids::Seq,
    policy::{Probe, ProbeWait, Refusal, RequestNumber},
};
use tokio::time::Instant;

use super::{super::super::queues::QueueIndex, About, Mode, Stream};

impl Stream {
    /// Chooses the event to probe with, and when.
    pub(super) fn plan_probe(&mut self) {
        if self.backoff.is_none() || !self.may_send() {
            return;
        }
        let (queues, suspects) = (&self.queues, &self.evidence.suspects);
        let firsts = || queues.firsts().map(|(_, seq)| seq);
        let probe = match &self.mode {
            Mode::Ready(_) if self.is_searching => {
                let later = queues.later().map(|(_, seq)| seq);
                suspects.next_probe(firsts(), later, self.last_probe_was_first)
            }
            Mode::Batches(batches) if self.is_searching => match batches.whole() {
                Some(batch) => Some(self.next_with_batch(batch, batches)),
                None => {
                    let all = queues.single().map(|event| event.seq);
                    suspects.next_probe(all, std::iter::empty(), false)
                }
            },
            Mode::Ready(_) | Mode::Batches(_) => suspects.least_failed(firsts()).map(|(_, seq)| Probe {
                seq,
                wait: ProbeWait::Usual,
            }),
        };
        self.probe = probe.and_then(|probe| {
            let mut waiting = queues.firsts().chain(queues.later());
            waiting.find(|(_, seq)| *seq == probe.seq)
        });
        let wait = probe.map_or(ProbeWait::Usual, |probe| probe.wait);
        if self.backoff.as_mut().is_some_and(|backoff| backoff.plan(wait)) {
            self.worker.status.backing_off(self.backoff.clone());
        }
    }

    /// Suspects that are to be tried now, beside what else is sent: those with the fewest strikes first.
    pub(super) fn due_suspects(&self) -> Vec<(QueueIndex, Seq)> {
        if self.evidence.suspects.count_alone() == 0 {
            return Vec::new();
        }
        let now = self.evidence.now();
        let mut due: Vec<_> = self
            .waiting_suspects()
            .filter_map(|(queue, seq)| Some((self.evidence.suspects.due(seq)?, queue, seq)))
            .filter(|((_, due), _, _)| *due <= now)
            .collect();
        due.sort_by_key(|(strikes_and_due, _, seq)| (*strikes_and_due, *seq));
        due.into_iter().map(|(_, queue, seq)| (queue, seq)).collect()
    }

    /// When the next suspect is to be tried beside what else is sent.
    pub(super) fn suspect_timer(&self) -> Option<Instant> {
        let has_room = self.suspects_in_flight < self.flight.suspects_allowed() && self.may_send_extra();
        let can_send = self.backoff.is_none() && self.may_send() && has_room;
        if self.evidence.suspects.count_alone() == 0 || !can_send {
            return None;
        }
        let due = self
            .waiting_suspects()
            .filter_map(|(_, seq)| self.evidence.suspects.due(seq))
            .map(|(_, due)| due);
        Some(self.evidence.instant_of(due.min()?))
    }

    /// Those that keep others of their queue waiting; of batches, any.
    fn waiting_suspects(&self) -> impl Iterator<Item = (QueueIndex, Seq)> {
        let is_busy = matches!(&self.mode, Mode::Batches(batches) if batches.is_any());
        let of_batches = matches!(self.mode, Mode::Batches(_)).then(|| {
            let single = self.queues.single().map(|event| event.seq);
            single
                .filter(|seq| self.evidence.suspects.failed_alone(*seq))
                .map(|seq| (QueueIndex::SINGLE, seq))
        });
        let of_batches = of_batches.into_iter().flatten();
        let all = self.queues.blocked().chain(of_batches);
        all.filter(move |_| !is_busy)
    }

    /// Whether a request of events that have failed before means more than that they failed again.
    pub(super) fn is_more_than_suspects(&self) -> bool {
        let nothing_else = match self.mode {
            Mode::Ready(_) => !self.queues.has_ready() && self.flight.is_empty(),
            Mode::Batches(_) => self.queues.waiting() <= self.evidence.suspects.count_alone(),
        };
        nothing_else || self.evidence.has_failed_often()
    }

    /// A request was accepted: what failed before it was sent was no fault of the destination.
    pub(super) fn note_evidence(&mut self, number: RequestNumber, now: Timestamp) {
        for (seq, about) in self.evidence.accept(number) {
            self.blame(seq, about, now);
        }
        self.count_unproven(number, now);
        self.give_up_batch(number);
    }

    /// The destination works: tries of refused events that failed before this request was sent count.
    pub(super) fn count_unproven(&mut self, number: RequestNumber, now: Timestamp) {
        for row in self.refusals.accept(number, now) {
            self.store_refused(row);
        }
    }

    /// An event behind these was accepted, and they have failed just before that.
    pub(super) fn overtaken(&mut self, queue: QueueIndex, by: Seq, now: Timestamp) {
        for seq in self.queues.before(queue, by) {
            if let Some(about) = self.evidence.suspects.clear(seq) {
                self.blame(seq, about, now);
            }
        }
        self.queues.unblock(queue);
    }

    /// The event is moved aside: it is tried again as a refused one.
    fn blame(&mut self, seq: Seq, about: About, now: Timestamp) {
        let About { queue, report, .. } = about;
        if self.refused_too_many() {
            // As many events are kept aside as may be: it stays where it is, and its failures are counted again from zero.
            self.queues.unblock(queue);
            if let Mode::Batches(batches) = &mut self.mode {
                batches.watch(&self.queues, Instant::now());
            }
            return;
        }
        let Some(event) = self.queues.remove(queue, seq) else {
            return;
        };
        self.queues.unblock(queue);
        tracing::warn!(
            destination_id = self.worker.destination.get(),
            seq = seq.get(),
            reason = report.reason,
            "An event fails while others are accepted; it is set aside and retried later."
        );
        self.evidence.clear(seq);
        self.refusals.keep(&event);
        let row = self.refusals.refuse(seq, Refusal::Blamed, &report, now);
        self.store_refused(row);
        self.pending.acknowledged(seq);
    }
}
