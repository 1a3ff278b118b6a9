use domain::Timestamp;
use domain::view::{DestinationCounts, FirstStepsView, LogView, OverviewView, TrafficView};

use super::*;
use crate::settings::tests::rendered;

fn instance() -> Instance {
    Instance {
        overview: OverviewView {
            version: "1.2.3".into(),
            log: LogView {
                events: 107_000,
                newest_received_at: None,
                oldest_received_at: None,
                used_bytes: 1 << 30,
                limit_bytes: 10 << 30,
                full_at: None,
            },
            oldest_waiting_at: None,
            destinations: DestinationCounts::default(),
            traffic: vec![TrafficView {
                start: Timestamp::from_unix_ms(0),
                received: 1_200,
                delivered: 7,
            }],
        },
        streams: Vec::new(),
        first_steps: FirstStepsView {
            token_created: true,
            event_received: false,
            destination_added: false,
        },
        public_url: "https://audit.example".into(),
    }
}

#[test]
fn a_new_instance_shows_the_first_steps_and_which_are_done() {
    let html = rendered(|| overview(Signal::stored(instance())));
    for text in [
        "First steps",
        "Create a token",
        "curl https://audit.example/api/v1/audit_events",
        "Bearer $TOKEN",
        "Add streaming destination",
        "No destinations yet",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert_eq!(html.matches(">Done<").count(), 1, "{html}");
}

#[test]
fn an_instance_that_is_set_up_shows_its_numbers_alone() {
    let mut instance = instance();
    instance.first_steps.event_received = true;
    instance.first_steps.destination_added = true;
    let html = rendered(|| overview(Signal::stored(instance)));
    assert!(!html.contains("First steps"), "{html}");
    for text in [
        "107,000",
        "10\u{a0}% of 10.0 GiB",
        "Everything delivered",
        "1,200",
        "1.2.3",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
}
