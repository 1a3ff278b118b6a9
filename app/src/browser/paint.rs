//! What the browser renders, and when.

use std::time::Duration;

use leptos::{ev::Event, prelude::*};

/// Runs it once the browser has shown what has changed until now.
pub(crate) fn after_paint(run: impl FnOnce() + 'static) {
    // A frame is painted after its callbacks and before the next task.
    request_animation_frame(move || set_timeout(run, Duration::ZERO));
}

/// What an event `contentvisibilityautostatechange` says of the element that listens: whether its content is out of sight and not
/// rendered. `None` if the event is about an element inside of it.
pub(crate) fn is_out_of_sight(event: &Event) -> Option<bool> {
    if event.target() != event.current_target() {
        return None;
    }
    js_sys::Reflect::get(event, &"skipped".into()).ok()?.as_bool()
}
