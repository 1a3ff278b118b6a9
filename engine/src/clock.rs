//! The only place that asks what time it is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use domain::Timestamp;

/// Wall-clock time: the machine's, or one that a test sets.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Machine,
    Set(Arc<AtomicI64>),
}

impl Clock {
    pub fn machine() -> Self {
        Self(Source::Machine)
    }

    /// Stands still until it is advanced; clones share the time.
    pub fn set_at(now: Timestamp) -> Self {
        Self(Source::Set(Arc::new(AtomicI64::new(now.unix_ms()))))
    }

    /// Moves a set clock forward; the machine's is not ours to move.
    pub fn advance(&self, by: Duration) {
        if let Source::Set(unix_ms) = &self.0 {
            unix_ms.store(self.now().plus(by).unix_ms(), Ordering::SeqCst);
        }
    }

    pub fn now(&self) -> Timestamp {
        match &self.0 {
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
