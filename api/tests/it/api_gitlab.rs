//! GitLab's REST: what a collector that polls GitLab is answered.

use std::num::NonZeroU32;

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    instance::{Answer, Instance},
};

/// Fifty events; the last ten say that they are older than the others. Of this instance itself there are three.
async fn with_events() -> Instance {
    let instance = Instance::start().await;
    let token = instance.token("app", &["ingest"]).await;
    let event = |number: i64| {
        json!({
            "id": format!("e{number}"), "event_type": "tick", "author_id": 7, "author_name": "Ada", "entity_id": number % 2,
            "entity_type": if number % 5 == 0 { "Project" } else { "User" }, "entity_path": "a/b",
            "details": {"custom_message": format!("Tick {number}"), "target_id": 7, "ip_address": null},
            "created_at": format!("2020-01-{:02}T00:00:00.000Z", if number < 40 { number / 2 + 10 } else { 1 }),
        })
        .to_string()
    };
    let events: Vec<String> = (0..50).map(event).collect();
    instance.post(&token, events.join("\n")).await;
    instance
}

fn messages(page: &Value) -> Vec<i64> {
    let number = |event: &Value| {
        let message = event["details"]["custom_message"].as_str().unwrap();
        message.strip_prefix("Tick ").unwrap().parse().unwrap()
    };
    page.as_array().unwrap().iter().map(number).collect()
}

#[tokio::test]
async fn an_event_has_the_members_of_gitlabs_in_their_order() {
    let instance = with_events().await;
    let collector = Client::with_scope(&instance, "read").await;
    let page = collector
        .get("/api/v4/audit_events?entity_type=Project&per_page=1")
        .await;
    let id = page.json()[0]["id"].as_i64().unwrap();
    let event = format!(
        r#"{{"id":{id},"author_id":7,"entity_id":1,"entity_type":"Project","event_name":"tick","details":{{"custom_message":"Tick 45","ip_address":null,"target_id":7,"author_name":"Ada","entity_path":"a/b","target_type":"","target_details":"unknown"}},"created_at":"2020-01-01T00:00:00.000Z","event_type":"tick"}}"#
    );
    assert_eq!(page.text, format!("[{event}]"));
    assert_eq!(page.header("content-type"), Some("application/json"));
    assert_eq!(collector.get(&format!("/api/v4/audit_events/{id}")).await.text, event);
    let missing = collector.get("/api/v4/audit_events/999999").await;
    assert_eq!(
        (missing.status, missing.json()),
        (404, json!({"message": "404 Not found"}))
    );
    let no_id = collector.get("/api/v4/audit_events/abc").await;
    assert_eq!((no_id.status, no_id.json()), (400, json!({"error": "id is invalid"})));
}

#[tokio::test]
async fn counted_pages_tell_where_they_are_and_lead_everywhere() {
    let instance = with_events().await;
    let collector = Client::with_scope(&instance, "read").await;
    let ticks = "created_before=2020-12-31";
    let first = collector.get(&format!("/api/v4/audit_events?{ticks}")).await;
    let header = |answer: &Answer, name: &str| answer.header(name).map(str::to_owned);
    let told = [
        "x-page",
        "x-per-page",
        "x-prev-page",
        "x-next-page",
        "x-total",
        "x-total-pages",
    ];
    assert_eq!(
        told.map(|name| header(&first, name).unwrap()),
        ["1", "20", "", "2", "50", "3"]
    );
    assert_eq!(
        messages(&first.json()),
        (30..50).rev().collect::<Vec<_>>(),
        "the newest id first"
    );
    let last = collector
        .get(&format!("/api/v4/audit_events?{ticks}&page=3&per_page=20"))
        .await;
    assert_eq!(
        told.map(|name| header(&last, name).unwrap()),
        ["3", "20", "2", "", "50", "3"]
    );
    assert_eq!(messages(&last.json()), (0..10).rev().collect::<Vec<_>>());
    let base = instance.url(&format!("/api/v4/audit_events?{ticks}"));
    assert_eq!(
        last.header("link").unwrap(),
        format!(
            "<{base}&page=2&per_page=20>; rel=\"prev\", <{base}&page=1&per_page=20>; rel=\"first\", \
             <{base}&page=3&per_page=20>; rel=\"last\""
        )
    );
    let beyond = collector.get(&format!("/api/v4/audit_events?{ticks}&page=9")).await;
    assert_eq!((beyond.status, beyond.text.as_str()), (200, "[]"));
    let most = collector.get("/api/v4/audit_events?per_page=1000&sort=asc").await;
    assert_eq!(most.header("x-per-page"), Some("100"));
}

#[tokio::test]
async fn keyset_pages_lead_on_by_id_and_miss_nothing() {
    let instance = with_events().await;
    let collector = Client::with_scope(&instance, "read").await;
    for (sort, expected) in [
        ("asc", (0..50).collect::<Vec<i64>>()),
        ("desc", (0..50).rev().collect()),
    ] {
        let query = format!("pagination=keyset&order_by=id&sort={sort}&per_page=20&created_before=2020-12-31");
        let mut next = Some(format!("/api/v4/audit_events?{query}"));
        let mut seen = Vec::new();
        while let Some(path) = next {
            let answer = collector.get(&path).await;
            assert_eq!(answer.header("x-page"), None);
            let link = answer.header("link").map(|link| {
                let url = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
                url.strip_prefix(&instance.url("")).unwrap().to_owned()
            });
            seen.extend(messages(&answer.expect(200)));
            next = link;
        }
        assert_eq!(seen, expected, "{sort}");
    }
}

#[tokio::test]
async fn filters_are_gitlabs() {
    let instance = with_events().await;
    let collector = Client::with_scope(&instance, "read").await;
    for (query, expected) in [
        (
            "entity_type=Project&created_before=2020-12-31",
            (0..50).rev().step_by(5).map(|n| n - 4).collect::<Vec<_>>(),
        ),
        (
            "entity_type=User&entity_id=1&created_after=2020-01-28T12:00:00Z&created_before=2020-12-31",
            vec![39],
        ),
        (
            "created_after=2020-01-29&created_before=2020-01-29T00:00:00Z",
            vec![39, 38],
        ),
        (
            "created_after=2020-01-28T12:00:00&created_before=2020-01-29",
            vec![39, 38],
        ),
        (
            "created_before=2020-01-28&created_after=2020-01-28&sort=created_asc",
            vec![36, 37],
        ),
        ("created_before=2020-12-31&sort=created_desc&per_page=1", vec![49]),
        ("created_before=2020-12-31&sort=up&per_page=1", vec![49]),
        ("entity_type=Nothing", vec![]),
        ("created_before=2020-12-31&unknown=ignored&per_page=1", vec![49]),
    ] {
        let page = collector
            .get(&format!("/api/v4/audit_events?{query}"))
            .await
            .expect(200);
        assert_eq!(messages(&page), expected, "{query}");
    }
    let own = collector
        .get("/api/v4/audit_events?entity_type=Gitlab::Audit::InstanceScope")
        .await
        .expect(200);
    assert!(own.as_array().unwrap().iter().all(|event| event["entity_id"] == 1));
}

#[tokio::test]
async fn errors_are_told_as_gitlab_tells_them() {
    let instance = Instance::start().await;
    let collector = Client::with_scope(&instance, "read").await;
    let cap = "Offset pagination has a maximum allowed offset of 50000 for requests that return objects of type \
               AuditEvent. Remaining records can be retrieved using keyset pagination.";
    for (query, status, error) in [
        ("created_after=soon", 400, "created_after is invalid"),
        ("created_before=soon", 400, "created_before is invalid"),
        ("page=x", 400, "page is invalid"),
        ("per_page=x", 400, "per_page is invalid"),
        ("per_page=0", 400, "per_page has a value not allowed"),
        ("entity_id=1", 400, "entity_type is missing"),
        ("pagination=keyset&cursor=x", 400, "cursor is invalid"),
        (
            "pagination=keyset&order_by=created_at",
            405,
            "Keyset pagination is not yet available for this type of request",
        ),
        ("page=501&per_page=100", 405, cap),
        ("page=18446744073709551615", 405, cap),
    ] {
        let answer = collector.get(&format!("/api/v4/audit_events?{query}")).await;
        assert_eq!(
            (answer.status, answer.json()),
            (status, json!({"error": error})),
            "{query}"
        );
    }
    let stranger = instance.get("/api/v4/audit_events").await;
    assert_eq!(
        (stranger.status, stranger.json()),
        (401, json!({"message": "401 Unauthorized"}))
    );
    let poster = Client::with_scope(&instance, "ingest")
        .await
        .get("/api/v4/audit_events")
        .await;
    assert_eq!(
        (poster.status, &poster.json()["error"]),
        (403, &json!("insufficient_scope"))
    );
}

#[tokio::test]
async fn a_token_may_come_in_gitlabs_header() {
    let instance = Instance::start_with(|options| options.api.api_rate = NonZeroU32::new(600)).await;
    let token = instance.token("collector", &["read"]).await;
    let request = instance.request(Method::GET, "/api/v4/audit_events");
    let answer = Answer::of(request.header("private-token", token)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("ratelimit-limit"), Some("600"));
}

#[tokio::test]
async fn every_page_can_be_read_by_a_client_with_fixed_types() {
    let instance = Instance::start().await;
    let token = instance.token("app", &["ingest"]).await;
    let events = [
        json!({"event_type": "x", "author_id": "ada@example.com", "entity_id": "group/7", "entity_type": "Group",
               "details": {"from": {"a": [1]}, "to": null, "custom_message": {"action": "push"}, "with": 7}}),
        json!({"event_type": "x", "author_id": "42", "entity_id": "7", "entity_type": "Group",
               "details": {"from": true, "to": 1.5, "custom_message": ["a"]}}),
        json!({"event_type": "x", "author_id": 7, "entity_type": "Group", "entity_path": "g", "details": {"from": "a", "to": "b"}}),
    ];
    instance.post(&token, Value::from(events.to_vec()).to_string()).await;
    let collector = Client::with_scope(&instance, "read").await;
    let page = collector
        .get("/api/v4/audit_events?entity_type=Group&sort=asc")
        .await
        .expect(200);
    let shown: Vec<_> = page
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            let details = ["from", "to", "custom_message", "with"].map(|member| event["details"][member].clone());
            json!([event["author_id"], event["entity_id"], details])
        })
        .collect();
    assert_eq!(
        shown,
        [
            json!([null, null, ["{\"a\":[1]}", "", "{\"action\":\"push\"}", "7"]]),
            json!([42, 7, ["true", "1.5", "[\"a\"]", null]]),
            json!([7, null, ["a", "b", null, null]]),
        ]
    );
    assert_eq!(page[0]["details"]["author_id"], "ada@example.com");
    for (author, count) in [("7", 1), ("42", 1), ("ada@example.com", 1), ("8", 0)] {
        let path = format!("/api/v4/audit_events?author_id={author}");
        let found = collector.get(&path).await;
        assert_eq!(found.header("x-total"), Some(count.to_string().as_str()), "{author}");
        assert_eq!(found.json().as_array().unwrap().len(), count);
        let keyset = collector.get(&format!("{path}&pagination=keyset")).await.expect(200);
        assert_eq!(keyset.as_array().unwrap().len(), count, "{author}");
    }
}

#[tokio::test]
async fn times_are_read_as_gitlab_reads_them() {
    let instance = with_events().await;
    let collector = Client::with_scope(&instance, "read").await;
    for time in [
        "2020-01-29T02:00:00%2B0200",
        "2020-01-29T02:00:00+02:00",
        "2020-01-29T02:00:00+0200",
        "2020-01-29T00:00:00%20UTC",
        "2020-01-29%2000:00:00%20%2B0000",
        "2020-01-29T00:00",
        "20200129T000000Z",
        "20200129",
        "Wed,%2029%20Jan%202020%2000:00:00%20GMT",
    ] {
        let page = collector
            .get(&format!(
                "/api/v4/audit_events?created_after={time}&created_before={time}"
            ))
            .await
            .expect(200);
        assert_eq!(messages(&page), [39, 38], "{time}");
    }
}

#[tokio::test]
async fn clients_find_out_who_they_are_and_whom_they_talk_to() {
    let instance = Instance::start().await;
    let collector = Client::with_scope(&instance, "read").await;
    let user = collector.get("/api/v4/user").await.expect(200);
    assert_eq!(user["name"], "client with read");
    assert_eq!(user["username"], "client-with-read");
    assert_eq!(user["web_url"], instance.url("/client-with-read"));
    assert_eq!(
        (&user["state"], &user["bot"], &user["is_admin"]),
        (&json!("active"), &json!(true), &json!(false))
    );
    assert!(user["id"].is_i64());
    let admin = Client::with_scope(&instance, "admin")
        .await
        .get("/api/v4/user")
        .await
        .expect(200);
    assert_eq!(admin["is_admin"], true);
    let session = instance.request(Method::GET, "/api/v4/user");
    let person = Answer::of(session.header("cookie", instance.session_cookie().await))
        .await
        .json();
    assert_eq!((&person["username"], &person["bot"]), (&json!("root"), &json!(false)));
    let version = collector.get("/api/v4/version").await.expect(200);
    let metadata = collector.get("/api/v4/metadata").await.expect(200);
    for answer in [&version, &metadata] {
        assert_eq!(answer["version"], "19.3.0");
        assert!(answer["revision"].as_str().unwrap().starts_with("audit-streams-"));
    }
    assert_eq!(
        (&metadata["enterprise"], &metadata["kas"]["enabled"]),
        (&json!(true), &json!(false))
    );
    for path in ["user", "version", "metadata"] {
        let token = instance.token(&format!("poster of {path}"), &["ingest"]).await;
        let path = format!("/api/v4/{path}");
        let unknown = instance.get(&path).await;
        assert_eq!(
            (unknown.status, unknown.json()),
            (401, json!({"message": "401 Unauthorized"}))
        );
        let ingest = Client::with_token(&instance, &token).get(&path).await;
        assert_eq!(ingest.status, 403, "{path}");
    }
}
