//! Time as the reader has it. The server does not know the reader's zone, so it writes UTC; the browser takes over once
//! the page is hydrated, and both wrote the same until then.

use std::time::Duration;

use domain::Timestamp;
use leptos::prelude::*;

use crate::{
    browser,
    model::moment::{Viewpoint, local_text, utc_text},
    ui::every_while_visible,
};

const TICK: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
pub(crate) struct Clock {
    hydrated: RwSignal<bool>,
    /// The server's time; it advances while the page is visible.
    now: RwSignal<Timestamp>,
    /// The same in whole minutes; changes only with the minute.
    minute: RwSignal<i64>,
    /// Milliseconds that the browser's clock is ahead of the server's.
    ahead_ms: StoredValue<i64>,
}

impl Clock {
    pub(crate) fn provide() {
        let started = SharedValue::new(server_now).into_inner();
        let clock = Self {
            hydrated: RwSignal::new(false),
            now: RwSignal::new(started),
            minute: RwSignal::new(minute_of(started)),
            ahead_ms: StoredValue::new(0),
        };
        Effect::new(move |_| {
            clock.set_server_time(started);
            request_animation_frame(move || clock.hydrated.set(true));
        });
        every_while_visible(TICK, move || clock.tick());
        provide_context(clock);
    }

    /// A clock that stands still in UTC, for tests of components.
    #[cfg(test)]
    pub(crate) fn still() -> Self {
        Self {
            hydrated: RwSignal::new(false),
            now: RwSignal::new(Timestamp::from_unix_ms(0)),
            minute: RwSignal::new(0),
            ahead_ms: StoredValue::new(0),
        }
    }

    #[cfg(test)]
    pub(crate) fn set_now(self, now: Timestamp) {
        self.advance(now);
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

    /// The server's time, to the second. Use it in a memo of what is rendered.
    pub(crate) fn now(self) -> Timestamp {
        self.now.get()
    }

    /// The same, but unless what the memo is for `is_seen`, it is computed again with every minute, not with every second.
    pub(crate) fn now_while(self, is_seen: bool) -> Timestamp {
        if is_seen {
            self.now.get()
        } else {
            self.minute.track();
            self.now.get_untracked()
        }
    }

    /// Where the reader is in time; `None` before hydration, when the zone is not known.
    pub(crate) fn viewpoint(self) -> Option<Viewpoint> {
        self.viewpoint_at(self.now.get())
    }

    /// The same for something that is rendered as of `now`.
    pub(crate) fn viewpoint_at(self, now: Timestamp) -> Option<Viewpoint> {
        self.is_ready().then(|| Viewpoint {
            now,
            offset_minutes: browser::offset_minutes(now),
        })
    }

    /// Relative times are those of the server's clock: the browser's may be wrong.
    pub(crate) fn set_server_time(self, now: Timestamp) {
        let ahead = browser::now().unix_ms().saturating_sub(now.unix_ms());
        self.ahead_ms.set_value(ahead);
        self.advance(now);
    }

    fn tick(self) {
        let now = browser::now().unix_ms().saturating_sub(self.ahead_ms.get_value());
        self.advance(Timestamp::from_unix_ms(now));
    }

    fn advance(self, now: Timestamp) {
        self.now.set(now);
        let minute = minute_of(now);
        // A signal, not a memo of `now`: that would ask each memo that depends on it with every second.
        if self.minute.get_untracked() != minute {
            self.minute.set(minute);
        }
    }
}

fn minute_of(now: Timestamp) -> i64 {
    now.unix_ms().div_euclid(60_000)
}

#[cfg(feature = "ssr")]
fn server_now() -> Timestamp {
    use_context::<crate::backend::Backend>().map_or(Timestamp::from_unix_ms(0), |backend| backend.engine.clock().now())
}

/// Not called: the browser finds the server's value in the page.
#[cfg(not(feature = "ssr"))]
fn server_now() -> Timestamp {
    browser::now()
}
