//! Parks the event that a stream is stuck at, on request of an administrator.

use domain::ids::Seq;

use super::{About, End, Stream, commit, running};
use crate::{delivery::status::ParkError, instance_events::Recorded};

impl Stream {
    /// Does what administrators have requested, and answers each of them once it is stored.
    pub(super) async fn park_requested(&mut self) -> Option<End> {
        for request in self.worker.status.take_park_requests() {
            if request.answer.is_closed() {
                continue;
            }
            if self.committing.is_some() {
                let committed = running(&mut self.committing).await;
                if let Some(end) = self.finish_commit(committed) {
                    return Some(end);
                }
            }
            let mut parked = self.park(request.seq, request.instance_event);
            if parked.is_ok() {
                let update = self.pending.take_update();
                let committed = commit(self.worker.shared.database.clone(), update).await;
                if committed.result.is_err() {
                    parked = Err(ParkError::NotStored);
                }
                if let Some(end) = self.finish_commit(committed) {
                    return Some(end);
                }
            }
            // Whoever does not wait any more finds it among the parked events.
            drop(request.answer.send(parked));
        }
        None
    }

    fn park(&mut self, seq: Seq, instance_event: Recorded) -> Result<(), ParkError> {
        let about = self.about_stuck(seq).filter(|_| self.backoff.is_some());
        let about = about.cloned().ok_or(ParkError::NotStuck)?;
        if self.refused_too_many() {
            return Err(ParkError::TooManyRefused);
        }
        let event = self.queues.remove(about.queue, seq).ok_or(ParkError::InFlight)?;
        self.evidence.clear(seq);
        self.failed_alone = None;
        self.queues.unblock(about.queue);
        let now = self.worker.shared.clock.now();
        let row = self.refusals.park(&event, self.pending.tries(seq), &about.report, now);
        self.store_refused(row);
        self.pending.acknowledged(seq);
        self.pending.records(instance_event);
        self.go_on_without_it();
        Ok(())
    }

    fn about_stuck(&self, seq: Seq) -> Option<&About> {
        let failed_alone = self.failed_alone.as_ref().filter(|(alone, _)| *alone == seq);
        self.evidence
            .suspects
            .about(seq)
            .or_else(|| failed_alone.map(|(_, about)| about))
    }

    fn go_on_without_it(&mut self) {
        if self.queues.waiting() == 0 && self.flight.is_empty() {
            // Nothing is left to probe with. Whether the destination works is seen with the next event.
            self.backoff = None;
            self.worker.status.begins(true);
        } else if let Some(backoff) = &mut self.backoff {
            backoff.stuck = None;
            self.probe_now();
        }
        self.show_progress();
    }
}
