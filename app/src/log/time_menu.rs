//! The menu of ranges of time: relative ones, and from one moment to another.

use domain::Field;
use leptos::prelude::*;

use super::{
    filter::{
        LogFilter,
        times::{self, ALL_TIME, RANGES},
    },
    forms::{kept, message, submit},
    location::{AUDIT_EVENTS, LogLocation},
    menu::Menu,
};
use crate::{browser, clock::Clock, model::moment::local_minutes};

const MENU_ID: &str = "log-time";

#[component]
pub(super) fn TimeMenu(location: LogLocation, go: Callback<String>) -> impl IntoView {
    let filter = &location.filter;
    let errors = filter.errors();
    let after = errors.message_for(Field::CreatedAfter).map(str::to_owned);
    let before = errors.message_for(Field::CreatedBefore).map(str::to_owned);
    let is_wrong = after.is_some() || before.is_some();
    let label = label(filter);
    let is_set = label != ALL_TIME;
    let link = |range: &'static str, label: &'static str| {
        let is_current = filter.range == range && filter.created_after.is_empty() && filter.created_before.is_empty();
        let href = location.clone().with_filter(filter.clone().over(range)).href();
        let current = is_current.then_some("true");
        view! {
            <li>
                <a class="menu-item" href=href data-noscroll="true" aria-current=current>
                    {label}
                </a>
            </li>
        }
    };
    let ranges = RANGES.into_iter().chain([("", ALL_TIME)]);
    let ranges = ranges.map(|(range, label)| link(range, label)).collect_view();
    let kept = kept(&location, &["created_after", "created_before", "range"]);
    let (after_text, before_text) = (filter.created_after.clone(), filter.created_before.clone());
    view! {
        <Menu id=MENU_ID icon=icondata_lu::LuClock label is_open=is_wrong is_set>
            <ul class="drop-list" aria-label="Ranges of time">
                {ranges}
            </ul>
            <form class="drop-form" aria-label="Custom range" action=AUDIT_EVENTS on:submit=submit(go, MENU_ID)>
                {kept}
                <MomentField name="created_after" label="From" text=after_text wrong=after />
                <MomentField name="created_before" label="To" text=before_text wrong=before />
                <p class="field-hint">
                    "A day in UTC (2026-03-01), or a day and a time in your time zone (2026-03-01 10:00)."
                </p>
                <button type="submit" class="button button-primary">
                    "Apply"
                </button>
            </form>
        </Menu>
    }
}

#[component]
fn MomentField(name: &'static str, label: &'static str, text: String, wrong: Option<String>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let error_id = if name == "created_after" {
        "log-from-error"
    } else {
        "log-to-error"
    };
    let invalid = wrong.is_some().then_some("true");
    let described = wrong.is_some().then_some(error_id);
    let shown = move || local(&text, clock.is_ready());
    view! {
        <label class="field">
            <span class="field-label">{label}</span>
            <input
                class="field-input"
                name=name
                autocomplete="off"
                maxlength="40"
                placeholder="YYYY-MM-DD HH:MM"
                prop:value=shown.clone()
                value=shown
                aria-invalid=invalid
                aria-describedby=described
            />
        </label>
        {message(wrong.as_deref(), error_id)}
    }
}

/// A moment of the address as its reader types it; anything else as it is.
fn local(text: &str, is_zone_known: bool) -> String {
    match times::start(text) {
        Some(moment) if is_zone_known && !times::is_day(text) => local_minutes(moment, browser::offset_minutes(moment)),
        _ => text.to_owned(),
    }
}

/// What the button says.
fn label(filter: &LogFilter) -> String {
    if let Some(label) = times::range_label(&filter.range) {
        return label.to_owned();
    }
    match (filter.created_after.is_empty(), filter.created_before.is_empty()) {
        (true, true) => ALL_TIME.to_owned(),
        (false, true) => format!("Since {}", short(&filter.created_after)),
        (true, false) => format!("Until {}", short(&filter.created_before)),
        (false, false) if filter.created_after == filter.created_before => short(&filter.created_after),
        (false, false) => "Custom range".to_owned(),
    }
}

/// The day of a moment.
fn short(text: &str) -> String {
    text.chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_button_says_which_range_is_set() {
        let filter = |after: &str, before: &str| LogFilter::default().between(after, before);
        for (filter, text) in [
            (LogFilter::default(), "All time"),
            (LogFilter::default().over("last_hour"), "Last hour"),
            (filter("2026-03-01T10:00Z", ""), "Since 2026-03-01"),
            (filter("", "2026-03-01"), "Until 2026-03-01"),
            (filter("2026-03-01", "2026-03-01"), "2026-03-01"),
            (filter("2026-03-01", "2026-03-02"), "Custom range"),
        ] {
            assert_eq!(label(&filter), text);
        }
    }

    #[test]
    fn what_was_typed_wrongly_stays_as_it_is() {
        assert_eq!(local("yesterday", true), "yesterday");
        assert_eq!(local("2026-03-01", true), "2026-03-01");
        assert_eq!(local("2026-03-01T10:00:00.000Z", false), "2026-03-01T10:00:00.000Z");
    }
}
