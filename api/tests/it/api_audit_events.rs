//! Audit events over REST: what a list holds, how pages lead on, and posting once.

use axum::http::Method;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    instance::{Answer, Instance},
    payloads::PAYLOADS,
};

/// Sixty ticks a minute apart; every third is about a project, and the last ten came in first.
async fn with_ticks() -> Instance {
    let instance = Instance::start().await;
    let token = instance.token("app", &["ingest"]).await;
    let event = |minute: u32| {
        let (entity_type, path) = if minute.is_multiple_of(3) {
            ("Project", "group/ticker")
        } else {
            ("Group", "group")
        };
        json!({
            "id": minute, "event_type": "tick", "author_id": 70 + minute % 2, "author_name": "Ada & Co", "entity_id": 4,
            "entity_type": entity_type, "entity_path": path, "ip_address": format!("10.0.0.{}", minute % 5),
            "details": {"custom_message": format!("Tick №{minute}")},
            "created_at": format!("2020-01-{:02}T00:{minute:02}:00Z", 1 + minute / 30),
        })
        .to_string()
    };
    let events: Vec<String> = (50..60).chain(0..50).map(event).collect();
    instance.post(&token, events.join("\n")).await;
    instance
}

fn ids(page: &Value) -> Vec<i64> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["event"]["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn each_filter_admits_what_it_says() {
    let instance = with_ticks().await;
    let reader = Client::with_scope(&instance, "read").await;
    let to_60 = |step: usize, from: i64| -> Vec<i64> { (from..60).rev().step_by(step).take(25).collect() };
    for (query, expected) in [
        ("event_type=tick", to_60(1, 0)),
        ("author=71", to_60(2, 1)),
        ("author=Ada+%26+Co", to_60(1, 0)),
        ("user=71", to_60(2, 1)),
        (
            "entity_type=Project&entity=group/ticker",
            (0..58).rev().step_by(3).collect(),
        ),
        (
            "entity_type=Project&entity=4&author=71",
            (3..58).rev().step_by(6).collect(),
        ),
        ("ip_address=10.0.0.3&sort=asc", (3..60).step_by(5).collect()),
        ("text=tick+%E2%84%9611", vec![11]),
        ("text=nothing+like+it", vec![]),
        ("created_after=2020-01-02&created_before=2020-01-02", to_60(1, 35)),
        ("created_before=2020-01-01&sort=asc", (0..25).collect()),
        (
            "created_after=2020-01-02T00:58:00Z&created_before=2020-01-02T00:59:00Z",
            vec![59, 58],
        ),
        (
            "event_type=tick&order_by=seq&sort=asc&per_page=12",
            (50..60).chain(0..2).collect(),
        ),
        ("entity_type=Project&order_by=seq&per_page=2", vec![48, 45]),
        ("event_type=tick&per_page=1", vec![59]),
        ("event_type=tick&author=&cursor=", to_60(1, 0)),
    ] {
        let page = reader.get(&format!("/api/v1/audit_events?{query}")).await.expect(200);
        assert_eq!(ids(&page), expected, "{query}");
    }
}

#[tokio::test]
async fn pages_lead_on_to_the_end_in_every_order() {
    let instance = with_ticks().await;
    let reader = Client::with_scope(&instance, "read").await;
    let oldest_first: Vec<i64> = (0..60).collect();
    let first_in_first: Vec<i64> = (50..60).chain(0..50).collect();
    let back = |ids: &[i64]| ids.iter().rev().copied().collect::<Vec<_>>();
    for (order, expected) in [
        ("sort=asc", oldest_first.clone()),
        ("sort=desc", back(&oldest_first)),
        ("order_by=seq&sort=asc", first_in_first.clone()),
        ("order_by=seq&sort=desc", back(&first_in_first)),
    ] {
        let mut next = Some(format!("/api/v1/audit_events?event_type=tick&per_page=25&{order}"));
        let (mut seen, mut pages) = (Vec::new(), 0);
        while let Some(path) = next {
            let answer = reader.get(&path).await;
            let link = answer.header("link").map(str::to_owned);
            let page = answer.expect(200);
            seen.extend(ids(&page));
            pages += 1;
            assert_eq!(link.is_some(), page["next_cursor"].is_string());
            assert_eq!(page["searched_to"], Value::Null);
            next = link.map(|link| {
                let url = link.strip_prefix('<').unwrap().split_once(">; rel=\"next\"").unwrap().0;
                url.strip_prefix(&instance.url("")).unwrap().to_owned()
            });
        }
        assert_eq!((seen, pages), (expected, 3), "{order}");
    }
}

#[tokio::test]
async fn who_goes_on_from_the_end_misses_nothing_that_comes_in_however_old_it_says_it_is() {
    let instance = with_ticks().await;
    let reader = Client::with_scope(&instance, "read").await;
    let path = "/api/v1/audit_events?event_type=tick&order_by=seq&sort=asc&per_page=100";
    let end = reader.get(path).await.expect(200)["end_cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    let later = format!("{path}&cursor={end}");
    assert_eq!(ids(&reader.get(&later).await.expect(200)), [0_i64; 0]);
    let late = r#"{"id":1000,"event_type":"tick","created_at":"1999-12-31T00:00:00Z"}"#;
    instance.post(&instance.token("late", &["ingest"]).await, late).await;
    assert_eq!(ids(&reader.get(&later).await.expect(200)), [1000]);
}

#[tokio::test]
async fn a_cursor_of_another_log_is_refused_in_every_order() {
    let instance = with_ticks().await;
    let reader = Client::with_scope(&instance, "read").await;
    for (path, status) in [
        ("/api/v1/audit_events?sort=asc", 422),
        ("/api/v1/audit_events?sort=desc&per_page=1", 422),
        ("/api/v1/audit_events?order_by=seq&sort=asc", 422),
        ("/api/v1/audit_events?order_by=seq&sort=desc&per_page=1", 422),
        ("/api/v4/audit_events?pagination=keyset&per_page=1", 400),
        ("/api/v4/audit_events?pagination=keyset&per_page=1&sort=asc", 400),
    ] {
        let order = path.replace("v4", "v1").replace("?pagination=keyset", "?order_by=seq");
        let page = reader.get(&order).await.expect(200);
        let cursor = page["end_cursor"].as_str().unwrap();
        reader.get(&format!("{path}&cursor={cursor}")).await.expect(200);
        // The cursor ends in the lineage of the log.
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap();
        let (position, lineage) = text.rsplit_once(' ').unwrap();
        let other: String = lineage.chars().rev().collect();
        let other = URL_SAFE_NO_PAD.encode(format!("{position} {other}f"));
        let refused = reader.get(&format!("{path}&cursor={other}")).await;
        assert_eq!(refused.status, status, "{path}: {}", refused.text);
        assert!(
            refused.text.contains("restored from a backup"),
            "{path}: {}",
            refused.text
        );
    }
}

#[tokio::test]
async fn who_polls_goes_on_from_where_nothing_was_found() {
    let instance = Instance::start().await;
    let reader = Client::with_scope(&instance, "read").await;
    let token = instance.token("app", &["ingest"]).await;
    for (number, filter) in [
        (1, "order_by=seq&sort=asc&event_type=polled"),
        (2, "sort=asc&event_type=polled"),
        (3, "order_by=seq&sort=asc&text=poll+3"),
        (4, "order_by=seq&sort=asc&author=none+but+polled"),
    ] {
        let author = if number == 4 { "none but polled" } else { "x" };
        let post = async |id: i64| {
            let event = json!({
                "id": number * 100 + id, "event_type": if number < 3 { "polled" } else { "other" },
                "author_name": author, "details": {"custom_message": format!("poll {number}")},
            });
            instance.post(&token, event.to_string()).await;
        };
        let poll = async |cursor: &Value| {
            let cursor = cursor.as_str().unwrap_or_default();
            let page = reader
                .get(&format!("/api/v1/audit_events?{filter}&cursor={cursor}"))
                .await;
            page.expect(200)
        };
        let mut seen = 0;
        if number == 2 {
            seen = 2;
        }
        let empty = poll(&Value::Null).await;
        assert_eq!(
            (ids(&empty).len(), &empty["next_cursor"]),
            (seen, &Value::Null),
            "{filter}"
        );
        assert!(empty["end_cursor"].is_string(), "{filter}");
        post(1).await;
        let first = poll(&empty["end_cursor"]).await;
        assert_eq!(ids(&first), [number * 100 + 1], "{filter}");
        let nothing = poll(&first["end_cursor"]).await;
        assert_eq!(ids(&nothing), [0_i64; 0], "{filter}");
        let nothing = poll(&nothing["end_cursor"]).await;
        assert_eq!(ids(&nothing), [0_i64; 0], "{filter}");
        post(2).await;
        let second = poll(&nothing["end_cursor"]).await;
        assert_eq!(ids(&second), [number * 100 + 2], "{filter}");
    }
}

#[tokio::test]
async fn a_page_of_large_events_is_shorter_and_leads_on() {
    let instance = Instance::start().await;
    let token = instance.token("app", &["ingest"]).await;
    let reader = Client::with_scope(&instance, "read").await;
    for number in 0..20 {
        let event = json!({"id": number, "event_type": "large", "details": {"custom_message": "x".repeat(900_000)}});
        instance.post(&token, event.to_string()).await;
    }
    for order in ["sort=asc", "order_by=seq&sort=asc"] {
        let path = format!("/api/v1/audit_events?event_type=large&per_page=100&{order}");
        let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let answer = reader.get(&format!("{path}&cursor={cursor}")).await;
            assert!(answer.text.len() < 10 * 1024 * 1024, "{}", answer.text.len());
            let page = answer.expect(200);
            seen.extend(ids(&page));
            pages += 1;
            assert_eq!(page["searched_to"].is_string(), page["next_cursor"].is_string());
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            assert_eq!(page["next_cursor"], page["end_cursor"]);
            cursor = next.to_owned();
        }
        assert_eq!((seen, pages), ((0..20).collect(), 2), "{order}");
    }
    let counted = reader.get("/api/v4/audit_events?per_page=100&sort=asc").await;
    let large = counted
        .json()
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["event_name"] == "large")
        .count();
    assert_eq!(large, 20, "a counted page is whole");
    let keyset = reader
        .get("/api/v4/audit_events?per_page=100&sort=asc&pagination=keyset")
        .await;
    assert!(keyset.text.len() < 10 * 1024 * 1024 && keyset.header("link").is_some());
}

#[tokio::test]
async fn an_event_is_answered_byte_for_byte() {
    let instance = Instance::start().await;
    let token = instance.token("app", &["ingest"]).await;
    let reader = Client::with_scope(&instance, "read").await;
    for (shape, payload) in PAYLOADS {
        instance.post(&token, payload).await;
        let page = reader.get("/api/v1/audit_events?order_by=seq&per_page=1").await;
        assert!(page.text.contains(r#""source":"app","received_at":""#), "{shape}");
        assert!(
            page.text.contains(&format!(r#""event":{payload}}}"#)),
            "{shape}: {}",
            page.text
        );
        let seq = page.json()["items"][0]["seq"].as_i64().unwrap();
        let one = reader.get(&format!("/api/v1/audit_events/{seq}")).await;
        assert_eq!(one.status, 200);
        assert!(one.text.ends_with(&format!(r#""event":{payload}}}"#)), "{shape}");
    }
    for missing in ["0", "-1", "999999", "x", "99999999999999999999"] {
        let answer = reader.get(&format!("/api/v1/audit_events/{missing}")).await;
        assert_eq!(answer.error(), (404, "not_found".into()), "{missing}");
    }
}

#[tokio::test]
async fn each_bad_parameter_is_named() {
    let instance = Instance::start().await;
    let reader = Client::with_scope(&instance, "read").await;
    let page = reader
        .get("/api/v1/audit_events?order_by=seq&sort=asc")
        .await
        .expect(200);
    let cursor = page["end_cursor"].as_str().unwrap();
    let cursor = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap();
    let (_, lineage) = cursor.rsplit_once(' ').unwrap();
    let end = URL_SAFE_NO_PAD.encode(format!("p {} {lineage}", i64::MAX));
    for (query, field) in [
        ("per_page=0", "per_page"),
        ("per_page=101", "per_page"),
        ("per_page=many", "per_page"),
        ("sort=up", "sort"),
        ("order_by=id", "order_by"),
        ("created_after=yesterday", "created_after"),
        ("created_before=2026-02-30", "created_before"),
        ("entity=4", "entity_type"),
        ("entity_type=Project", "entity"),
        ("cursor=x", "cursor"),
        (&format!("cursor={end}"), "cursor"),
        ("autor=Ada", "autor"),
        ("sort=asc&sort=desc", "sort"),
    ] {
        let answer = reader.get(&format!("/api/v1/audit_events?{query}")).await;
        let fields = answer.refused_fields();
        assert_eq!(fields[0].0, field, "{query}: {fields:?}");
    }
    for query in [
        format!("order_by=seq&cursor={end}"),
        format!("order_by=seq&sort=asc&cursor={end}&author=x"),
    ] {
        assert_eq!(reader.get(&format!("/api/v1/audit_events?{query}")).await.status, 200);
    }
}

#[tokio::test]
async fn a_request_that_is_sent_again_under_its_key_is_stored_once() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    let other = instance.token("other", &["ingest"]).await;
    let post = |token: Option<&str>, key: &str, body: &'static str| {
        let mut request = admin.request(Method::POST, "/api/v1/audit_events").body(body);
        if let Some(token) = token {
            request = instance.ingest(token).body(body);
        }
        Answer::of(request.header("idempotency-key", key))
    };
    let body = r#"[{"event_type":"once"},{"event_type":"once"},{"event_type":"once","id":"own"}]"#;
    let first = post(None, "k1", body).await.expect(201);
    assert_eq!(first["stored"], 3);
    let again = post(None, "k1", body).await.expect(201);
    assert_eq!((&again["ids"], &again["stored"]), (&first["ids"], &json!(0)));
    assert_eq!(
        post(None, "k2", body).await.expect(201)["stored"],
        2,
        "the third has an id of its own"
    );
    let changed = r#"{"event_type":"once","author_name":"somebody else"}"#;
    assert_eq!(
        post(None, "k1", changed).await.expect(201)["stored"],
        1,
        "nothing is lost under a used key"
    );
    assert_eq!(
        post(Some(&other), "k1", body).await.expect(201)["stored"],
        3,
        "another source"
    );
    let bad = post(None, &"x".repeat(256), body).await;
    assert_eq!(bad.error(), (400, "invalid_idempotency_key".into()));
}

#[tokio::test]
async fn the_catalogue_of_event_types_knows_what_came_in() {
    let instance = Instance::start().await;
    let reader = Client::with_scope(&instance, "read").await;
    instance
        .post(
            &instance.token("app", &["ingest"]).await,
            r#"{"event_type":"only_here"}"#,
        )
        .await;
    let types = reader.get("/api/v1/event_types").await.expect(200);
    let types = types["items"].as_array().unwrap();
    assert!(types.len() > 500);
    let find = |name: &str| types.iter().find(|known| known["name"] == name).unwrap();
    assert_eq!(find("only_here")["received_last_day"], 1);
    assert_eq!(find("only_here")["milestone"], Value::Null);
    let user_created = find("user_created");
    assert_eq!(user_created["feature_category"], "user_management");
    assert!(user_created["description"].as_str().unwrap().ends_with('.'));
}
