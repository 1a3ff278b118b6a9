//! GitLab's REST: what a collector that polls GitLab is answered.

use serde_json::{Value, json};

use crate::{
    api_client::Client,
    instance::{Answer, Instance},
};

/// Fifty events; the last ten say that they are older than the others. Of this instance itself there are three.
async fn with_events() -> Instance {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
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
    let collector = Client::with_scope(&instance, "read");
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
    let collector = Client::with_scope(&instance, "read");
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
    let collector = Client::with_scope(&instance, "read");
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
    let collector = Client::with_scope(&instance, "read");
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
    let instance = Instance::start();
    let collector = Client::with_scope(&instance, "read");
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
        .get("/api/v4/audit_events")
        .await;
    assert_eq!(
        (poster.status, &poster.json()["error"]),
        (403, &json!("insufficient_scope"))
    );
}

#[tokio::test]
async fn a_token_may_come_in_gitlabs_header() {
    let instance = Instance::start();
    let token = instance.token("collector", &["read"]);
    let request = instance.client().get(instance.url("/api/v4/audit_events"));
    let answer = Answer::of(request.header("private-token", token)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("ratelimit-limit"), Some("600"));
}
