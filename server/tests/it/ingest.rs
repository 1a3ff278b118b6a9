//! Taking events in: every shape, every way to send it, and what a bad one is told.

use serde_json::json;

use crate::{
    browser::Browser,
    instance::{Answer, Instance},
};

#[tokio::test]
async fn what_an_event_leaves_out_is_filled_in() {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let ids = instance.post(&token, r#"{"event_type":"user_created","details":{"change":"email address","from":"a@x.example","to":"b@x.example","author_name":"Ada","target_id":51,"target_type":"User","target_details":"Ada","ip_address":null,"entity_path":"ada"}}"#).await;
    assert_eq!(ids[0].len(), 36, "a UUID");
    let page = Browser::signed_in(&instance).await.read("events/list").await.json();
    let row = page["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["event_type"] == "user_created")
        .unwrap();
    let summary = &row["summary"];
    assert_eq!(
        summary["action"],
        "Changed email address from a@x.example to b@x.example"
    );
    assert_eq!(
        (&summary["author_name"], &summary["target_details"]),
        (&json!("Ada"), &json!("Ada"))
    );
}

#[tokio::test]
async fn what_was_taken_in_is_there_after_a_kill() {
    let mut instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    instance
        .post(&token, r#"{"id":"survivor","event_type":"user_created"}"#)
        .await;
    instance.kill();
    instance.restart();
    let page = Browser::signed_in(&instance).await.read("events/list").await.json();
    let rows = page["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["event_type"] == "user_created"), "{page}");
    let again = Answer::of(
        instance
            .ingest(&token)
            .body(r#"{"id":"survivor","event_type":"user_created"}"#),
    )
    .await;
    assert_eq!(again.json()["stored"], 0);
}
