//! A chart of how many events match, by interval. It follows live tail, and a range of time that moves on.

mod bars;
mod chart;

use std::time::Duration;

use domain::Timestamp;
use leptos::{prelude::*, task::spawn_local};

use self::chart::Bars;
use super::{
    location::LogLocation,
    server_fns::count_events,
    wire::{Counted, Histogram, LogPageRequest},
};
use crate::{
    connection::Connection,
    deadline::in_time,
    fresh::{Fresh, Tag},
    ui::every_while_visible,
    wire::AppError,
};

/// How often the chart is asked for at most: counting costs more than what the table asks for.
const EVERY: Duration = Duration::from_secs(5);
const AT_LEAST_EVERY: Duration = Duration::from_secs(60);

const TOO_MANY: &str = "No chart: there are too many events to count quickly. Choose a shorter range.";
const TEXT: &str = "No chart while a text is searched for: that would mean reading every event.";

/// What is known of the chart.
#[derive(Clone, Debug, PartialEq)]
enum Shown {
    Loading,
    /// The bars of this query.
    Bars(String),
    Nothing(&'static str),
    Failed,
}

/// Whether the chart is to be counted again: `waited` for, with bars of this length.
fn is_due(shown: &Shown, location: &LogLocation, waited: Duration, interval_ms: i64) -> bool {
    let interval = Duration::from_millis(u64::try_from(interval_ms).unwrap_or(0));
    match shown {
        Shown::Failed => true,
        Shown::Bars(_) if location.is_live() => true,
        Shown::Bars(_) => !location.filter.range.is_empty() && waited >= interval.clamp(EVERY, AT_LEAST_EVERY),
        Shown::Loading | Shown::Nothing(_) => false,
    }
}

/// Why there can be no chart; empty if something is wrong with the filter, which its field says.
fn reason(location: &LogLocation) -> Option<&'static str> {
    if !location.filter.errors().is_empty() {
        return Some("");
    }
    (!location.filter.text.is_empty()).then_some(TEXT)
}

/// Of several requests that are under way, the answer to the newest counts.
#[derive(Clone, Copy)]
struct Counting {
    connection: Connection,
    shown: RwSignal<Shown>,
    histogram: RwSignal<Histogram>,
    known: StoredValue<Option<Tag>>,
    asked: StoredValue<u32>,
    answered: StoredValue<u32>,
    waited: StoredValue<Duration>,
}

impl Counting {
    fn new() -> Self {
        Self {
            connection: expect_context::<Connection>(),
            shown: RwSignal::new(Shown::Loading),
            histogram: RwSignal::new(Histogram {
                from: Timestamp::from_unix_ms(0),
                interval_ms: 1,
                counts: Vec::new(),
            }),
            known: StoredValue::new(None),
            asked: StoredValue::new(0),
            answered: StoredValue::new(0),
            waited: StoredValue::new(Duration::ZERO),
        }
    }

    /// Begins with another query.
    fn start(self, query: String, location: &LogLocation) {
        self.known.set_value(None);
        match reason(location) {
            Some(why) => {
                self.asked.update_value(|asked| *asked = asked.wrapping_add(1));
                self.answered.set_value(self.asked.get_value());
                self.shown.set(Shown::Nothing(why));
            }
            None => self.ask(query),
        }
    }

    fn ask(self, query: String) {
        self.waited.set_value(Duration::ZERO);
        self.asked.update_value(|asked| *asked = asked.wrapping_add(1));
        let request = self.asked.get_value();
        // Before the task begins, what it would read may be gone.
        let answer = in_time(count_events(query.clone(), self.known.get_value()));
        spawn_local(async move {
            let answer = answer.await;
            if self.asked.try_get_value() == Some(request) {
                self.answered.set_value(request);
                self.connection.report(&answer);
                self.show(query, answer);
            }
        });
    }

    fn show(self, query: String, answer: Result<Fresh<Counted>, AppError>) {
        let bars = Shown::Bars(query);
        match answer {
            Ok(Fresh { tag, value, .. }) => {
                self.known.set_value(Some(tag));
                match value {
                    Some(Counted::Histogram(histogram)) => {
                        self.histogram.set(histogram);
                        self.shown.set(bars);
                    }
                    Some(Counted::TooMany) => self.shown.set(Shown::Nothing(TOO_MANY)),
                    None => {}
                }
            }
            // Those that were counted before stay.
            Err(_) if self.shown.with_untracked(|shown| *shown == bars) => {}
            Err(_) => self.shown.set(Shown::Failed),
        }
    }

    fn tick(self, query: Memo<String>, location: Memo<LogLocation>) {
        if self.asked.get_value() != self.answered.get_value() {
            return;
        }
        self.waited
            .update_value(|waited| *waited = waited.saturating_add(EVERY));
        let interval_ms = self.histogram.with_untracked(|histogram| histogram.interval_ms);
        let is_due = self.shown.with_untracked(|shown| {
            location.with_untracked(|location| is_due(shown, location, self.waited.get_value(), interval_ms))
        });
        if is_due {
            self.ask(query.get_untracked());
        }
    }
}

/// Loaded after the page, so that the table does not wait for it.
#[component]
pub(super) fn HistogramPanel(location: Memo<LogLocation>, go: Callback<String>) -> impl IntoView {
    let query = Memo::new(move |_| location.get().at(LogPageRequest::First).query());
    let counting = Counting::new();
    Effect::new(move |_| counting.start(query.get(), &location.get_untracked()));
    every_while_visible(EVERY, move || counting.tick(query, location));
    let shown = Memo::new(move |_| counting.shown.get());
    view! {
        <section class="histogram needs-script" aria-label="Events over time">
            {move || match shown.get() {
                Shown::Loading => ().into_any(),
                Shown::Bars(_) => view! { <Bars counted=counting.histogram location go /> }.into_any(),
                Shown::Nothing(why) => view! { <p class="field-hint">{why}</p> }.into_any(),
                Shown::Failed => view! { <p class="field-hint">"The chart can't be loaded now. Trying again…"</p> }.into_any(),
            }}
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_follows_live_tail_and_a_range_that_moves_on() {
        let bars = Shown::Bars(String::new());
        let due = |shown: &Shown, query: &str, seconds: u64, interval_ms: i64| {
            let location = LogLocation::from_query(query);
            is_due(shown, &location, Duration::from_secs(seconds), interval_ms)
        };
        assert!(due(&bars, "live=on", 5, 86_400_000));
        assert!(due(&bars, "range=last_15_minutes", 15, 15_000));
        assert!(!due(&bars, "range=last_15_minutes", 10, 15_000));
        assert!(due(&bars, "range=last_7_days", 60, 10_800_000));
        assert!(!due(&bars, "range=last_7_days", 55, 10_800_000));
        for still in [
            "",
            "created_after=2026-03-01",
            "live=on&older_than=1_1",
            "live=on&sort=created_asc",
        ] {
            assert!(!due(&bars, still, 600, 1_000), "{still}");
        }
        assert!(due(&Shown::Failed, "", 5, 1));
        assert!(!due(&Shown::Nothing(TOO_MANY), "live=on", 600, 1));
    }

    #[test]
    fn there_is_no_chart_of_a_text_or_of_a_filter_with_a_mistake() {
        let reason = |query| reason(&LogLocation::from_query(query));
        assert_eq!(reason("text=a"), Some(TEXT));
        assert_eq!(reason("created_after=x&text=a"), Some(""));
        assert_eq!(reason("event_type=a"), None);
    }
}
