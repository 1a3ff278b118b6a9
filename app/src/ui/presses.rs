//! Changes of the layout that wait until the pointer is up.
//!
//! A press that takes the focus away from a field ends with a click only if the pointer is still above the same element when it
//! is released. What moves that element, such as an error that appears below the field, has to wait until then.

use leptos::{ev, prelude::*};

type Waiting = Vec<Box<dyn FnOnce() + Send + Sync>>;

/// Whether the pointer is down, and what waits until it is up.
#[derive(Clone, Copy)]
pub(crate) struct Presses {
    is_down: StoredValue<bool>,
    waiting: StoredValue<Waiting>,
}

impl Presses {
    /// Watches the pointer as long as the caller's owner lives.
    pub(crate) fn watch() -> Self {
        let presses = Self {
            is_down: StoredValue::new(false),
            waiting: StoredValue::new(Vec::new()),
        };
        Effect::new(move |_| {
            let down = window_event_listener(ev::pointerdown, move |_| presses.is_down.set_value(true));
            let up = window_event_listener(ev::pointerup, move |_| presses.end());
            let cancel = window_event_listener(ev::pointercancel, move |_| presses.end());
            on_cleanup(move || {
                down.remove();
                up.remove();
                cancel.remove();
            });
        });
        presses
    }

    /// Runs it now, or after the click that the press under way leads to.
    pub(crate) fn after(self, run: impl FnOnce() + Send + Sync + 'static) {
        if self.is_down.try_get_value() == Some(true) {
            self.waiting.update_value(|waiting| waiting.push(Box::new(run)));
        } else {
            run();
        }
    }

    /// The click is dispatched right after this event, and before the next task.
    fn end(self) {
        self.is_down.set_value(false);
        set_timeout(
            move || {
                for run in self.waiting.try_update_value(std::mem::take).unwrap_or_default() {
                    run();
                }
            },
            std::time::Duration::ZERO,
        );
    }
}
