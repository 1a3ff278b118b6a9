//! The text of a search field, applied once the field has shown it.

use leptos::prelude::*;

use crate::browser;

/// What was typed and is not applied yet. Narrowing a long list takes longer than showing a key, so a key does not wait for it: the
/// list follows in the frame after that of the field.
#[derive(Clone, Copy)]
pub(crate) struct SearchText {
    waiting: StoredValue<Option<String>>,
    apply: Callback<String>,
}

impl SearchText {
    pub(crate) fn new(apply: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self {
            waiting: StoredValue::new(None),
            apply: Callback::new(apply),
        }
    }

    /// Takes what the field holds. Of several keys before the list follows, the last one counts.
    pub(crate) fn typed(self, text: String) {
        if self.wait(text) {
            browser::after_paint(move || self.apply_now());
        }
    }

    /// True if nothing was waiting.
    fn wait(self, text: String) -> bool {
        let before = self.waiting.try_update_value(|waiting| waiting.replace(text));
        before == Some(None)
    }

    /// Applies what is waiting, if anything is: whoever acts on the list acts on what was typed.
    pub(crate) fn apply_now(self) {
        // The field may be gone by then.
        let waiting = self.waiting.try_update_value(Option::take);
        if let Some(text) = waiting.flatten() {
            self.apply.run(text);
        }
    }

    /// Searches for nothing, at once.
    pub(crate) fn clear(self) {
        self.forget();
        self.apply.run(String::new());
    }

    /// Forgets what is waiting.
    pub(crate) fn forget(self) {
        self.waiting.try_update_value(Option::take);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_text_is_applied_once() {
        Owner::new().with(|| {
            let applied = StoredValue::new(Vec::new());
            let search = SearchText::new(move |text| applied.update_value(|applied| applied.push(text)));
            assert!(search.wait("g".to_owned()));
            assert!(!search.wait("gp".to_owned()), "one frame is awaited for both");
            search.apply_now();
            search.apply_now();
            assert_eq!(applied.get_value(), ["gp"]);
            assert!(search.wait("gpg".to_owned()));
            search.forget();
            search.apply_now();
            assert_eq!(applied.get_value(), ["gp"], "what was forgotten is not applied");
            assert!(search.wait("gpg".to_owned()));
            search.clear();
            search.apply_now();
            assert_eq!(applied.get_value(), ["gp", ""], "nor what was cleared");
        });
    }
}
