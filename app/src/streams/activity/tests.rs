//! What the sections of the activity render.

use domain::{
    Timestamp,
    delivery::RefusedList,
    health::Concurrency,
    ids::{DestinationId, Seq},
    view::{DeliveryOutcome, EventBrief, RecentDeliveryView, RefusedPage, RefusedView},
};
use leptos::prelude::*;

use super::{
    charts::{concurrency_text, in_flight, limited_text},
    deliveries::row::DeliveryRow,
    refused::refused_events,
};
use crate::clock::Clock;

fn html<V: IntoView>(view: impl FnOnce() -> V) -> String {
    Owner::new().with(|| {
        Clock::provide();
        view().to_html()
    })
}

fn event(action: &str) -> EventBrief {
    EventBrief {
        id: "e<1>".into(),
        event_type: "user_created".into(),
        action: action.into(),
    }
}

fn delivery(outcome: DeliveryOutcome) -> RecentDeliveryView {
    let has_failed = outcome == DeliveryOutcome::Failed;
    RecentDeliveryView {
        seq: Seq::new(42),
        events: 3,
        started_at: Timestamp::from_unix_ms(1_774_348_800_000),
        duration_ms: 1_240,
        outcome,
        status: Some(if has_failed { 422 } else { 200 }),
        number: has_failed.then_some(2),
        reason: has_failed.then(|| "Answered 422 Unprocessable Entity.".to_owned()),
        response: if has_failed {
            "\nno such index <audit>\nmore".into()
        } else {
            String::new()
        },
        event: Some(event("Created user ada")),
    }
}

#[test]
fn a_failed_delivery_says_why_in_its_row() {
    let html =
        html(|| view! { <DeliveryRow delivery=delivery(DeliveryOutcome::Failed) opened=Callback::new(|_| {}) /> });
    for text in [
        "Failed",
        "422",
        "Created user ada",
        " and 2 other events",
        "user_created",
        "1.2 s",
        "Answered 422 Unprocessable Entity.",
        "no such index &lt;audit&gt;",
        "/admin/audit_logs?tab=log&amp;event=42",
        "e&lt;1&gt;",
        "<dt>Attempt<",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
}

#[test]
fn a_successful_delivery_has_no_reason_and_no_response() {
    let html =
        html(|| view! { <DeliveryRow delivery=delivery(DeliveryOutcome::Delivered) opened=Callback::new(|_| {}) /> });
    assert!(html.contains("Delivered") && html.contains("200"), "{html}");
    assert!(!html.contains("<pre") && !html.contains("No response body"), "{html}");
}

fn parked(seq: i64, event: Option<EventBrief>) -> RefusedView {
    RefusedView {
        seq: Seq::new(seq),
        tries: 5,
        reason: "Answered 422 Unprocessable Entity.".into(),
        response: "no such index\nmore".into(),
        next_step: "Check the format it expects.".into(),
        refused_at: Timestamp::from_unix_ms(1_774_348_800_000),
        next_try_at: None,
        event,
    }
}

#[test]
fn parked_events_show_the_event_the_reason_and_the_advice_once() {
    let page = RefusedPage {
        items: vec![parked(9, Some(event("Created user ada"))), parked(7, None)],
        total: 1_204,
        next_before: Some(Seq::new(7)),
    };
    let html = html(|| refused_events(DestinationId::new(3), RefusedList::Parked, Signal::stored(page)));
    for text in [
        "1,204 parked events",
        "Created user ada",
        "no such index",
        "Position 7: no longer in the log",
        "Retry: event at position 9",
        "Discard: event at position 7",
        "Retry all",
        "Discard all",
        "0 selected",
        "1–2 of 1,204",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert_eq!(html.matches("Check the format it expects.").count(), 1, "{html}");
}

#[test]
fn rejected_events_that_are_retried_show_the_next_try_and_can_be_parked() {
    let retrying = RefusedView {
        next_try_at: Some(Timestamp::from_unix_ms(1_774_348_860_000)),
        ..parked(9, Some(event("Created user ada")))
    };
    let page = RefusedPage {
        items: vec![retrying],
        total: 7,
        next_before: None,
    };
    let html = html(|| refused_events(DestinationId::new(3), RefusedList::Retrying, Signal::stored(page)));
    for text in [
        "7 rejected events, retrying",
        "no such index",
        "Next try",
        "10:41",
        "Park: event at position 9",
        "Retry now: event at position 9",
        "Discard: event at position 9",
        "Park all",
        "Retry all now",
        "Discard all",
        "Park selected",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
}

#[test]
fn concurrency_is_shown_with_what_is_in_flight() {
    let concurrency = Concurrency {
        limit: 48,
        in_flight: 31,
        maximum: 64,
        limited_by_settings: false,
        limited_by_rate: false,
    };
    assert_eq!(concurrency_text(Some(concurrency)), "31 of 48");
    assert_eq!(concurrency_text(None), "–", "the stream does not run");
}

#[test]
fn the_settings_are_named_where_they_limit_what_is_in_flight() {
    let shown = |limited_by_settings, limited_by_rate| {
        let concurrency = Concurrency {
            limit: 64,
            in_flight: 1,
            maximum: 64,
            limited_by_settings,
            limited_by_rate,
        };
        html(move || in_flight(Memo::new(move |_| Some(concurrency))))
    };
    assert!(shown(true, false).contains(">limited to 64 by its settings<"));
    assert!(shown(true, true).contains(">limited by its maximum requests per second<"));
    let free = shown(false, false);
    assert!(free.contains("1 of 64") && !free.contains("limited"), "{free}");
    assert_eq!(limited_text(None), "");
}
