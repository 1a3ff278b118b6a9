//! Test events over REST, before a destination is added and after.

use receivers::Receiver;
use serde_json::{Value, json};

use crate::{api_client::Client, instance::Instance};

const PATH: &str = "/api/v1/destinations";
const TEST: &str = "/api/v1/destinations/test";

fn stages(report: &Value) -> Vec<(String, String)> {
    let stages = report["requests"][0]["stages"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    stages
        .iter()
        .map(|stage| (text(&stage["name"]), text(&stage["state"])))
        .collect()
}

#[tokio::test]
async fn a_destination_is_tested_before_it_is_added_and_nothing_is_stored() {
    let (instance, receiver) = (Instance::start().await, Receiver::start().await);
    let admin = Client::with_scope(&instance, "admin").await;
    let input = json!({"name": "SIEM", "http": {
        "url": receiver.url(), "verification_token": "0123456789abcdef",
        "headers": [{"name": "X-Key", "value": "s3cret-value"}],
    }});
    let tested = admin.post(TEST, &input).await;
    assert!(
        !tested.text.contains("s3cret-value") && !tested.text.contains("0123456789abcdef"),
        "{}",
        tested.text
    );
    let report = tested.expect(200);
    assert_eq!(
        (&report["accepted"], &report["next_step"]),
        (&json!(true), &Value::Null)
    );
    let done = |name: &str| (name.to_owned(), "done".to_owned());
    assert_eq!(
        stages(&report),
        [
            done("prepared"),
            done("address"),
            done("network_rule"),
            done("tcp"),
            ("tls".to_owned(), "skipped".to_owned()),
            done("request"),
            done("answer"),
        ]
    );
    let id = report["event_id"].as_str().unwrap();
    let body = receiver.events(|events| events.bodies[id].clone());
    assert_eq!(report["requests"][0]["request"]["body"], body);
    assert_eq!(receiver.requests().last().unwrap().headers["x-key"], "s3cret-value");
    assert_eq!(admin.get(PATH).await.expect(200)["items"], json!([]));
    let told = admin
        .get("/api/v1/audit_events?event_type=audit_event_stream_tested")
        .await
        .expect(200);
    assert_eq!(told["items"].as_array().unwrap().len(), 1);
    let sent = admin
        .get("/api/v1/audit_events?event_type=audit_event_stream_test")
        .await
        .expect(200);
    assert_eq!(sent["items"], json!([]), "the test event itself is in no log");
}

#[tokio::test]
async fn a_stored_destination_is_tested_as_it_is_or_with_changes_that_are_not_stored() {
    let (instance, receiver) = (Instance::start().await, Receiver::start().await);
    let admin = Client::with_scope(&instance, "admin").await;
    let input = json!({"name": "SIEM", "paused": true, "http": {
        "url": "http://127.0.0.1:9/in", "headers": [{"name": "X-Key", "value": "s3cret-value"}],
    }});
    admin.post(PATH, &input).await.expect(201);
    let path = format!("{PATH}/1/test");
    let as_it_is = admin.post(&path, &json!({})).await.expect(200);
    assert_eq!(as_it_is["accepted"], false);
    assert_eq!(stages(&as_it_is)[3], ("tcp".to_owned(), "failed".to_owned()));
    assert!(
        as_it_is["summary"].as_str().unwrap().starts_with("No connection"),
        "{as_it_is}"
    );
    assert!(as_it_is["next_step"].is_string() && as_it_is["requests"][0]["answer"].is_null());

    let changed = admin.post(&path, &json!({"http": {"url": receiver.url()}})).await;
    assert!(!changed.text.contains("s3cret-value"), "{}", changed.text);
    assert_eq!(changed.expect(200)["accepted"], true);
    assert_eq!(
        receiver.requests().last().unwrap().headers["x-key"],
        "s3cret-value",
        "it is kept"
    );
    let stored = admin.get(&format!("{PATH}/1")).await.expect(200);
    assert_eq!(
        (&stored["version"], &stored["http"]["url"]),
        (&json!(1), &json!("http://127.0.0.1:9/in"))
    );
    let attempts = admin.get(&format!("{PATH}/1/attempts")).await.expect(200);
    assert_eq!(attempts["items"], json!([]), "tests are no attempts");
}

#[tokio::test]
async fn a_test_refuses_what_adding_and_changing_would() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    let refused = admin.post(TEST, &json!({"name": "", "http": {"url": "ftp://x"}})).await;
    let fields: Vec<_> = refused.refused_fields().into_iter().map(|(field, _)| field).collect();
    assert_eq!(
        (refused.status, fields),
        (422, vec!["name".to_owned(), "http.url".to_owned()])
    );
    assert_eq!(
        admin.post(&format!("{PATH}/1/test"), &json!({})).await.error(),
        (404, "not_found".into())
    );
    let input = json!({"name": "SIEM", "http": {"url": "http://127.0.0.1:9/in"}});
    admin.post(PATH, &input).await.expect(201);
    let of_another_kind = admin
        .post(&format!("{PATH}/1/test"), &json!({"aws": {"bucket": "b"}}))
        .await;
    assert_eq!(of_another_kind.refused_fields()[0].0, "aws");
    let unknown = admin.post(&format!("{PATH}/1/test"), &json!({"version": 1})).await;
    assert_eq!(unknown.refused_fields()[0].0, "version");
}
