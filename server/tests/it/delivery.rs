//! From ingest to a real receiver: everything arrives once, and each entity's events in their order.

use std::collections::HashMap;

use receivers::Receiver;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    instance::{Instance, add_destination, folder},
};

const EVENTS: usize = 10_000;
const ENTITIES: usize = 700;
const POSTERS: usize = 4;

/// Event number `n` of all. Entities belong to one poster each, so that their order is known.
fn event(number: usize) -> Value {
    json!({
        "id": number,
        "event_type": "project_updated",
        "entity_type": if number.is_multiple_of(3) { "Group" } else { "Project" },
        "entity_id": entity(number),
        "author_name": format!("author {}", number % 17),
        "details": {"custom_message": format!("change {number} — {}", "x".repeat(number % 300))},
    })
}

/// Spread unevenly: some entities are much busier than others.
fn entity(number: usize) -> usize {
    let spread = number.wrapping_mul(2_654_435_761) % ENTITIES;
    let busy = if number.is_multiple_of(5) { spread % 7 } else { spread };
    busy - busy % POSTERS + number % POSTERS
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_events_arrive_once_and_in_order_for_each_entity() {
    let receiver = Receiver::start().await;
    let folder = folder();
    add_destination(folder.path(), "SIEM", receiver.url()).await;
    let mut instance = Instance::start_on(folder, &[]);
    let token = instance.token("generator", &["ingest"]);
    let posters = (0..POSTERS).map(|poster| {
        let numbers: Vec<usize> = (0..EVENTS).filter(|number| number % POSTERS == poster).collect();
        let request = instance.ingest(&token);
        tokio::spawn(async move {
            for batch in numbers.chunks(37) {
                let lines: Vec<String> = batch.iter().map(|number| event(*number).to_string()).collect();
                let response = request
                    .try_clone()
                    .unwrap()
                    .body(lines.join("\n"))
                    .send()
                    .await
                    .unwrap();
                assert_eq!(response.status(), 201);
            }
        })
    });
    for poster in posters.collect::<Vec<_>>() {
        poster.await.unwrap();
    }
    receiver
        .wait_for_events("all have arrived", |events| generated(&events.order).count() == EVENTS)
        .await;
    assert!(instance.shut_down().await.success());
    receiver.events(|events| {
        assert_eq!(events.repeats, 0);
        let mut newest: HashMap<String, usize> = HashMap::new();
        for number in generated(&events.order) {
            let body: Value = serde_json::from_str(&events.bodies[&number.to_string()]).unwrap();
            let sent = event(number);
            assert_eq!(
                (&body["details"], &body["entity_id"]),
                (&sent["details"], &sent["entity_id"])
            );
            let key = format!("{}/{}", body["entity_type"], body["entity_id"]);
            let before = newest.insert(key.clone(), number);
            assert!(
                before.is_none_or(|before| before < number),
                "{key}: {number} came after {before:?}"
            );
        }
        assert!(newest.len() > 300, "{} entities", newest.len());
    });
}

/// The numbers of the events that this test sent; the instance's own events have UUIDs.
fn generated(order: &[String]) -> impl Iterator<Item = usize> {
    order.iter().filter_map(|id| id.parse().ok())
}

#[tokio::test]
async fn a_delivery_has_the_documented_headers() {
    let receiver = Receiver::start().await;
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let draft = json!({"draft": {"name": "SIEM", "target": {"http": {"url": receiver.url(), "verification_token": "0123456789abcdef"}}}});
    assert_eq!(browser.call("destinations/create", &draft).await.status, 200);
    let token = instance.token("app", &["ingest"]);
    instance
        .post(&token, r#"{"id":"e1","event_type":"user_created"}"#)
        .await;
    receiver
        .wait_for_events("it has arrived", |events| events.bodies.contains_key("e1"))
        .await;
    let headers = receiver.requests().pop().unwrap().headers;
    assert_eq!(headers["x-gitlab-event-streaming-token"], "0123456789abcdef");
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    assert!(headers.contains_key("x-gitlab-audit-event-type") && headers.contains_key("webhook-signature"));
}
