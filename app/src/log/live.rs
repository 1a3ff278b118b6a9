//! Live tail: new events are announced above the table and come into it only when the reader asks.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use crate::{
    browser,
    model::{live_tail::LiveTail, log_location::LogLocation},
    server_fns::events::list_events,
    wire::{LogPage, LogPageRequest, LogRow},
};

const EVERY: Duration = Duration::from_secs(2);

/// What live tail knows.
#[derive(Clone, Copy)]
pub(super) struct Live(RwSignal<LiveTail>);

impl Live {
    pub(super) fn new() -> Self {
        Self(RwSignal::new(LiveTail::default()))
    }

    /// Another page is shown; returns the rows to be shown above it.
    pub(super) fn show(self, page: &LogPage, is_newest: bool) -> Vec<LogRow> {
        self.0.try_update(|live| live.show(page, is_newest)).unwrap_or_default()
    }

    /// The query of the page that is to be shown here.
    pub(super) fn query(self, location: &LogLocation) -> String {
        if !location.is_at_newest() {
            return location.query();
        }
        let newest = self.0.with_untracked(LiveTail::newest);
        location.clone().at(newest).query()
    }

    pub(super) fn refresh(self) {
        self.0.update_untracked(LiveTail::refresh);
    }

    fn ask(self, location: Memo<LogLocation>) {
        let next = self.0.with_untracked(LiveTail::next);
        let (Some(next), true) = (next, browser::is_visible()) else {
            return;
        };
        let query = location.get_untracked().at(LogPageRequest::Since(next)).query();
        spawn_local(async move {
            // What can't be asked now is asked again in a moment.
            if let Ok(answer) = list_events(query).await {
                self.0.try_update(|live| live.take(next, &answer));
            }
        });
    }
}

/// Asks as long as it is on, which the address says.
pub(super) fn live_switch(live: Live, location: Memo<LogLocation>, go: Callback<String>) -> AnyView {
    let is_on = Memo::new(move |_| location.with(is_live));
    Effect::new(move |_| {
        if is_on.get() {
            let asking = set_interval_with_handle(move || live.ask(location), EVERY);
            on_cleanup(move || {
                if let Ok(asking) = asking {
                    asking.clear();
                }
            });
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
pub(super) fn arrived(live: Live, location: Memo<LogLocation>, refresh: Callback<()>) -> AnyView {
    let words = Signal::derive(move || {
        if location.with(is_live) {
            live.0.with(LiveTail::words)
        } else {
            String::new()
        }
    });
    let nothing_new = Signal::derive(move || words.with(String::is_empty));
    view! {
        <div class="log-arrived" role="status">
            <button type="button" class="button button-primary" hidden=nothing_new on:click=move |_| refresh.run(())>
                {words}
            </button>
        </div>
    }
    .into_any()
}

fn is_live(location: &LogLocation) -> bool {
    location.live && location.is_at_newest()
}
