//! Whether a database file can be written, as `/readyz` reports it.
//!
//! The last write decides. After one that failed, a small write is tried every second ([`watch`]), so that a server that
//! nobody writes to recovers too.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio::time::MissedTickBehavior;

use crate::{causes::causes, log::EventLog, store::Database};

/// How often a file that could not be written is tried again.
const PROBE_PERIOD: Duration = Duration::from_secs(1);

/// How a part of the engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartState {
    Running,
    Stopped,
    /// The last write failed.
    CannotStore,
}

/// How the last write to a file ended.
#[derive(Debug)]
pub(crate) struct WriteState {
    file: &'static str,
    fails: AtomicBool,
}

impl WriteState {
    pub(crate) const fn new(file: &'static str) -> Self {
        Self {
            file,
            fails: AtomicBool::new(false),
        }
    }

    pub(crate) fn succeeded(&self) {
        if self.fails.swap(false, Ordering::AcqRel) {
            tracing::info!(file = self.file, "The file can be written again.");
        }
    }

    /// A failure that lasts is logged once.
    pub(crate) fn failed(&self) {
        if !self.fails.swap(true, Ordering::AcqRel) {
            tracing::error!(
                file = self.file,
                "The file can't be written; /readyz answers 503 until it can."
            );
        }
    }

    pub(crate) fn fails(&self) -> bool {
        self.fails.load(Ordering::Acquire)
    }

    pub(crate) fn part(&self) -> PartState {
        if self.fails() {
            PartState::CannotStore
        } else {
            PartState::Running
        }
    }
}

/// Tries small writes to files that could not be written, for as long as the engine runs.
pub(crate) async fn watch(log: EventLog, database: Database) {
    let mut ticks = tokio::time::interval(PROBE_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        log.probe();
        if let Err(error) = database.probe().await {
            tracing::debug!(error = causes(&error), "The store still can't be written.");
        }
    }
}
