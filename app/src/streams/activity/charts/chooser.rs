//! The time range of the charts: up to now, or from one moment to another.

use domain::{Timestamp, activity::Span, ids::DestinationId};
use leptos::{ev::SubmitEvent, prelude::*};

use super::super::range::RangeChoice;
use crate::{browser, clock::Clock};

const SPANS: [(Span, &str); 3] = [
    (Span::Hour, "Last hour"),
    (Span::Day, "Last day"),
    (Span::Week, "Last week"),
];

#[component]
pub(super) fn RangeChooser(id: DestinationId, choice: RwSignal<RangeChoice>) -> impl IntoView {
    let is_custom = RwSignal::new(false);
    // A range that is dragged over in a chart is a custom one.
    Effect::new(move |_| is_custom.set(matches!(choice.get(), RangeChoice::Between { .. })));
    let spans = SPANS.map(|(span, label)| {
        let is_chosen = move || !is_custom.get() && choice.get() == RangeChoice::Last(span);
        let choose = move |_| {
            is_custom.set(false);
            choice.set(RangeChoice::Last(span));
        };
        view! {
            <button type="button" class="segment" aria-pressed=move || is_chosen().to_string() on:click=choose>
                {label}
            </button>
        }
    });
    let first_field = format!("range-{id}-from");
    let open = move |_| {
        is_custom.set(true);
        browser::focus(first_field.clone());
    };
    view! {
        <div class="range-chooser">
            <div class="segments" role="group" aria-label="Time range">
                {spans.into_iter().collect_view()}
                <button
                    type="button"
                    class="segment"
                    aria-pressed=move || is_custom.get().to_string()
                    on:click=open
                >
                    "Custom range"
                </button>
            </div>
            {move || is_custom.get().then(|| view! { <RangeForm id choice /> })}
        </div>
    }
}

#[component]
fn RangeForm(id: DestinationId, choice: RwSignal<RangeChoice>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let (from, to) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let error = RwSignal::new(None::<(&'static str, &'static str)>);
    Effect::new(move |_| {
        if let RangeChoice::Between { from: start, before } = choice.get() {
            from.set(browser::local_of_utc(&start.to_string()));
            to.set(browser::local_of_utc(&before.to_string()));
            error.set(None);
        }
    });
    let apply = move |event: SubmitEvent| {
        event.prevent_default();
        let read = |text: String| Timestamp::parse(&browser::utc_of_local(&text)?).ok();
        let range = match (read(from.get_untracked()), read(to.get_untracked())) {
            (None, _) => Err(("from", "Enter a date and a time.")),
            (_, None) => Err(("to", "Enter a date and a time.")),
            (Some(from), Some(to)) => RangeChoice::between(from, to, clock.now()).map_err(|error| ("to", error)),
        };
        match range {
            Ok(range) => choice.set(range),
            Err(mistake) => {
                browser::focus(format!("range-{id}-{}", mistake.0));
                error.set(Some(mistake));
            }
        }
    };
    let field = move |name: &'static str, label: &'static str, value: RwSignal<String>| {
        let message = move || {
            error
                .get()
                .filter(|(field, _)| *field == name)
                .map(|(_, message)| message)
        };
        let (field_id, error_id) = (format!("range-{id}-{name}"), format!("range-{id}-{name}-error"));
        view! {
            <div class="field">
                <label class="field-label" for=field_id.clone()>
                    {label}
                </label>
                <input
                    class="field-input"
                    id=field_id
                    type="datetime-local"
                    prop:value=value
                    aria-invalid=move || message().map(|_| "true")
                    aria-describedby=error_id.clone()
                    on:input:target=move |event| value.set(event.target().value())
                />
                <p class="field-error" id=error_id role="status">
                    {message}
                </p>
            </div>
        }
    };
    view! {
        <form class="range-form" aria-label="Custom range" novalidate on:submit=apply>
            {field("from", "From", from)}
            {field("to", "To", to)}
            <button type="submit" class="button">
                "Show"
            </button>
            <p class="field-hint">"Times are in your time zone."</p>
        </form>
    }
}
