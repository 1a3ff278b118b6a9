//! Which forms of a page hold something that is not saved.

use std::collections::BTreeSet;

use leptos::prelude::*;

use crate::ui::leave_guard::LeaveGuard;

/// The ids of these forms. A context of the page.
#[derive(Clone, Copy)]
pub(crate) struct UnsavedForms(RwSignal<BTreeSet<String>>);

impl UnsavedForms {
    fn new() -> Self {
        Self(RwSignal::new(BTreeSet::new()))
    }

    /// Asks before what is not saved is lost. The page shows the question.
    pub(crate) fn guard() -> LeaveGuard {
        let forms = Self::new();
        provide_context(forms);
        let is_unsaved = Memo::new(move |_| forms.0.with(|forms| !forms.is_empty()));
        let discard = Callback::new(move |()| forms.0.update(BTreeSet::clear));
        LeaveGuard::provide(is_unsaved.into(), discard)
    }

    /// Called when a form is changed, reset, saved or removed, which may be after the page was left.
    pub(super) fn note(self, form: &str, is_unsaved: bool) {
        if self.has(form) != is_unsaved {
            self.0.try_update(|forms| {
                if is_unsaved {
                    forms.insert(form.to_owned());
                } else {
                    forms.remove(form);
                }
            });
        }
    }

    pub(super) fn has(self, form: &str) -> bool {
        self.0.try_with_untracked(|forms| forms.contains(form)) == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_counts_until_it_is_saved_or_reset() {
        Owner::new().with(|| {
            let forms = UnsavedForms::new();
            forms.note("email", true);
            forms.note("webhook", true);
            forms.note("email", false);
            assert!(forms.has("webhook") && !forms.has("email"));
            forms.note("webhook", false);
            assert!(forms.0.with_untracked(BTreeSet::is_empty));
        });
    }
}
