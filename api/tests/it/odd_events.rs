//! Events that are valid JSON and yet hard to read: whatever is accepted is readable everywhere.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    instance::{Answer, Instance},
};

/// Details that have no counterpart in most programs' memory, each beside the same identity.
const ODD_DETAILS: [(&str, &str); 8] = [
    ("half of a surrogate pair", r#"{"a":"\ud83d"}"#),
    ("a name with half of one", r#"{"\ude00":1}"#),
    ("a number beyond f64", r#"{"a":1e400}"#),
    (
        "a huge integer",
        r#"{"a":123456789012345678901234567890123456789012345678901234567890}"#,
    ),
    ("a member twice", r#"{"a":1,"a":{"b":2}}"#),
    ("NUL", r#"{"custom_message":"a\u0000b"}"#),
    ("no object", r#""free \ud83d text""#),
    ("an action with half of one", r#"{"custom_message":"Did \ud83d it"}"#),
];

fn event(id: usize, details: &str) -> String {
    format!(
        r#"{{"id":"odd {id}","event_type":"odd_event","author_id":41,"author_name":"Eve","entity_id":7,"entity_type":"Group","entity_path":"g","ip_address":"203.0.113.9","target_type":"User","target_details":"Grace","target_id":51,"details":{details},"extra":1e400}}"#
    )
}

async fn with_odd_events() -> Instance {
    let instance = Instance::start().await;
    let token = instance.token("app", &["ingest"]).await;
    let mut all: Vec<String> = (0..)
        .zip(ODD_DETAILS)
        .map(|(id, (_, details))| event(id, details))
        .collect();
    let deep = format!("{}1e400{}", "[".repeat(60), "]".repeat(60));
    all.push(event(all.len(), &format!(r#"{{"a":{deep}}}"#)));
    instance.post(&token, all.join("\n")).await;
    instance
}

#[tokio::test]
async fn the_csv_file_shows_who_did_it_without_a_raw_nul() {
    let instance = with_odd_events().await;
    let client = Client::with_scope(&instance, "read").await;
    let csv = client.get("/api/v1/audit_events.csv?event_type=odd_event").await.text;
    let lines: Vec<&str> = csv.lines().skip(1).collect();
    assert_eq!(lines.len(), ODD_DETAILS.len() + 1, "{csv}");
    for line in lines {
        assert!(line.contains(",41,Eve,,7,Group,g,51,User,Grace,"), "{line}");
        assert!(line.contains(",203.0.113.9,"), "{line}");
    }
    assert!(csv.contains("a\u{fffd}b") && csv.contains("Did \u{fffd} it"));
    assert!(!csv.contains('\0'));
    let lines = client.get("/api/v1/audit_events.jsonl?event_type=odd_event").await.text;
    assert_eq!(
        lines.lines().filter(|line| line.contains(r#""extra":1e400}"#)).count(),
        ODD_DETAILS.len() + 1
    );
}

#[tokio::test]
async fn text_is_found_beside_odd_values() {
    let instance = with_odd_events().await;
    let client = Client::with_scope(&instance, "read").await;
    for (text, found) in [
        ("1e400", 2),
        ("90123456789012345678", 1),
        ("did", 1),
        ("TEXT", 1),
        ("ude00", 0),
        ("nowhere", 0),
    ] {
        let page = client
            .get(&format!("/api/v1/audit_events?event_type=odd_event&text={text}"))
            .await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert_eq!(page.text.matches(r#""source":"app""#).count(), found, "{text}");
    }
}

#[tokio::test]
async fn another_event_under_a_known_id_is_reported_and_counted() {
    let instance = Instance::start().await;
    let (token, other) = (
        instance.token("app", &["ingest"]).await,
        instance.token("other", &["ingest"]).await,
    );
    let original = r#"{"id":"a","event_type":"user_created","author_name":"Ada"}"#;
    let forged = r#"{"id":"a","event_type":"user_created","author_name":"Eve"}"#;
    let fresh = r#"{"id":"b","event_type":"user_created"}"#;
    instance.post(&token, original).await;
    let answer = Answer::of(instance.ingest(&token).body(format!("[{original},{forged},{fresh}]"))).await;
    let expected = json!({"ids": ["a", "a", "b"], "stored": 1, "conflicts": [{"index": 1, "id": "a"}]});
    assert_eq!((answer.status, answer.json()), (201, expected));
    let within = Answer::of(instance.ingest(&token).body(format!(
        "{}\n{}",
        r#"{"id":"c","event_type":"x"}"#, r#"{"id":"c","event_type":"y"}"#
    )))
    .await;
    assert_eq!(within.json()["conflicts"], json!([{"index": 1, "id": "c"}]));
    let elsewhere = Answer::of(instance.ingest(&other).body(forged)).await;
    assert_eq!(
        elsewhere.json(),
        json!({"ids": ["a"], "stored": 1}),
        "each source has its own ids"
    );
    let client = Client::with_scope(&instance, "read").await;
    let stored = client.get("/api/v1/audit_events?author=Ada").await.json();
    assert_eq!(
        stored["items"].as_array().unwrap().len(),
        1,
        "what was stored first stays"
    );
    let metrics = Answer::of(client.request(Method::GET, "/metrics")).await.text;
    for line in [
        r#"audit_streams_ingest_events_total{result="conflicting"} 2"#,
        r#"audit_streams_ingest_events_total{result="repeated"} 1"#,
        r#"audit_streams_ingest_events_total{result="stored"} 4"#,
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}

#[tokio::test]
async fn a_refused_event_is_named_by_index_field_and_real_reason() {
    let instance = Instance::start().await;
    let token = instance.token("app", &["ingest"]).await;
    let good = r#"{"event_type":"x"}"#;
    for (bad, field, reason) in [
        (
            b"{\"event_type\":\"x\",\"author_name\":\"M\xfcller\"}".to_vec(),
            json!("author_name"),
            "is not valid UTF-8",
        ),
        (
            br#"{"event_type":"x","author_name":"\ud83d"}"#.to_vec(),
            json!("author_name"),
            "has an unpaired surrogate",
        ),
        (br#"{"event_type":"x","\ud83d":1}"#.to_vec(), Value::Null, "the field "),
        (
            br#"{"event_type":"x","created_at":"2025-10-14T18:00:08"}"#.to_vec(),
            json!("created_at"),
            "must be an ISO 8601",
        ),
    ] {
        let body = [good.as_bytes(), b"\n", &bad, b"\n", good.as_bytes()].concat();
        let answer = Answer::of(instance.ingest(&token).body(body)).await;
        assert_eq!(answer.error(), (422, "invalid_event".into()), "{}", answer.text);
        let error = answer.json();
        assert_eq!((&error["index"], &error["field"]), (&json!(1), &field), "{error}");
        assert!(error["reason"].as_str().unwrap().starts_with(reason), "{error}");
    }
}

#[tokio::test]
async fn times_are_taken_in_every_common_form() {
    let instance = Instance::start().await;
    let token = instance.token("app", &["ingest"]).await;
    for created_at in [
        r#""2025-10-14T20:00:00+0200""#,
        r#""2025-10-14T18:00Z""#,
        r#""20251014T180000Z""#,
        r#""2025-10-14T18:00:00,000Z""#,
        "1760464800",
        "1760464800000",
    ] {
        let event = format!(
            r#"{{"id":{},"event_type":"dated","created_at":{created_at}}}"#,
            json!(created_at)
        );
        instance.post(&token, event).await;
    }
    let page = Client::with_scope(&instance, "read")
        .await
        .get("/api/v1/audit_events?event_type=dated")
        .await;
    assert_eq!(
        page.text.matches(r#""created_at":"2025-10-14T18:00:00.000Z""#).count(),
        6,
        "{}",
        page.text
    );
}
