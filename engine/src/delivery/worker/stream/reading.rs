//! Reading the log, and skipping events that the filter does not admit or that are gone.

use domain::ids::Seq;
use tokio::time::Instant;

use super::{Mode, Stream};
use crate::{
    delivery::shared::{PAGE_BYTES, PAGE_EVENTS},
    log::{LogError, LogPage},
};

impl Stream {
    pub(super) fn start_reading(&mut self) {
        let (events, bytes) = self.mode.window();
        let is_in_a_batch = match &self.mode {
            Mode::Ready(_) => false,
            Mode::Batches(batches) => batches.ends_after(self.read_to),
        };
        let has_room = self.queues.waiting() < events && self.queues.waiting_bytes() < bytes;
        if !(has_room || is_in_a_batch) || self.reading.is_some() || self.is_paused() || self.is_at_the_end() {
            return;
        }
        // What came in while the destination was inactive need not even be read.
        self.read_to = self.read_to.max(self.pending.progress.acknowledged());
        let (log, after) = (self.worker.shared.log.clone(), self.read_to);
        let read = async move { log.read_page(after, PAGE_EVENTS, PAGE_BYTES).await };
        self.reading = Some(self.worker.shared.read_log(read));
    }

    pub(super) fn take_page(&mut self, page: Result<LogPage, LogError>) {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                self.log_own_failure(&error, "The log could not be read.");
                return self.pause();
            }
        };
        for event in page.events {
            if event.seq > self.read_to.next() {
                self.pass_gap(self.read_to.next(), Seq::new(event.seq.get() - 1));
            }
            self.read_to = event.seq;
            if self.pending.progress.is_acknowledged(event.seq) {
                continue;
            }
            if self.admission.admits(&event) {
                self.queues.push(event);
            } else {
                self.pending.passed_over(event.seq, event.seq);
            }
        }
        if page.read_to > self.read_to {
            self.pass_gap(self.read_to.next(), page.read_to);
            self.read_to = page.read_to;
        }
        if let Mode::Batches(batches) = &mut self.mode {
            batches.watch(&self.queues, Instant::now());
        }
        self.show_progress();
    }

    /// What stood at these positions has left the log, because for a destination that was inactive nothing is kept; or it can't
    /// be read, which the log reports. A batch of which a part has gone is not sent under its bounds again, where the whole of it
    /// may be already.
    fn pass_gap(&mut self, first: Seq, last: Seq) {
        let acknowledged = self.pending.progress.acknowledged_count();
        self.pending.passed_over(first, last);
        let lost = self.pending.progress.acknowledged_count() - acknowledged;
        if lost > 0 && self.worker.shared.log.is_unreadable_within(first, last) {
            tracing::error!(
                destination_id = self.worker.destination.get(),
                first_seq = first.get(),
                last_seq = last.get(),
                lost,
                "Events could not be read from the damaged log and will not be sent."
            );
        } else if lost > 0 {
            tracing::warn!(
                destination_id = self.worker.destination.get(),
                first_seq = first.get(),
                last_seq = last.get(),
                lost,
                "Events were removed from the log while their destination was inactive and will not be sent."
            );
        }
        if let Mode::Batches(batches) = &mut self.mode
            && batches.overlaps(first, last)
        {
            batches.ended();
            self.pending.batch_ended();
        }
    }
}
