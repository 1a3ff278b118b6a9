//! Instance events, from the change that they record into the log.
//!
//! A change and its event are stored in one transaction (`store`); from there `relay` appends the event to the log and
//! removes it. A crash between the two only delays it: the log knows the id and stores it once. `relay` runs after each
//! change, at the start, and on a timer, which also covers events written by the command line.

mod recorded;

use domain::{
    event::{AuditEvent, Received},
    instance_event::INSTANCE_SOURCE,
};

pub(crate) use self::recorded::{Recorded, fresh_id};
use crate::{
    clock::Clock,
    log::{AppendError, EventLog},
    store::{Database, PendingInstanceEvent, StoreError},
};

/// Why instance events are still waiting.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RelayError {
    #[error("instance events could not be read or removed")]
    Store(#[from] StoreError),
    #[error("instance events could not be appended to the log")]
    Append(#[from] AppendError),
}

/// Moves stored instance events into the log. Returns how many.
///
/// # Errors
/// [`RelayError`]; what was not moved is moved by the next call.
pub(crate) async fn relay(database: &Database, log: &EventLog, clock: &Clock) -> Result<usize, RelayError> {
    let pending = database.pending_instance_events().await?;
    if pending.is_empty() {
        return Ok(0);
    }
    // One that can't be read stays where it is, and is complained about each time, for it must not go unnoticed.
    let (readable, events): (Vec<PendingInstanceEvent>, Vec<AuditEvent>) = pending
        .into_iter()
        .filter_map(|pending| read(&pending).map(|event| (pending, event)))
        .unzip();
    if events.is_empty() {
        return Ok(0);
    }
    log.append(INSTANCE_SOURCE, clock.now(), events).await?;
    database.remove_instance_events(&readable).await?;
    Ok(readable.len())
}

fn read(pending: &PendingInstanceEvent) -> Option<AuditEvent> {
    let received = Received {
        received_at: pending.created_at,
        fresh_id,
    };
    AuditEvent::parse(&pending.event, &received)
        .inspect_err(|error| tracing::error!(id = pending.id, error = %error, "An instance event could not be read."))
        .ok()
}
