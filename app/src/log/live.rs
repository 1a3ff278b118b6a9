//! Live tail: new events come in at the top while the reader is there. Further down, or while it is paused, they are counted.

use domain::ids::Seq;
use leptos::prelude::*;

use super::{location::LogLocation, shown::Shown, table::TABLE_ID};
use crate::{browser, ui::Icon};

/// What the tab and the table know of each other.
#[derive(Clone, Copy)]
pub(super) struct LiveTail {
    pub(super) is_paused: RwSignal<bool>,
    /// The positions of the rows that are shown, from the top.
    pub(super) rows: RwSignal<Vec<Seq>>,
}

impl LiveTail {
    pub(super) fn new() -> Self {
        Self {
            is_paused: RwSignal::new(false),
            rows: RwSignal::new(Vec::new()),
        }
    }
}

/// The switch, whose state the address contains, and the button that pauses.
#[component]
pub(super) fn LiveSwitch(location: Memo<LogLocation>, live: LiveTail, go: Callback<String>) -> impl IntoView {
    let is_on = Memo::new(move |_| location.with(LogLocation::is_live));
    let turn = move |_| {
        let location = location.get_untracked();
        live.is_paused.set(false);
        let live = !location.live;
        go.run(LogLocation { live, ..location }.href());
    };
    let is_away = Signal::derive(move || location.with(|location| !location.is_at_newest()));
    let checked = Signal::derive(move || is_on.get().to_string());
    let pause = move || {
        let (icon, text) = match live.is_paused.get() {
            false => (icondata_lu::LuPause, "Pause"),
            true => (icondata_lu::LuPlay, "Resume"),
        };
        view! {
            <Icon icon />
            {text}
        }
    };
    view! {
        <div class="log-live needs-script" hidden=is_away>
            <button
                type="button"
                class="button"
                hidden=move || !is_on.get()
                on:click=move |_| live.is_paused.update(|is_paused| *is_paused = !*is_paused)
            >
                {pause}
            </button>
            <button type="button" class="switch" role="switch" aria-checked=checked on:click=turn>
                <span class="switch-track" aria-hidden="true"></span>
                "Live tail"
            </button>
        </div>
    }
}

/// How much has arrived that is not shown; the button shows it.
pub(super) fn arrived_bar(shown: RwSignal<Shown>, live: LiveTail) -> AnyView {
    let text = Memo::new(move |_| shown.with(Shown::pending_text));
    let nothing_new = Signal::derive(move || text.with(String::is_empty));
    let show = move |_| {
        shown.update(Shown::show_pending);
        live.is_paused.set(false);
        browser::show(TABLE_ID.to_owned());
        browser::focus(TABLE_ID);
    };
    view! {
        <div class="log-arrived" role="status">
            <button type="button" class="button button-primary" hidden=nothing_new on:click=show>
                <Icon icon=icondata_lu::LuArrowUp />
                {text}
            </button>
        </div>
    }
    .into_any()
}
