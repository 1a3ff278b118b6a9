//! Live tail: new events are announced above the table and come into it only when the reader asks.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use crate::{
    browser,
    model::log_location::LogLocation,
    server_fns::events::list_events,
    wire::{LogPageRequest, LogPosition},
};

const EVERY: Duration = Duration::from_secs(2);

/// What live tail knows.
#[derive(Clone, Copy)]
pub(super) struct Live {
    /// The newest event that is shown; none while older ones are.
    shown: RwSignal<Option<LogPosition>>,
    /// How many have come in since: empty, `1 new event`, `25+ new events`.
    arrived: RwSignal<String>,
}

impl Live {
    pub(super) fn new() -> Self {
        Self {
            shown: RwSignal::new(None),
            arrived: RwSignal::new(String::new()),
        }
    }

    /// Another page is shown.
    pub(super) fn show(self, newest: Option<LogPosition>) {
        self.shown.set(newest);
        self.arrived.set(String::new());
    }

    fn ask(self, location: Memo<LogLocation>) {
        let shown = self.shown.get_untracked();
        let (Some(position), true) = (shown, browser::is_visible()) else {
            return;
        };
        let query = location.get_untracked().at(LogPageRequest::Since(position)).query();
        spawn_local(async move {
            // What can't be asked now is asked again in a moment.
            let Ok(page) = list_events(query).await else { return };
            if self.shown.try_get_untracked() == Some(shown) {
                self.arrived.set(words(page.rows.len(), page.newer.is_some()));
            }
        });
    }
}

/// Asks as long as it is on, which the address says.
pub(super) fn live_switch(live: Live, location: Memo<LogLocation>, go: Callback<String>) -> AnyView {
    let is_on = Memo::new(move |_| location.with(|location| location.live && location.is_at_newest()));
    Effect::new(move |_| {
        if is_on.get() {
            let asking = set_interval_with_handle(move || live.ask(location), EVERY);
            on_cleanup(move || {
                if let Ok(asking) = asking {
                    asking.clear();
                }
            });
        } else {
            live.arrived.set(String::new());
        }
    });
    let turn = move |_| {
        let location = location.get_untracked();
        let live = !location.live;
        go.run(LogLocation { live, ..location }.href());
    };
    let is_away = Signal::derive(move || location.with(|location| !location.is_at_newest()));
    let checked = Signal::derive(move || is_on.get().to_string());
    view! {
        <div class="log-live needs-script">
            <button type="button" class="switch" role="switch" aria-checked=checked hidden=is_away on:click=turn>
                <span class="switch-knob"></span>
                "Live tail"
            </button>
        </div>
    }
    .into_any()
}

/// The announcement, which brings what is new.
pub(super) fn arrived(live: Live, refresh: Callback<()>) -> AnyView {
    let nothing_new = Signal::derive(move || live.arrived.with(String::is_empty));
    view! {
        <div class="log-arrived" role="status">
            <button type="button" class="button button-primary" hidden=nothing_new on:click=move |_| refresh.run(())>
                {live.arrived}
            </button>
        </div>
    }
    .into_any()
}

fn words(count: usize, is_more: bool) -> String {
    match (count, is_more) {
        (0, _) => String::new(),
        (1, false) => "1 new event".to_owned(),
        (_, false) => format!("{count} new events"),
        (_, true) => format!("{count}+ new events"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_counted_as_far_as_a_page() {
        assert_eq!(words(0, false), "");
        assert_eq!(words(1, false), "1 new event");
        assert_eq!(words(25, false), "25 new events");
        assert_eq!(words(25, true), "25+ new events");
    }
}
