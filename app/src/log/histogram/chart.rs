//! The bars. A click or a drag zooms in; the arrow keys move, with Shift they select. What is focused or selected stays while the
//! counts change.

use domain::Timestamp;
use leptos::{
    ev::{self, KeyboardEvent},
    prelude::*,
};

use super::bars::{Selection, step};
use crate::{
    browser,
    clock::Clock,
    log::{location::LogLocation, wire::Histogram},
    model::{moment::row_text, text::counted as counted_text},
};

fn bar_id(start: Timestamp) -> String {
    format!("log-bar-{}", start.unix_ms())
}

/// What is selected, and where the reader is.
#[derive(Clone, Copy)]
struct Chosen {
    counted: RwSignal<Histogram>,
    location: Memo<LogLocation>,
    go: Callback<String>,
    selection: RwSignal<Option<Selection>>,
    current: RwSignal<Option<Timestamp>>,
    is_dragging: RwSignal<bool>,
}

impl Chosen {
    fn zoom(self, selected: Selection) {
        let href = |counted: &Histogram| selected.href(counted, &self.location.get_untracked());
        self.go.run(self.counted.with_untracked(href));
    }

    /// The bar that the Tab key leads to.
    fn focusable(self, starts: &[Timestamp]) -> Option<Timestamp> {
        let current = self.current.get().filter(|current| starts.contains(current));
        current.or_else(|| starts.first().copied())
    }

    fn press(self, bar: Timestamp) {
        self.is_dragging.set(true);
        self.selection.set(Some(Selection::of(bar)));
    }

    fn enter(self, bar: Timestamp) {
        if self.is_dragging.get_untracked() {
            self.selection.update(|selected| {
                if let Some(selected) = selected {
                    selected.to = bar;
                }
            });
        }
    }

    fn release(self) {
        if self.is_dragging.try_get_untracked() != Some(true) {
            return;
        }
        self.is_dragging.set(false);
        match self.selection.get_untracked() {
            Some(selected @ Selection { from, to }) if from != to => self.zoom(selected),
            // A click on one bar follows its link.
            _ => self.selection.set(None),
        }
    }

    fn on_key(self, event: &KeyboardEvent) {
        let selected = self.selection.get_untracked();
        match (event.key().as_str(), selected) {
            ("Escape", _) => return self.selection.set(None),
            ("Enter", Some(selected)) => {
                event.prevent_default();
                return self.zoom(selected);
            }
            _ => {}
        }
        let starts = self.counted.with_untracked(Histogram::starts);
        let Some(here) = untrack(|| self.focusable(&starts)) else {
            return;
        };
        let Some(to) = step(&starts, here, &event.key()) else {
            return;
        };
        event.prevent_default();
        let from = selected.map_or(here, |selected| selected.from);
        self.selection.set(event.shift_key().then_some(Selection { from, to }));
        self.current.set(Some(to));
        browser::focus(bar_id(to));
    }
}

#[component]
pub(super) fn Bars(counted: RwSignal<Histogram>, location: Memo<LogLocation>, go: Callback<String>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let chosen = Chosen {
        counted,
        location,
        go,
        selection: RwSignal::new(None),
        current: RwSignal::new(None),
        is_dragging: RwSignal::new(false),
    };
    let listener = window_event_listener(ev::pointerup, move |_| chosen.release());
    on_cleanup(move || listener.remove());
    let starts = Memo::new(move |_| counted.with(Histogram::starts));
    let focusable = Memo::new(move |_| starts.with(|starts| chosen.focusable(starts)));
    // Bars of another length are other bars.
    let bars = Memo::new(move |_| {
        let interval_ms = counted.with(|counted| counted.interval_ms);
        let bars = starts.get().into_iter().map(|start| (start, interval_ms));
        bars.collect::<Vec<_>>()
    });
    let moment = move |at: Timestamp| row_text(at, browser::offset_minutes(at), clock.viewpoint());
    view! {
        <p class="histogram-total">
            {move || counted_text(counted.with(Histogram::total), "event")}
            <span class="quiet">" · select bars to zoom in"</span>
        </p>
        <ol class="histogram-bars" on:keydown=move |event| chosen.on_key(&event)>
            <For each=move || bars.get() key=|bar| *bar let:bar>
                <Bar start=bar.0 chosen focusable />
            </For>
        </ol>
        <p class="histogram-axis">
            <span>{move || moment(counted.with(|counted| counted.from))}</span>
            <span>{move || moment(counted.with(Histogram::end))}</span>
        </p>
    }
}

#[component]
fn Bar(start: Timestamp, chosen: Chosen, focusable: Memo<Option<Timestamp>>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let moment = move |at: Timestamp| row_text(at, browser::offset_minutes(at), clock.viewpoint());
    let counted = chosen.counted;
    let count = Memo::new(move |_| counted.with(|counted| counted.count_at(start)));
    let height = Memo::new(move |_| counted.with(|counted| counted.height(counted.count_at(start))));
    let end = Memo::new(move |_| counted.with(|counted| counted.end_of(start)));
    let label = Memo::new(move |_| {
        let count = counted_text(count.get(), "event");
        format!("{} to {}: {count}", moment(start), moment(end.get()))
    });
    let href = Memo::new(move |_| {
        let location = chosen.location.get();
        counted.with(|counted| Selection::of(start).href(counted, &location))
    });
    let is_selected = move || chosen.selection.get().is_some_and(|selected| selected.contains(start));
    let down = move |event: ev::PointerEvent| {
        if event.button() == 0 {
            chosen.press(start);
        }
    };
    view! {
        <li>
            <a
                id=bar_id(start)
                class="histogram-bar"
                class:is-selected=is_selected
                href=href
                data-noscroll="true"
                draggable="false"
                tabindex=move || if focusable.get() == Some(start) { "0" } else { "-1" }
                title=label
                aria-label=label
                on:pointerdown=down
                on:pointerenter=move |_| chosen.enter(start)
            >
                <svg viewBox="0 0 10 100" preserveAspectRatio="none" aria-hidden="true">
                    <rect x="0" y=move || 100 - height.get() width="10" height=move || height.get() />
                </svg>
            </a>
        </li>
    }
}
