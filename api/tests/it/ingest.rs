//! Taking events in: every shape, every way to send it, and what a bad one is told.

use std::io::Write;

use receivers::{Events, Receiver};
use serde_json::{Value, json};

use crate::{
    instance::{Answer, Instance},
    payloads::PAYLOADS,
};

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn id_of(payload: &str) -> String {
    match serde_json::from_str::<Value>(payload).unwrap()["id"].take() {
        Value::String(id) => id,
        other => other.to_string(),
    }
}

#[tokio::test]
async fn every_documented_shape_arrives_byte_for_byte() {
    let receiver = Receiver::start().await;
    let instance = Instance::start().await;
    instance.add_destination("SIEM", &receiver.url()).await;
    let token = instance.token("gitlab", &["ingest"]).await;
    for (shape, payload) in PAYLOADS {
        assert_eq!(instance.post(&token, payload).await, [id_of(payload)], "{shape}");
    }
    let has_all = |events: &Events| {
        PAYLOADS
            .iter()
            .all(|(_, payload)| events.bodies.contains_key(&id_of(payload)))
    };
    receiver.wait_for_events("every shape has arrived", has_all).await;
    receiver.events(|events| {
        for (shape, payload) in PAYLOADS {
            assert_eq!(events.bodies[&id_of(payload)], payload, "{shape}");
        }
        assert_eq!(events.repeats, 0);
    });
}

#[tokio::test]
async fn an_object_an_array_and_lines_are_all_taken() {
    let instance = Instance::start().await;
    let token = instance.token("app", &["ingest"]).await;
    let event = |id: u32| format!(r#"{{"id":{id},"event_type":"user_created"}}"#);
    assert_eq!(instance.post(&token, event(1)).await, ["1"]);
    assert_eq!(
        instance.post(&token, format!("[{},\n {}]", event(2), event(3))).await,
        ["2", "3"]
    );
    assert_eq!(
        instance
            .post(&token, format!("{}\n{}\r\n\n{}", event(4), event(5), event(6)))
            .await,
        ["4", "5", "6"]
    );
}

#[tokio::test]
async fn bodies_may_be_compressed() {
    let instance = Instance::start().await;
    let token = instance.token("app", &["ingest"]).await;
    let event = |id: u32| format!(r#"{{"id":{id},"event_type":"user_created"}}"#);
    let zstd = zstd::encode_all(event(2).as_bytes(), 3).unwrap();
    for (coding, body, id) in [
        ("gzip", gzip(&event(1)), "1"),
        ("zstd", zstd, "2"),
        ("deflate", zlib(&event(5)), "5"),
        ("identity", event(3).into(), "3"),
    ] {
        let answer = Answer::of(instance.ingest(&token).header("content-encoding", coding).body(body)).await;
        assert_eq!((answer.status, &answer.json()["ids"]), (201, &json!([id])), "{coding}");
    }
    let unknown = Answer::of(instance.ingest(&token).header("content-encoding", "br").body(event(4))).await;
    assert_eq!(unknown.error(), (415, "unsupported_encoding".into()));
    assert_eq!(unknown.header("accept-encoding"), Some("gzip, deflate, zstd"));
    let broken = Answer::of(
        instance
            .ingest(&token)
            .header("content-encoding", "gzip")
            .body(event(4)),
    )
    .await;
    assert_eq!(broken.error(), (400, "body_broken".into()));
}

#[tokio::test]
async fn any_content_type_but_multipart_is_taken() {
    let instance = Instance::start().await;
    let token = instance.token("gitlab", &["ingest"]).await;
    let event = r#"{"event_type":"user_created"}"#;
    for content_type in [
        "application/x-www-form-urlencoded",
        "application/json",
        "text/plain",
        "application/x-ndjson",
    ] {
        let answer = Answer::of(instance.ingest(&token).header("content-type", content_type).body(event)).await;
        assert_eq!(answer.status, 201, "{content_type}");
    }
    let multipart = "multipart/form-data; boundary=x";
    let answer = Answer::of(instance.ingest(&token).header("content-type", multipart).body(event)).await;
    assert_eq!(answer.error(), (415, "unsupported_media_type".into()));
}

#[tokio::test]
async fn a_bad_event_is_named_and_nothing_of_its_request_is_stored() {
    let instance = Instance::start().await;
    let token = instance.token("app", &["ingest", "admin"]).await;
    let good = r#"{"id":"kept out","event_type":"user_created"}"#;
    for (bad, field, reason) in [
        (r#"{"author_id":1}"#, json!("event_type"), "is required"),
        (r#"{"event_type":7}"#, json!("event_type"), "must be a string"),
        (
            r#"{"event_type":"x","created_at":"yesterday"}"#,
            json!("created_at"),
            "must be an ISO 8601",
        ),
        (
            r#"{"event_type":"x","author_id":{}}"#,
            json!("author_id"),
            "must be an integer or a string",
        ),
        ("[]", Value::Null, "must be a JSON object"),
        ("nonsense", Value::Null, "is not valid JSON: "),
    ] {
        let answer = Answer::of(instance.ingest(&token).body(format!("{good}\n{bad}"))).await;
        assert_eq!(answer.error(), (422, "invalid_event".into()), "{bad}");
        let error = answer.json();
        assert_eq!((&error["index"], &error["field"]), (&json!(1), &field), "{bad}");
        assert!(error["reason"].as_str().unwrap().starts_with(reason), "{error}");
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .ends_with("No event of the request was stored."),
            "{error}"
        );
    }
    let answer = Answer::of(instance.ingest(&token).body(good)).await;
    assert_eq!(answer.json()["stored"], 1, "it is new");
    for empty in ["", " \n", "[]"] {
        assert_eq!(
            Answer::of(instance.ingest(&token).body(empty)).await.error(),
            (422, "invalid_body".into())
        );
    }
    let not_text = Answer::of(instance.ingest(&token).body(vec![b'{', 0xff, b'}'])).await;
    assert_eq!(not_text.error(), (422, "invalid_event".into()));
}

#[tokio::test]
async fn the_same_event_is_stored_once_for_each_source() {
    let instance = Instance::start().await;
    let (one, other) = (
        instance.token("one", &["ingest"]).await,
        instance.token("other", &["ingest"]).await,
    );
    let number = r#"{"id":7,"event_type":"user_created"}"#;
    let text = r#"{"id":"7","event_type":"user_created"}"#;
    for (token, body, stored) in [
        (&one, number, 1),
        (&one, number, 0),
        (&one, text, 0),
        (&other, number, 1),
    ] {
        let answer = Answer::of(instance.ingest(token).body(body)).await;
        assert_eq!(
            (answer.status, answer.json()),
            (201, json!({"ids": ["7"], "stored": stored}))
        );
    }
    let twice = Answer::of(instance.ingest(&one).body(format!("[{text},{number},{text}]"))).await;
    assert_eq!(twice.json(), json!({"ids": ["7", "7", "7"], "stored": 0}));
}
