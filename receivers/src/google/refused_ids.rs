//! Entries that are refused on demand.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::status::{Code, Status};

/// Insert ids whose entries are refused on demand.
#[derive(Default)]
pub(super) struct RefusedIds(Mutex<HashMap<String, Status>>);

impl RefusedIds {
    pub(super) fn refuse(&self, ids: impl Iterator<Item = String>, code: Code, message: &str) {
        let statuses = ids.map(|id| (id, Status::new(code, message)));
        self.ids().extend(statuses);
    }

    pub(super) fn status_of(&self, id: &str) -> Option<Status> {
        self.ids().get(id).cloned()
    }

    pub(super) fn clear(&self) {
        self.ids().clear();
    }

    fn ids(&self) -> MutexGuard<'_, HashMap<String, Status>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
