//! The only place that asks what time it is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use domain::Timestamp;
use tokio::time::Instant;

/// Wall-clock time: the machine's, or one that a test sets; and how fast pauses of delivery pass.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    /// At least 1.
    speed: u32,
}

#[derive(Clone, Debug)]
enum Source {
    Machine,
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// The clock of this machine.
    pub fn machine() -> Self {
        Self::of(Source::Machine)
    }

    /// Stands still until it is advanced; clones share the time.
    pub fn set_at(now: Timestamp) -> Self {
        Self::of(Source::Set(Arc::new(AtomicI64::new(now.unix_ms()))))
    }

    const fn of(source: Source) -> Self {
        Self { source, speed: 1 }
    }

    /// Pauses between the requests of a stream or replay in trouble pass so many times as fast: for tests, which would otherwise
    /// spend most of their time in them. Deadlines stay.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn with_speed(self, speed: u32) -> Self {
        Self {
            speed: speed.max(1),
            ..self
        }
    }

    /// How long a pause takes on the machine.
    pub(crate) fn pause(&self, pause: Duration) -> Duration {
        pause / self.speed
    }

    /// How much of such pauses has passed since then.
    pub(crate) fn paused_since(&self, began: Instant) -> Duration {
        began.elapsed().saturating_mul(self.speed)
    }

    /// Moves a set clock forward; the machine's is not ours to move.
    pub fn advance(&self, by: Duration) {
        if let Source::Set(unix_ms) = &self.source {
            unix_ms.store(self.now().plus(by).unix_ms(), Ordering::SeqCst);
        }
    }

    /// Moves a set clock, also back.
    #[cfg(test)]
    pub(crate) fn set(&self, now: Timestamp) {
        if let Source::Set(unix_ms) = &self.source {
            unix_ms.store(now.unix_ms(), Ordering::SeqCst);
        }
    }

    /// The current time, in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        match &self.source {
            Source::Machine => machine_now(),
            Source::Set(unix_ms) => Timestamp::from_unix_ms(unix_ms.load(Ordering::SeqCst)),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that everything else is sent to"
)]
fn machine_now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_unix_ms(0).plus(since_epoch)
}
