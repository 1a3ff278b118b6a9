//! The pause of a destination in trouble.

use std::time::Duration;

use domain::{
    Timestamp,
    policy::{Backoff, Jitter, Trouble},
};
use tokio::time::Instant;

/// A destination is held: nothing is sent but one probe at a time.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    pub(super) trouble: Trouble,
    /// When the trouble began.
    pub(super) since: Timestamp,
    pub(super) next_probe: Instant,
    /// The same moment, for people.
    pub(super) next_probe_at: Timestamp,
    backoff: Backoff,
}

impl Hold {
    pub(super) fn begin(
        trouble: Trouble,
        retry_after: Option<Duration>,
        jitter: Jitter,
        since: Timestamp,
        now: Timestamp,
    ) -> Self {
        let mut hold = Self {
            trouble,
            since,
            next_probe: Instant::now(),
            next_probe_at: now,
            backoff: Backoff::default(),
        };
        hold.fail_again(trouble, retry_after, jitter, now);
        hold
    }

    /// A probe failed: the next one comes later.
    pub(super) fn fail_again(
        &mut self,
        trouble: Trouble,
        retry_after: Option<Duration>,
        jitter: Jitter,
        now: Timestamp,
    ) {
        let pause = self.backoff.fail(retry_after, jitter);
        self.trouble = trouble;
        self.next_probe = Instant::now() + pause;
        self.next_probe_at = now.plus(pause);
    }

    pub(super) fn is_due(&self) -> bool {
        self.next_probe <= Instant::now()
    }
}
