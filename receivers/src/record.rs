//! A value that tests wait on until it satisfies a condition.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

/// A value whose readers are notified of every change.
#[derive(Default)]
pub(crate) struct Record<T> {
    value: Mutex<T>,
    changes: watch::Sender<u64>,
}

impl<T> Record<T> {
    pub(crate) fn look<R>(&self, at: impl FnOnce(&T) -> R) -> R {
        at(&self.value.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut self.value.lock().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|changes| *changes += 1);
        result
    }

    /// Returns whether the value satisfied the condition within this time.
    pub(crate) async fn wait_until(&self, patience: Duration, mut is_enough: impl FnMut(&T) -> bool) -> bool {
        let mut changes = self.changes.subscribe();
        let enough = async {
            while !self.look(&mut is_enough) {
                if changes.changed().await.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(patience, enough).await.unwrap_or(false)
    }
}
