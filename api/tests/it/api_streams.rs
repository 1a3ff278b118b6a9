//! What REST says of a stream, and how its retries are asked for.

use receivers::Receiver;
use serde_json::{Value, json};

use crate::{api_client::Client, instance::Instance};

const PATH: &str = "/api/v1/destinations";

fn http(name: &str, url: &str) -> Value {
    json!({"name": name, "http": {"url": url}})
}

#[tokio::test]
async fn a_stream_tells_how_it_is_doing() {
    let instance = Instance::start().await;
    let (admin, receiver) = (Client::with_scope(&instance, "admin").await, Receiver::start().await);
    admin.post(PATH, &http("SIEM", &receiver.url())).await.expect(201);
    receiver
        .wait_for_events("its own addition is told", |events| !events.bodies.is_empty())
        .await;
    let health = "/api/v1/destinations/1/health";
    let progress = admin.get_until(health, |progress| progress["delivered"] != 0).await;
    assert_eq!(progress["health"]["state"], "healthy");
    let acknowledged = &progress["health"];
    assert_eq!(
        (&acknowledged["retrying"], &acknowledged["parked"]),
        (&json!(0), &json!(0))
    );
    assert!(acknowledged["last_success_at"].is_string() && acknowledged["log_full_at"].is_null());
    let concurrency = &acknowledged["concurrency"];
    assert!(concurrency["limit"].as_u64() >= Some(1), "{concurrency}");
    assert!(concurrency["in_flight"].is_u64(), "{concurrency}");
    assert_eq!(concurrency["maximum"], 256);
    assert_eq!(
        (&concurrency["limited_by_settings"], &concurrency["limited_by_rate"]),
        (&json!(false), &json!(false))
    );

    // Nobody listens on the port of a receiver that has gone.
    admin
        .patch(
            &format!("{PATH}/1"),
            &json!({"http": {"url": "http://127.0.0.1:9/nobody"}}),
        )
        .await
        .expect(200);
    let has_failed = |attempts: &Value| !attempts["items"].as_array().unwrap().is_empty();
    let attempts = admin
        .get_until("/api/v1/destinations/1/attempts?limit=1", has_failed)
        .await;
    let attempt = &attempts["items"][0];
    assert_eq!(attempt["status"], Value::Null);
    assert!(attempt["number"].as_u64() >= Some(1));
    assert!(
        attempt["reason"].as_str().unwrap().starts_with("No connection"),
        "{attempt}"
    );
    let health = admin.get(health).await.expect(200)["health"].clone();
    assert_eq!(
        (&health["state"], &health["trouble_code"]),
        (&json!("retrying"), &json!("unreached"))
    );
    assert!(health["next_probe_at"].is_string() && health["waiting"].is_u64());
    assert!(health["since"].is_string() && health["oldest_waiting_at"].is_string());
    assert_eq!(
        admin
            .get("/api/v1/destinations/1/attempts?limit=0")
            .await
            .refused_fields()[0]
            .0,
        "limit"
    );
    for query in ["limit=0", "limit=1001", "before=x", "after=1"] {
        let answer = admin.get(&format!("/api/v1/destinations/1/parked?{query}")).await;
        let field = query.split('=').next().unwrap();
        assert_eq!(answer.refused_fields()[0].0, field, "{query}");
    }
    for path in ["health", "activity", "attempts", "parked"] {
        let answer = admin.get(&format!("/api/v1/destinations/99/{path}")).await;
        assert_eq!(answer.error(), (404, "not_found".into()), "{path}");
    }
}

#[tokio::test]
async fn a_stream_tells_what_it_has_done_over_time() {
    let instance = Instance::start().await;
    let (admin, receiver) = (Client::with_scope(&instance, "admin").await, Receiver::start().await);
    let mut input = http("SIEM", &receiver.url());
    input["event_types"] = json!(["user_created"]);
    admin.post(PATH, &input).await.expect(201);
    let token = instance.token("app", &["ingest"]).await;
    instance
        .post(
            &token,
            json!(vec![json!({"event_type": "user_created"}); 3]).to_string(),
        )
        .await;
    let path = "/api/v1/destinations/1/activity";
    let has_all = |activity: &Value| activity["totals"]["delivered"] == 3;
    let activity = admin.get_until(path, has_all).await;
    assert_eq!(
        (&activity["span"], &activity["step_minutes"]),
        (&json!("hour"), &json!(1))
    );
    assert_eq!(activity["totals"]["failed"], 0);
    let latency = &activity["totals"]["latency"];
    let (p50, p99) = (latency["p50_ms"].as_f64().unwrap(), latency["p99_ms"].as_f64().unwrap());
    assert!(0.0 < p50 && p50 <= p99, "{latency}");
    let points = activity["points"].as_array().unwrap();
    let sum: u64 = points.iter().map(|point| point["delivered"].as_u64().unwrap()).sum();
    assert_eq!((points.len(), sum), (60, 3));
    assert!(points[0]["start"].as_str() < points[59]["start"].as_str());
    assert_eq!((&points[0]["latency"], &points[0]["failed"]), (&Value::Null, &json!(0)));
    for (span, count, step) in [("day", 96, 15), ("week", 168, 60)] {
        let activity = admin.get(&format!("{path}?span={span}")).await.expect(200);
        assert_eq!(activity["points"].as_array().unwrap().len(), count, "{span}");
        assert_eq!(
            (&activity["step_minutes"], &activity["totals"]["delivered"]),
            (&json!(step), &json!(3))
        );
    }
    let refused = admin.get(&format!("{path}?span=year")).await.refused_fields();
    assert_eq!(refused[0].0, "span");
}

#[tokio::test]
async fn a_held_destination_is_tried_at_once_when_it_is_asked_for() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    admin
        .post(PATH, &http("SIEM", "http://127.0.0.1:9/in"))
        .await
        .expect(201);
    let attempts = "/api/v1/destinations/1/attempts";
    let count = |attempts: &Value| attempts["items"].as_array().unwrap().len();
    admin.get_until(attempts, |attempts| count(attempts) > 0).await;
    // Ten probes of their own accord would take a quarter of an hour.
    for tried in 1..10 {
        admin.post("/api/v1/destinations/1/retry", &json!({})).await.expect(204);
        admin.get_until(attempts, |attempts| count(attempts) > tried).await;
    }
    let tried = admin.get(attempts).await.expect(200);
    let mut numbers = tried["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| &attempt["number"]);
    assert!(numbers.any(|number| number.as_u64() > Some(1)), "{tried}");
    let unknown = admin.post("/api/v1/destinations/99/retry", &json!({})).await;
    assert_eq!(unknown.error(), (404, "not_found".into()));
}

#[tokio::test]
async fn the_event_that_a_stream_is_stuck_at_is_parked() {
    let instance = Instance::start().await;
    let (admin, receiver) = (Client::with_scope(&instance, "admin").await, Receiver::start().await);
    receiver.answer_bodies_with(r#""event_type":"stuck""#, 503);
    let mut input = http("SIEM", &receiver.url());
    input["event_types"] = json!(["stuck", "fine"]);
    admin.post(PATH, &input).await.expect(201);
    let token = instance.token("app", &["ingest"]).await;
    let (path, health) = ("/api/v1/destinations/1/park", "/api/v1/destinations/1/health");
    let before = admin.get(health).await.expect(200);
    assert!(before["health"].get("stuck_seq").is_none(), "{before}");
    let calm = admin.post(path, &json!({"seq": 1})).await;
    assert_eq!(calm.error(), (409, "not_parked".into()));
    instance.post(&token, r#"{"id":"poison","event_type":"stuck"}"#).await;
    let is_stuck = |progress: &Value| progress["health"]["stuck_seq"].is_i64();
    let stuck = admin.get_until(health, is_stuck).await["health"]["stuck_seq"].clone();

    let reader = Client::with_scope(&instance, "read").await;
    let forbidden = reader.post(path, &json!({"seq": stuck})).await;
    assert_eq!(forbidden.status, 403, "{}", forbidden.text);
    let unknown = admin.post("/api/v1/destinations/99/park", &json!({"seq": stuck})).await;
    assert_eq!(unknown.error(), (404, "not_found".into()));
    let other = admin.post(path, &json!({"seq": 1})).await;
    assert_eq!(other.error(), (409, "not_parked".into()));
    for body in [json!({}), json!({"seq": "1"}), json!({"seq": 1, "all": true})] {
        assert_eq!(admin.post(path, &body).await.status, 422, "{body}");
    }
    admin.post(path, &json!({"seq": stuck})).await.expect(204);

    let parked = admin.get("/api/v1/destinations/1/parked").await.expect(200)["items"].clone();
    assert_eq!((parked.as_array().unwrap().len(), &parked[0]["seq"]), (1, &stuck));
    assert_eq!(
        parked[0]["reason"],
        "Answered 503 Service Unavailable. Parked by an administrator."
    );
    let again = admin.post(path, &json!({"seq": stuck})).await;
    assert_eq!(again.error(), (409, "not_parked".into()));
    let recorded = admin
        .get("/api/v1/audit_events?event_type=failing_audit_event_parked")
        .await
        .expect(200);
    assert_eq!(recorded["items"].as_array().unwrap().len(), 1, "{recorded}");
    instance.post(&token, r#"{"id":"next","event_type":"fine"}"#).await;
    receiver
        .wait_for_events("the next event has arrived", |events| {
            events.bodies.contains_key("next")
        })
        .await;
}

#[tokio::test]
async fn all_that_is_parked_is_tried_again_at_one_word() {
    let receiver = Receiver::start().await;
    let instance = Instance::with_parked_events(&receiver.url()).await;
    let admin = Client::with_scope(&instance, "admin").await;
    let path = "/api/v1/destinations/1/parked/retry";
    assert_eq!(admin.post(path, &json!({})).await.expect(200), json!({"retried": 2}));
    assert_eq!(admin.post(path, &json!({})).await.expect(200), json!({"retried": 0}));
    let health = admin.get("/api/v1/destinations/1/health").await.expect(200);
    assert_eq!(
        (&health["health"]["parked"], &health["health"]["retrying"]),
        (&json!(0), &json!(2))
    );
    admin
        .patch(&format!("{PATH}/1"), &json!({"paused": false}))
        .await
        .expect(200);
    let has_none = |health: &Value| health["health"]["retrying"] == 0;
    let health = admin.get_until("/api/v1/destinations/1/health", has_none).await;
    assert_eq!(health["health"]["parked"], 0);
    receiver
        .wait_for_events("they have arrived", |events| events.bodies.len() >= 2)
        .await;
    let unknown = admin.post("/api/v1/destinations/99/parked/retry", &json!({})).await;
    assert_eq!(unknown.error(), (404, "not_found".into()));
}
