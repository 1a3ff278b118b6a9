//! What the deliveries of an event render.

use domain::{Timestamp, ids::DestinationId};

use super::*;

fn delivery(state: DeliveryState) -> DeliveryView {
    DeliveryView {
        destination_id: DestinationId::new(1),
        name: "SIEM".into(),
        state,
        explanation: "This event is no longer retried.".into(),
        tries: Some(5),
        reason: Some("Answered 422.".into()),
        response: Some("no such index".into()),
        next_step: Some("Check the format it expects.".into()),
        refused_at: None,
        next_try_at: None,
        delivered_at: Some(Timestamp::from_unix_ms(0)),
        status: Some(202),
        replayed_at: Some(Timestamp::from_unix_ms(0)),
        can_send_again: true,
    }
}

#[test]
fn the_summary_counts_what_was_delivered() {
    let deliveries = [DeliveryState::Delivered, DeliveryState::Parked].map(delivery);
    assert_eq!(summary(&deliveries), "Delivered to 1 of 2 destinations.");
    assert_eq!(summary(&[]), "There are no destinations.");
}

#[test]
fn a_parked_event_shows_the_response_and_what_to_do() {
    let owner = Owner::new();
    owner.set();
    provide_context(crate::clock::Clock::still());
    let html = details(&delivery(DeliveryState::Parked)).to_html();
    for text in [
        "no longer retried",
        "Answered 422.",
        "5 attempts",
        "no such index",
        "Check the format",
        "replay",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
}

#[test]
fn a_delivered_event_shows_when_and_the_answer_where_they_are_known() {
    let owner = Owner::new();
    owner.set();
    provide_context(crate::clock::Clock::still());
    let known = delivery(DeliveryState::Delivered);
    let html = details(&known).to_html();
    assert!(html.contains("1970-01-01") && html.contains("answered 202"), "{html}");
    let unknown = DeliveryView {
        delivered_at: None,
        status: None,
        ..known
    };
    assert!(!details(&unknown).to_html().contains("answered"));
}

#[test]
fn every_state_has_a_name() {
    let owner = Owner::new();
    owner.set();
    for (state, text) in [
        (DeliveryState::Delivered, "Delivered"),
        (DeliveryState::Inactive, "Not sent: inactive"),
        (DeliveryState::BeforeStart, "Before the stream started"),
        (DeliveryState::Unknown, "Unknown"),
    ] {
        assert!(badge(state).to_html().contains(text));
    }
}
