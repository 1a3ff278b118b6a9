//! Time as the reader has it. The server does not know the reader's zone, so it writes UTC; the browser takes over once
//! the page is hydrated, and both wrote the same until then.

use domain::Timestamp;
use leptos::prelude::*;

use crate::{
    browser,
    model::moment::{local_text, utc_text},
};

#[derive(Clone, Copy)]
pub(crate) struct Clock {
    hydrated: RwSignal<bool>,
}

impl Clock {
    pub(crate) fn provide() {
        let clock = Self {
            hydrated: RwSignal::new(false),
        };
        Effect::new(move |_| {
            request_animation_frame(move || clock.hydrated.set(true));
        });
        provide_context(clock);
    }

    /// The moment in the reader's zone, or in UTC before hydration.
    pub(crate) fn text(self, moment: Timestamp) -> String {
        if self.hydrated.get() {
            local_text(moment, browser::offset_minutes(moment))
        } else {
            utc_text(moment)
        }
    }

    /// Whether the browser's program has taken the page over.
    pub(crate) fn is_ready(self) -> bool {
        self.hydrated.get()
    }
}
