//! Adding events: from any task to the writing thread and back.
//!
//! Events whose id is known already are compared with what is stored after the commit, on a reading thread: large bodies take
//! long, and the writing thread is everybody's.

use domain::{
    Timestamp,
    event::{AuditEvent, EventId, StoredBody},
};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use super::{
    AppendError, EventLog, LogError,
    damage::is_damaged_row,
    job::{Committed, Job},
};
use crate::error_chain::error_chain;

/// Repeated events compared at once, before other reads have their turn.
const COMPARED_AT_ONCE: usize = 64;

/// The ids of a request's events, in order, and how many of them were new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The id of each event, in the order of the request.
    pub ids: Vec<EventId>,
    /// How many of them were not stored before.
    pub stored: usize,
    /// Which events of the request were not stored, although they say something else than the event that is stored under
    /// their id: counted from 0, in order.
    pub conflicts: Vec<usize>,
}

impl EventLog {
    /// Appends the events of one request and waits until they are on disk.
    ///
    /// # Errors
    /// [`AppendError`]; then nothing of the request was stored.
    pub async fn append(
        &self,
        source: &str,
        received_at: Timestamp,
        events: Vec<AuditEvent>,
    ) -> Result<Appended, AppendError> {
        let (answer, answered) = oneshot::channel();
        self.writer.submit(Job {
            source: source.into(),
            received_at,
            events,
            answer,
        })?;
        let Committed { ids, stored, repeats } = answered.await.unwrap_or(Err(AppendError::Stopped))?;
        let conflicts = self.conflicts(source, repeats).await.unwrap_or_else(|error| {
            tracing::warn!(
                error = error_chain(&error),
                "Repeated events could not be compared with the stored ones; they are treated as identical."
            );
            Vec::new()
        });
        Ok(Appended { ids, stored, conflicts })
    }

    /// The places of the events that say something else than what is stored under their ids.
    async fn conflicts(&self, source: &str, mut repeats: Vec<(usize, AuditEvent)>) -> Result<Vec<usize>, LogError> {
        // Those with the same id one after the other: what is stored is read once for all of them.
        repeats.sort_by(|(_, one), (_, other)| one.id.as_str().cmp(other.id.as_str()));
        let mut conflicts = Vec::new();
        let mut last = None;
        while !repeats.is_empty() {
            let chunk = repeats.split_off(repeats.len().saturating_sub(COMPARED_AT_ONCE));
            let source = source.to_owned();
            let compared = self
                .readers
                .read(move |connection| compare(connection, &source, chunk, last))
                .await?;
            conflicts.extend(compared.0);
            last = compared.1;
        }
        conflicts.sort_unstable();
        Ok(conflicts)
    }
}

/// An id, and what is stored under it; `None` if it has left the log or can't be read.
type Stored = (EventId, Option<StoredBody>);

fn compare(
    connection: &Connection,
    source: &str,
    repeats: Vec<(usize, AuditEvent)>,
    mut last: Option<Stored>,
) -> Result<(Vec<usize>, Option<Stored>), LogError> {
    let mut conflicts = Vec::new();
    for (index, event) in repeats {
        let stored = match last.take().filter(|(id, _)| *id == event.id) {
            Some((_, stored)) => stored,
            None => stored_body(connection, source, &event.id)?,
        };
        if stored.as_ref().is_some_and(|stored| !event.has_content_of(stored)) {
            conflicts.push(index);
        }
        last = Some((event.id, stored));
    }
    Ok((conflicts, last))
}

fn stored_body(connection: &Connection, source: &str, id: &EventId) -> Result<Option<StoredBody>, LogError> {
    let mut statement = connection
        .prepare_cached("SELECT body FROM events WHERE source = (SELECT id FROM sources WHERE name = ?) AND id = ?")?;
    let body = statement
        .query_row(params![source, id.as_str()], |row| row.get(0))
        .optional();
    match body {
        Err(error) if is_damaged_row(&error) => Ok(None),
        body => Ok(body?.map(StoredBody::new)),
    }
}
