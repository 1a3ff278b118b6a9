//! Replays over REST, and in a server that is killed in the middle of one.

use std::time::Duration;

use receivers::Receiver;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    browser::Browser,
    instance::{Instance, PATIENCE, add_destination, folder},
};

const REPLAYS: &str = "/api/v1/destinations/1/replays";
const KILLS: usize = 5;
const EVENTS: usize = 4_000;

async fn post_old(instance: &Instance, token: &str, numbers: std::ops::Range<usize>) {
    for first in numbers.clone().step_by(1_000) {
        let event = |number: usize| {
            json!({"id": format!("old{number}"), "event_type": "user_created", "entity_type": "Project",
                "entity_id": number % 40, "created_at": "2026-01-10T08:00:00Z"})
        };
        let lines: Vec<String> = (first..(first + 1_000).min(numbers.end))
            .map(|number| event(number).to_string())
            .collect();
        instance.post(token, lines.join("\n")).await;
    }
}

/// A server with one destination, which has been sent so many old events.
async fn with_old_events(receiver: &Receiver, count: usize) -> (Instance, String) {
    let folder = folder();
    add_destination(folder.path(), "SIEM", receiver.url()).await;
    let instance = Instance::start_on(folder, &[("AUDIT_STREAMS_API_RATE", "0")]);
    let token = instance.token("app", &["ingest"]);
    post_old(&instance, &token, 0..count).await;
    receiver
        .wait_for_events("the stream has sent them", |events| {
            (0..count).all(|number| events.bodies.contains_key(&format!("old{number}")))
        })
        .await;
    (instance, token)
}

fn day() -> Value {
    json!({"created_after": "2026-01-10", "created_before": "2026-01-10"})
}

fn is_finished(replay: &Value) -> bool {
    replay["state"] == "finished"
}

#[tokio::test]
async fn a_replay_is_counted_started_seen_and_listed() {
    let receiver = Receiver::start().await;
    let (instance, _) = with_old_events(&receiver, 30).await;
    let admin = Client::with_scope(&instance, "admin");
    let mut counted = admin.post(&format!("{REPLAYS}/count"), &day()).await.expect(200);
    // It depends on how fast the stream was just now, and is null if nothing was delivered lately.
    let estimate = counted.as_object_mut().unwrap().remove("estimated_seconds").unwrap();
    assert!(estimate.is_null() || estimate.is_u64(), "{estimate}");
    assert_eq!(
        counted,
        json!({
            "events": 30, "warnings": [], "from": "2026-01-10T00:00:00.000Z", "before": "2026-01-11T00:00:00.000Z",
        })
    );
    let started = admin.post(REPLAYS, &day()).await;
    assert_eq!(started.header("location"), Some("/api/v1/destinations/1/replays/1"));
    let started = started.expect(201);
    assert_eq!(
        (&started["total"], &started["created_by"]),
        (&json!(30), &json!("client with admin"))
    );
    let finished = admin.get_until(&format!("{REPLAYS}/1"), is_finished).await;
    assert_eq!((&finished["sent"], &finished["refused"]), (&json!(30), &json!(0)));
    assert!(
        finished["ended_at"].is_string() && finished["waits_for"].is_null(),
        "{finished}"
    );
    let listed = admin.get(REPLAYS).await.expect(200);
    assert_eq!(listed["items"], json!([finished]));
    let cancelled = admin.delete(&format!("{REPLAYS}/1")).await.expect(200);
    assert_eq!(cancelled, finished, "what has ended stays as it is");
    assert!(receiver.events(|events| events.replayed.len() == 30 && events.replayed.values().all(|times| *times == 1)));
    for event_type in ["audit_event_replay_started", "audit_event_replay_finished"] {
        let path = format!("/api/v1/audit_events?event_type={event_type}");
        let events = admin.get_until(&path, |events| events["items"][0].is_object()).await;
        assert_eq!(events["items"][0]["event"]["details"]["events"], 30, "{events}");
    }
}

#[tokio::test]
async fn what_can_not_be_replayed_says_why() {
    let receiver = Receiver::start().await;
    let (instance, _) = with_old_events(&receiver, 30).await;
    let admin = Client::with_scope(&instance, "admin");
    for (body, field) in [
        (json!({}), "created_after"),
        (json!({"created_after": "yesterday"}), "created_after"),
        (
            json!({"created_after": "2026-01-10", "created_before": "2026-01-09"}),
            "created_before",
        ),
        (
            json!({"created_after": "2026-01-10", "event_types": ["user_created", " never seen"]}),
            "event_types[1]",
        ),
        (json!({"created_after": "2026-01-10", "types": []}), "types"),
    ] {
        for path in [REPLAYS.to_owned(), format!("{REPLAYS}/count")] {
            let refused = admin.post(&path, &body).await.refused_fields();
            assert_eq!(refused[0].0, field, "{body}: {refused:?}");
        }
    }
    let unknown = json!({"created_after": "2026-01-10", "event_types": ["user_created", "never seen"]});
    let counted = admin.post(&format!("{REPLAYS}/count"), &unknown).await.expect(200);
    assert_eq!(
        (&counted["warnings"][0]["code"], &counted["warnings"][0]["field"]),
        (&json!("unknown_event_type"), &json!("event_types[0]"))
    );
    assert_eq!(counted["warnings"].as_array().unwrap().len(), 1);
    for path in ["/api/v1/destinations/9/replays", "/api/v1/destinations/9/replays/count"] {
        assert_eq!(admin.post(path, &day()).await.error(), (404, "not_found".into()));
    }
    assert_eq!(admin.get("/api/v1/destinations/9/replays").await.status, 404);
    assert_eq!(admin.get(&format!("{REPLAYS}/9")).await.status, 404);
    assert_eq!(admin.delete(&format!("{REPLAYS}/9")).await.status, 404);

    admin
        .patch("/api/v1/destinations/1", &json!({"paused": true}))
        .await
        .expect(200);
    admin.post(REPLAYS, &day()).await.expect(201);
    assert_eq!(
        admin.post(REPLAYS, &day()).await.error(),
        (409, "replay_running".into())
    );
    let waiting = admin
        .get_until(&format!("{REPLAYS}/1"), |replay| replay["waits_for"] == "paused")
        .await;
    assert_eq!(waiting["sent"], 0);
    let cancelled = admin.delete(&format!("{REPLAYS}/1")).await.expect(200);
    assert_eq!(
        (&cancelled["state"], &cancelled["waits_for"]),
        (&json!("cancelled"), &Value::Null)
    );
    assert!(receiver.events(|events| events.replayed.is_empty()));
}

#[tokio::test]
async fn a_replay_that_the_limits_slow_down_says_so() {
    let receiver = Receiver::start().await;
    // So many that the rate limits it for ten minutes, unless it is lifted.
    let (instance, _) = with_old_events(&receiver, 600).await;
    let admin = Client::with_scope(&instance, "admin");
    let limit = async |most: Value| {
        let change = json!({"http": {"max_requests_per_second": most}});
        admin.patch("/api/v1/destinations/1", &change).await.expect(200);
    };
    limit(json!(1)).await;
    admin.post(REPLAYS, &day()).await.expect(201);
    let path = format!("{REPLAYS}/1");
    admin.get_until(&path, |replay| replay["waits_for"] == "limited").await;
    limit(Value::Null).await;
    let finished = admin.get_until(&path, is_finished).await;
    assert_eq!((&finished["sent"], &finished["waits_for"]), (&json!(600), &Value::Null));
}

#[tokio::test]
async fn the_page_counts_and_then_starts_what_was_counted() {
    let receiver = Receiver::start().await;
    let (instance, _) = with_old_events(&receiver, 30).await;
    let mut browser = Browser::signed_in(&instance).await;
    let draft =
        json!({"created_after": "2026-01-10T00:00:00.000Z", "created_before": "", "event_types": ["user_created"]});
    let input = json!({"id": 1, "draft": draft});
    let counted = browser.call("streams/count_replay", &input).await.expect(200);
    assert_eq!(
        (&counted["events"], &counted["from"]),
        (&json!(30), &json!("2026-01-10T00:00:00.000Z"))
    );
    assert_eq!(browser.call("streams/start_replay", &input).await.expect(200), 30);
    receiver
        .wait_for_events("they are replayed", |events| events.replayed.len() == 30)
        .await;
    let finished = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            let replays = browser.read("streams/replays?id=1").await.expect(200);
            let newest = &replays["value"][0];
            if newest["state"] == "finished" {
                return newest["sent"].clone();
            }
        }
    };
    assert_eq!(tokio::time::timeout(PATIENCE, finished).await.expect("it finishes"), 30);
    let ended = browser
        .call("streams/cancel_replay", &json!({"id": 1, "replay": 1}))
        .await;
    assert_eq!(ended.status, 200, "{}", ended.text);
    let wrong = json!({"id": 1, "draft": {"created_after": "yesterday", "created_before": "", "event_types": []}});
    let wrong = browser.call("streams/count_replay", &wrong).await;
    assert!(
        wrong.status == 422 && wrong.text.contains("Start of the range"),
        "{}",
        wrong.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_survives_kills_and_its_counts_are_exact() {
    let receiver = Receiver::start().await;
    let (mut instance, token) = with_old_events(&receiver, EVENTS).await;
    let admin = instance.token("admin", &["admin"]);
    let started = Client::with_token(&instance, &admin)
        .post(REPLAYS, &day())
        .await
        .expect(201);
    assert_eq!(started["total"], EVENTS);
    for kill in 0..KILLS {
        let more = receiver.events(|events| events.replayed.len()) + 150;
        receiver
            .wait_for_events("the replay goes on", |events| events.replayed.len() >= more)
            .await;
        instance
            .post(
                &token,
                json!({"id": format!("live{kill}"), "event_type": "x"}).to_string(),
            )
            .await;
        instance.kill();
        instance.restart();
    }
    let client = Client::with_token(&instance, &admin);
    let before = client.get(&format!("{REPLAYS}/1")).await.expect(200);
    assert_eq!(before["state"], "running", "killed in the middle of it");
    let finished = tokio::time::timeout(PATIENCE, client.get_until(&format!("{REPLAYS}/1"), is_finished)).await;
    let finished = finished.expect("it is finished");
    assert_eq!(
        (&finished["total"], &finished["sent"]),
        (&json!(EVENTS), &json!(EVENTS))
    );
    receiver
        .wait_for_events("the live ones", |events| {
            (0..KILLS).all(|kill| events.bodies.contains_key(&format!("live{kill}")))
        })
        .await;
    let repeats = receiver.events(|events| {
        assert_eq!(events.changed, 0, "a repeat had another body");
        let missing = (0..EVENTS).filter(|number| !events.replayed.contains_key(&format!("old{number}")));
        assert_eq!(missing.count(), 0);
        assert_eq!(events.replayed.len(), EVENTS, "nothing else was replayed");
        events.replayed.values().sum::<usize>() - EVENTS
    });
    println!("{KILLS} kills, {EVENTS} events replayed, {repeats} of them once more");
}
