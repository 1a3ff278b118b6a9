//! What came of a form: what was done, and what is shown once.
//!
//! A form that is posted without the page's program is answered with a redirect. What came of it waits on the server for the
//! next page of the same session, and not in an address, where it would stay in the history and anybody could write one.

mod done;
#[cfg(feature = "ssr")]
mod posted_forms;

use leptos::prelude::*;

pub use self::done::{Done, ShownOnce};
pub(crate) use self::done::{Outcome, Posted};
#[cfg(feature = "ssr")]
pub use self::posted_forms::PostedForms;

/// The posted form whose outcome the first page shows.
#[derive(Clone, Copy)]
pub(crate) struct PostedForm(RwSignal<Option<Posted>>);

impl PostedForm {
    pub(crate) fn provide() {
        let posted = SharedValue::new(waiting).into_inner();
        provide_context(Self(RwSignal::new(posted)));
    }

    /// The outcome of this server function. The server may render a part of the page twice, so it is not taken.
    pub(crate) fn of(self, path: &str) -> Option<Outcome> {
        self.0.with_untracked(|posted| {
            let posted = posted.as_ref().filter(|posted| posted.path == path)?;
            Some(posted.outcome.clone())
        })
    }

    /// The page is left.
    pub(crate) fn forget(self) {
        self.0.try_update_untracked(|posted| *posted = None);
    }
}

#[cfg(feature = "ssr")]
fn waiting() -> Option<Posted> {
    let (backend, admin) = (crate::backend::backend().ok()?, crate::backend::expect_admin().ok()?);
    backend.posted_forms.take(admin.session, backend.engine.clock().now())
}

/// Not called: the browser finds the server's value in the page.
#[cfg(not(feature = "ssr"))]
const fn waiting() -> Option<Posted> {
    None
}
