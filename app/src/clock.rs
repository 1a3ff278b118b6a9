//! Time as the reader has it. The server does not know the reader's zone, so it writes UTC; the browser takes over once
//! the page is hydrated, and both wrote the same until then.

use std::time::Duration;

use domain::Timestamp;
use leptos::prelude::*;

use crate::{
    browser,
    model::moment::{Viewpoint, local_text, utc_text},
};

#[derive(Clone, Copy)]
pub(crate) struct Clock {
    viewpoint: RwSignal<Option<Viewpoint>>,
    hydrated: RwSignal<bool>,
}

impl Clock {
    pub(crate) fn provide() {
        let clock = Self {
            viewpoint: RwSignal::new(None),
            hydrated: RwSignal::new(false),
        };
        Effect::new(move |_| {
            request_animation_frame(move || {
                clock.tick();
                clock.hydrated.set(true);
            });
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

    /// None before hydration.
    pub(crate) fn viewpoint(self) -> Option<Viewpoint> {
        self.viewpoint.get()
    }

    /// Moves the viewpoint every second as long as the calling component is there.
    pub(crate) fn keep_ticking(self) {
        Effect::new(move |_| {
            let every_second = set_interval_with_handle(move || self.tick(), Duration::from_secs(1));
            on_cleanup(move || {
                if let Ok(handle) = every_second {
                    handle.clear();
                }
            });
        });
    }

    fn tick(self) {
        let now = browser::now();
        self.viewpoint.set(Some(Viewpoint {
            now,
            offset_minutes: browser::offset_minutes(now),
        }));
    }
}
