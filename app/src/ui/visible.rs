//! What the page does at intervals while it is visible.

use std::time::Duration;

use leptos::{ev, prelude::*};

use crate::{browser, connection::Connection};

/// How often the page asks for what has changed.
pub(super) const EVERY: Duration = Duration::from_secs(3);

/// Calls `tick` at intervals while the page is visible and stays, and at once when it becomes visible again.
pub(crate) fn every_while_visible(period: Duration, tick: impl Fn() + Clone + 'static) {
    Effect::new(move |_| {
        let connection = expect_context::<Connection>();
        let tick_when_shown = {
            let tick = tick.clone();
            move || {
                if browser::is_visible() && !connection.is_leaving() {
                    tick();
                }
            }
        };
        let timer = set_interval_with_handle(tick_when_shown.clone(), period);
        let listener = window_event_listener(ev::Custom::<ev::Event>::new("visibilitychange"), move |_| {
            tick_when_shown()
        });
        on_cleanup(move || {
            listener.remove();
            if let Ok(timer) = timer {
                timer.clear();
            }
        });
    });
}
