//! Replays: a slow lane beside a stream, on a thread of its own for each that runs.
//!
//! - `keeper` compares which replays are to run, by the store, with those that do, and starts, changes and ends lanes.
//! - `lane` moves one replay: it waits for its turn, reads the range in log order, sends one request at a time, and
//!   stores how far it is.
//! - `books` is what it has read and not sent, and what it has not stored yet.
//!
//! The stream goes first: nothing is sent while it is held, paused, inactive or clearly behind, and at any moment at most
//! one request of a replay is at the destination. A lane shares no connection, queue or thread with the stream.
//!
//! Guarantees: each event of the range that the filters admit is accepted by the destination or parked with a reason, unless
//! the replay is cancelled, or the event leaves the log while the destination is inactive. After a crash, what was sent since
//! the last commit goes out once more, S3 batches under the same keys; the counts are those of what was stored, and so count
//! nothing twice.

mod books;
mod keeper;
mod lane;
mod shared;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use domain::{ids::ReplayId, replay::ReplayWait};

pub(super) use self::{keeper::ReplayKeeper, shared::Shared};

/// What each running replay waits for at the moment. Written by the lanes, read by anybody.
#[derive(Clone, Default)]
pub(super) struct Waits(Arc<RwLock<HashMap<ReplayId, ReplayWait>>>);

impl Waits {
    pub(super) fn of(&self, replay: ReplayId) -> Option<ReplayWait> {
        let waits = self.0.read().unwrap_or_else(PoisonError::into_inner);
        waits.get(&replay).copied()
    }

    fn set(&self, replay: ReplayId, wait: Option<ReplayWait>) {
        let mut waits = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match wait {
            Some(wait) => waits.insert(replay, wait),
            None => waits.remove(&replay),
        };
    }
}
