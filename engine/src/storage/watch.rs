//! Keeping an eye on both files, and their common generation.

use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::{
    error_chain::error_chain,
    log::{EventLog, LogError},
    store::{Database, StoreError},
};

/// How often a file that could not be written is tried again.
const PROBE_PERIOD: Duration = Duration::from_secs(1);

/// A new generation of the store could not be stored in both files.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GenerationError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl GenerationError {
    /// The disk is full or fails: it may be possible later.
    pub(crate) fn is_failed_write(&self) -> bool {
        match self {
            Self::Store(error) => error.is_failed_write(),
            Self::Log(error) => error.is_failed_write(),
        }
    }
}

/// Begins a new generation of the store (`pairing`). In this order: a crash in between leaves a store that is newer than the
/// log knows, which is no mismatch.
pub(crate) async fn begin_generation(log: &EventLog, database: &Database) -> Result<(), GenerationError> {
    let generation = database.pair(log.last_seq()).await?;
    log.note_generation(generation).await?;
    Ok(())
}

/// Looks for the files, and tries small writes to those that could not be written, for as long as the engine runs. Begins the
/// generation that could not be stored at the start.
pub(crate) async fn watch(log: EventLog, database: Database, mut generation_is_due: bool) {
    let mut ticks = tokio::time::interval(PROBE_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        log.check_files();
        database.check_files();
        log.try_write();
        if let Err(error) = database.try_write().await {
            tracing::debug!(error = error_chain(&error), "The store is still not writable.");
        }
        if generation_is_due && let Ok(()) = begin_generation(&log, &database).await {
            generation_is_due = false;
        }
    }
}
