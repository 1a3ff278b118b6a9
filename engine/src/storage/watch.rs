//! Keeping an eye on both files, and their common generation.

use std::{sync::Arc, time::Duration};

use tokio::time::MissedTickBehavior;

use crate::{
    error_chain::error_chain,
    log::{EventLog, LogError},
    note::{Note, Noted},
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

/// What could not be done when the server started, and is tried again every second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    /// A new generation.
    Generation,
    /// The note about this generation.
    Note(i64),
}

/// Begins a new generation of the store (`pairing`). In this order: a crash in between leaves a store that is newer than the
/// log knows, or the note, which is no mismatch. It is noted when both files themselves contain it, so that a write-ahead log that is
/// lost does not take it back.
pub(crate) async fn begin_generation(log: &EventLog, database: &Database, note: &Note) -> Result<Due, GenerationError> {
    let generation = database.pair(log.last_seq()).await?;
    let due = note_generation(log, database, note, generation).await?;
    if due != Due::Nothing {
        tracing::warn!(
            "The databases can't be completed from their write-ahead logs, for example because another process reads them or the \
             disk is full. Their progress is not noted in server.lock until they can be."
        );
    }
    Ok(due)
}

/// Notes the generation of the store if both files contain it.
async fn note_generation(
    log: &EventLog,
    database: &Database,
    note: &Note,
    generation: i64,
) -> Result<Due, GenerationError> {
    let is_in_log = log.note_generation(generation).await?;
    if !is_in_log || !database.complete().await {
        return Ok(Due::Note(generation));
    }
    note.begin(Noted {
        instance: database.pairing().await?.instance,
        generation,
        changes: database.changes().await?,
        reached: log.last_seq(),
    });
    Ok(Due::Nothing)
}

/// Notes how many changes the store holds.
pub(crate) async fn note_changes(database: &Database, note: &Note) {
    match database.changes().await {
        Ok(changes) => note.changes(changes),
        // It is noted a second later.
        Err(error) => tracing::debug!(error = error_chain(&error), "The number of changes can't be read."),
    }
}

/// Looks for the files, and tries small writes to those that could not be written, for as long as the engine runs. Does what could not
/// be done at the start.
pub(crate) async fn watch(log: EventLog, database: Database, note: Arc<Note>, mut due: Due) {
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
        due = catch_up(&log, &database, &note, due).await;
        note_changes(&database, &note).await;
    }
}

/// Returns what is still due.
async fn catch_up(log: &EventLog, database: &Database, note: &Note, due: Due) -> Due {
    let done = match due {
        Due::Nothing => return due,
        Due::Generation => begin_generation(log, database, note).await,
        Due::Note(generation) => note_generation(log, database, note, generation).await,
    };
    match done {
        Ok(Due::Nothing) => {
            tracing::info!("The progress of the databases is now noted in server.lock.");
            Due::Nothing
        }
        Ok(due) => due,
        Err(error) => {
            tracing::debug!(
                error = error_chain(&error),
                "The progress of the databases still can't be noted."
            );
            due
        }
    }
}
