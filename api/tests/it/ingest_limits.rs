//! What is too much, and what a client is told then.

use std::num::NonZeroU32;

use crate::instance::{Answer, Instance};
use domain::{event::EventSizeLimit, settings::LogSize};
use receivers::{Events, Receiver};

const MIB: usize = 1024 * 1024;

fn events(count: usize) -> String {
    let events: Vec<String> = (0..count)
        .map(|id| format!(r#"{{"id":{id},"event_type":"user_created"}}"#))
        .collect();
    events.join("\n")
}

/// One event of exactly this size.
fn event_of(bytes: usize) -> String {
    let frame = r#"{"event_type":"user_created","details":{"note":""}}"#;
    frame.replace(
        r#""note":"""#,
        &format!(r#""note":"{}""#, "x".repeat(bytes - frame.len())),
    )
}

#[tokio::test]
async fn ten_thousand_events_fit_into_a_request_and_one_more_does_not() {
    let instance = Instance::start().await;
    let token = instance.token("app", &["ingest"]).await;
    assert_eq!(instance.post(&token, events(10_000)).await.len(), 10_000);
    let answer = Answer::of(instance.ingest(&token).body(events(10_001))).await;
    assert_eq!(answer.error(), (413, "too_many_events".into()));
}

#[tokio::test]
async fn an_event_has_at_most_one_mebibyte() {
    let instance = Instance::start().await;
    let token = instance.token("app", &["ingest"]).await;
    assert_eq!(instance.post(&token, event_of(MIB)).await.len(), 1);
    let answer = Answer::of(instance.ingest(&token).body(event_of(MIB + 1))).await;
    assert_eq!(answer.error(), (422, "invalid_event".into()));
    let reason = "must have at most 1MiB, and has 1048577 bytes";
    assert_eq!(answer.json()["reason"], reason);
}

#[tokio::test]
async fn the_size_of_an_event_is_set_by_the_operator() {
    let receiver = Receiver::start().await;
    let instance = Instance::start_with(|options| {
        options.engine.fixed.event_size = EventSizeLimit::new(25 * 1024 * 1024);
    })
    .await;
    instance.add_destination("SIEM", &receiver.url()).await;
    let token = instance.token("app", &["ingest"]).await;
    let ids = instance.post(&token, event_of(25 * MIB)).await;
    let has_it = |events: &Events| events.bodies.contains_key(&ids[0]);
    receiver.wait_for_events("the large event has arrived", has_it).await;
    let small = Instance::start_with(|options| {
        options.engine.fixed.event_size = EventSizeLimit::new(64 * 1024);
    })
    .await;
    let token = small.token("app", &["ingest"]).await;
    assert_eq!(small.post(&token, event_of(64 * 1024)).await.len(), 1);
    let answer = Answer::of(small.ingest(&token).body(event_of(64 * 1024 + 1))).await;
    assert_eq!(answer.error(), (422, "invalid_event".into()));
}

#[tokio::test]
async fn a_token_that_sends_too_fast_waits() {
    let instance = Instance::start_with(|options| {
        options.api.ingest_rate = NonZeroU32::new(100);
    })
    .await;
    let (fast, other) = (
        instance.token("fast", &["ingest"]).await,
        instance.token("other", &["ingest"]).await,
    );
    instance.post(&fast, events(1_000)).await;
    let answer = Answer::of(instance.ingest(&fast).body(events(1))).await;
    assert_eq!(answer.error(), (429, "rate_limited".into()));
    let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    instance.post(&other, events(1)).await;
}

#[tokio::test]
async fn a_full_log_takes_nothing_more_and_says_when_to_come_back() {
    let instance = Instance::start_with(|options| {
        options.engine.fixed.log_size = LogSize::new(64 * 1024 * 1024);
    })
    .await;
    let token = instance.token("app", &["ingest"]).await;
    instance.add_destination("SIEM", "http://127.0.0.1:9/nobody").await;
    let body = vec![event_of(MIB - 1); 20].join("\n");
    let refused = instance.post_until_refused(&token, &body).await;
    assert_eq!(refused.error(), (503, "log_full".into()));
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("events that have not been delivered"), "{message}");
    assert_eq!(refused.header("retry-after"), Some("60"));
}
