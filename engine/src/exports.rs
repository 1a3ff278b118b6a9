//! Exports that a page watches: how far each is, and whether its file is complete.
//!
//! The browser downloads the file, so only the server knows whether it was written to its end. The page names an export by a key
//! of its own choice, and asks for it by the same key in the same session. Nothing is stored: after a restart, exports are unknown.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    ids::SessionId,
    view::{ExportState, ExportView},
};

/// Exports that are remembered; more than can run at the same time.
const MOST: usize = 64;

const MOST_KEY_BYTES: usize = 40;

#[derive(Clone, Default)]
pub(crate) struct Exports(Arc<Mutex<VecDeque<Watched>>>);

struct Watched {
    session: SessionId,
    key: String,
    view: ExportView,
}

impl Exports {
    /// `None` if the key is empty or too long.
    pub(crate) fn begin(&self, session: SessionId, key: &str) -> Option<ExportProgress> {
        if key.is_empty() || key.len() > MOST_KEY_BYTES {
            return None;
        }
        let view = ExportView {
            events: 0,
            state: ExportState::Running,
        };
        let key = key.to_owned();
        let mut exports = self.lock();
        exports.retain(|other| (other.session, &other.key) != (session, &key));
        if exports.len() >= MOST {
            let ended = exports
                .iter()
                .position(|other| other.view.state != ExportState::Running);
            exports.remove(ended.unwrap_or(0));
        }
        exports.push_back(Watched {
            session,
            key: key.clone(),
            view,
        });
        Some(ExportProgress {
            exports: self.clone(),
            session,
            key,
        })
    }

    pub(crate) fn view(&self, session: SessionId, key: &str) -> Option<ExportView> {
        let exports = self.lock();
        let found = exports
            .iter()
            .find(|other| (other.session, other.key.as_str()) == (session, key));
        found.map(|found| found.view.clone())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reports how far an export is. If it is dropped before the end, the export has failed.
pub struct ExportProgress {
    exports: Exports,
    session: SessionId,
    key: String,
}

impl ExportProgress {
    /// So many more events were written.
    pub fn add(&self, events: u64) {
        self.change(|view| view.events = view.events.saturating_add(events));
    }

    /// Everything was written.
    pub fn complete(&self) {
        self.change(|view| view.state = ExportState::Complete);
    }

    /// The export was rejected.
    pub fn reject(&self, reason: &str) {
        let reason = Some(reason.to_owned());
        self.change(|view| view.state = ExportState::Failed { reason });
    }

    fn change(&self, change: impl FnOnce(&mut ExportView)) {
        let mut exports = self.exports.lock();
        let own = exports
            .iter_mut()
            .find(|other| (other.session, &other.key) == (self.session, &self.key));
        if let Some(own) = own {
            change(&mut own.view);
        }
    }
}

impl Drop for ExportProgress {
    fn drop(&mut self) {
        self.change(|view| {
            if view.state == ExportState::Running {
                view.state = ExportState::Failed { reason: None };
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: SessionId = SessionId::new(1);

    fn state(exports: &Exports, key: &str) -> Option<(u64, ExportState)> {
        exports.view(SESSION, key).map(|view| (view.events, view.state))
    }

    #[test]
    fn an_export_is_complete_only_at_its_end() {
        let exports = Exports::default();
        let progress = exports.begin(SESSION, "a").unwrap();
        progress.add(20);
        progress.add(5);
        assert_eq!(state(&exports, "a"), Some((25, ExportState::Running)));
        progress.complete();
        drop(progress);
        assert_eq!(state(&exports, "a"), Some((25, ExportState::Complete)));
        let interrupted = exports.begin(SESSION, "b").unwrap();
        interrupted.add(1);
        drop(interrupted);
        assert_eq!(state(&exports, "b"), Some((1, ExportState::Failed { reason: None })));
        let rejected = exports.begin(SESSION, "c").unwrap();
        rejected.reject("Too many.");
        drop(rejected);
        let reason = Some("Too many.".to_owned());
        assert_eq!(state(&exports, "c"), Some((0, ExportState::Failed { reason })));
    }

    #[test]
    fn nobody_sees_the_exports_of_another_session() {
        let exports = Exports::default();
        let _progress = exports.begin(SESSION, "a").unwrap();
        assert_eq!(exports.view(SessionId::new(2), "a"), None);
        assert!(exports.begin(SESSION, "").is_none() && exports.begin(SESSION, &"x".repeat(41)).is_none());
    }

    #[test]
    fn the_oldest_that_has_ended_is_forgotten_first() {
        let exports = Exports::default();
        let running = exports.begin(SESSION, "running").unwrap();
        for number in 0..MOST {
            drop(exports.begin(SESSION, &number.to_string()));
        }
        assert_eq!(exports.lock().len(), MOST);
        assert_eq!(state(&exports, "0"), None);
        running.complete();
        assert_eq!(state(&exports, "running"), Some((0, ExportState::Complete)));
    }
}
