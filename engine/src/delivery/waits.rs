//! What replays wait for.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use domain::{ids::ReplayId, replay::ReplayWait};

/// What each running replay waits for at the moment. Written by the replay workers, read by anyone.
#[derive(Clone, Default)]
pub(super) struct Waits(Arc<RwLock<HashMap<ReplayId, ReplayWait>>>);

impl Waits {
    pub(super) fn of(&self, replay: ReplayId) -> Option<ReplayWait> {
        let waits = self.0.read().unwrap_or_else(PoisonError::into_inner);
        waits.get(&replay).copied()
    }

    pub(super) fn set(&self, replay: ReplayId, wait: Option<ReplayWait>) {
        let mut waits = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match wait {
            Some(wait) => waits.insert(replay, wait),
            None => waits.remove(&replay),
        };
    }
}
