//! How many destinations there are, for the tab above the list.

use leptos::prelude::*;

#[derive(Clone, Copy)]
pub(crate) struct StreamCount(RwSignal<Option<u64>>);

impl StreamCount {
    pub(crate) fn provide() -> Self {
        let count = Self(RwSignal::new(None));
        provide_context(count);
        count
    }

    pub(super) fn set(self, count: u64) {
        self.0.set(Some(count));
    }

    /// `None` before the list is loaded.
    pub(crate) fn get(self) -> Option<u64> {
        self.0.get()
    }
}
