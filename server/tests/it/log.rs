//! The Log over HTTP: filters, what is refused, and the exports.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    browser::{Browser, unix_ms},
    instance::{Answer, Instance},
    payloads::PAYLOADS,
};

const EXPORT: &str = "/admin/audit_log_reports";

/// Sixty ticks a minute apart, of which every third is about a project and the rest about a group.
async fn with_ticks() -> Instance {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let event = |minute: u32| {
        let (entity_type, path) = if minute.is_multiple_of(3) {
            ("Project", "group/ticker")
        } else {
            ("Group", "group")
        };
        json!({
            "id": minute, "event_type": "tick", "author_id": 70 + minute % 2, "author_name": "Ada & Co", "entity_id": 4,
            "entity_type": entity_type, "entity_path": path, "ip_address": format!("10.0.0.{}", minute % 5),
            "details": {"custom_message": format!("Tick №{minute}"), "author_email": "ada@example.com"},
            "created_at": format!("2020-01-{:02}T00:{minute:02}:00Z", 1 + minute / 30),
        })
        .to_string()
    };
    let events: Vec<String> = (0..60).map(event).collect();
    instance.post(&token, events.join("\n")).await;
    instance
}

/// A page of the Log under this query.
async fn page(browser: &mut Browser<'_>, query: &str) -> Value {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let answer = browser.read(&format!("events/list?query={query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// What has arrived after this position.
async fn arrivals(browser: &mut Browser<'_>, query: &str, since: &Value) -> Value {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let answer = browser.read(&format!("events/new?query={query}&since={since}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn ids(page: &Value) -> Vec<i64> {
    let rows = page["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| unix_ms(&row["created_at"]) / 60_000 % 60)
        .collect()
}

#[tokio::test]
async fn each_filter_admits_what_it_says() {
    let instance = with_ticks().await;
    let mut browser = Browser::signed_in(&instance).await;
    let to_60 = |step: usize, from: i64| -> Vec<i64> { (from..60).rev().step_by(step).take(25).collect() };
    for (query, expected) in [
        ("event_type=tick", to_60(1, 0)),
        ("author_username=71", to_60(2, 1)),
        ("author_username=Ada+%26+Co", to_60(1, 0)),
        ("entity_type=User&entity_id=71", to_60(2, 1)),
        ("entity_type=User&entity_username=71", to_60(2, 1)),
        (
            "entity_type=Project&entity_id=group/ticker",
            (0..58).rev().step_by(3).collect(),
        ),
        (
            "entity_type=Project&entity_id=4&author_username=71",
            (3..58).rev().step_by(6).collect(),
        ),
        ("ip_address=10.0.0.3&sort=created_asc", (3..60).step_by(5).collect()),
        ("text=tick+%E2%84%9611", vec![11]),
        ("text=nothing+like+it", vec![]),
        ("created_after=2020-01-02&created_before=2020-01-02", to_60(1, 35)),
        ("created_before=2020-01-01&sort=created_asc", (0..25).collect()),
        ("event_type=tick&range=last_7_days", vec![]),
        (
            "field=ip_address&operator=is&value=10.0.0.4&text=tick+%E2%84%9659",
            vec![59],
        ),
    ] {
        assert_eq!(ids(&page(&mut browser, query).await), expected, "{query}");
    }
}

#[tokio::test]
async fn filtered_pages_lead_on_and_back() {
    let instance = with_ticks().await;
    let mut browser = Browser::signed_in(&instance).await;
    let position = |of: &Value| format!("{}_{}", unix_ms(&of["created_at"]), of["seq"]);
    for (sort, on, back) in [("created_desc", "older", "newer"), ("created_asc", "newer", "older")] {
        let query = format!("author_username=70&sort={sort}");
        let first = page(&mut browser, &query).await;
        assert_eq!((ids(&first).len(), first[back].is_null()), (25, true));
        let next = format!("{query}&{on}_than={}", position(&first[on]));
        let second = page(&mut browser, &next).await;
        assert_eq!((ids(&second).len(), second[on].is_null()), (5, true));
        let again = page(
            &mut browser,
            &format!("{query}&{back}_than={}", position(&second[back])),
        )
        .await;
        assert_eq!(ids(&again), ids(&first));
    }
}

#[tokio::test]
async fn what_has_come_in_is_told_whenever_it_says_it_was_created() {
    let instance = with_ticks().await;
    let mut browser = Browser::signed_in(&instance).await;
    let newest = page(&mut browser, "event_type=tick").await;
    let token = instance.token("late", &["ingest"]);
    let event = |id: &str, event_type: &str, day: &str| {
        format!(r#"{{"id":"{id}","event_type":"{event_type}","created_at":"{day}T00:00:00Z"}}"#)
    };
    let events = [
        event("late", "tick", "1999-12-31"),
        event("new", "tick", "2020-01-03"),
        event("other", "tock", "2020-01-03"),
    ];
    instance.post(&token, events.join("\n")).await;

    let arrived = arrivals(&mut browser, "event_type=tick", &newest["received_to"]).await;
    assert_eq!((&arrived["count"], ids(&arrived)), (&json!(2), vec![0, 0]));
    assert_eq!(arrived["late"].as_array().unwrap().len(), 2);
    assert_eq!(arrived["late"][1]["created_at"], "1999-12-31T00:00:00.000Z");

    let shown = page(&mut browser, "event_type=tick").await;
    assert_eq!((ids(&shown)[0], ids(&shown)[1], ids(&shown).len()), (0, 59, 25));
    let later = arrivals(&mut browser, "event_type=tick", &arrived["received_to"]).await;
    assert_eq!((&later["count"], &later["late"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn known_values_are_suggested() {
    let instance = with_ticks().await;
    let mut browser = Browser::signed_in(&instance).await;
    let known = browser.read("events/suggestions").await.json();
    let known = known.as_array().unwrap();
    for (field, value) in [
        ("author", "Ada & Co"),
        ("group", "group"),
        ("project", "group/ticker"),
        ("event_type", "tick"),
    ] {
        let (_, values) = known
            .iter()
            .map(|known| (&known[0], known[1].as_array().unwrap()))
            .find(|(name, _)| *name == field)
            .unwrap();
        assert!(values.contains(&json!(value)), "{field}: {values:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_filter_is_told_at_its_field() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    for (query, field, message) in [
        (
            "created_after%3Dsoon",
            "created_after",
            "Invalid date format. Please use UTC format as YYYY-MM-DD",
        ),
        (
            "created_before%3D2026-02-30",
            "created_before",
            "Invalid date format. Please use UTC format as YYYY-MM-DD",
        ),
        ("sort%3Dname", "sort", "created_asc"),
        ("entity_id%3D7", "filter", "entity_id requires entity_type"),
        ("range%3Dever", "created_after", "last_7_days"),
    ] {
        let answer = browser.read(&format!("events/list?query={query}")).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        let error = &answer.json()["invalid"][0];
        assert_eq!(error["field"], field);
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
    }
    let page = browser.open("/admin/audit_logs?tab=log&created_after=soon").await;
    assert_eq!(page.status, 422);
    assert!(
        page.text
            .contains("Invalid date format. Please use UTC format as YYYY-MM-DD")
    );
    let export = browser.open(&format!("{EXPORT}.csv?created_after=soon")).await;
    assert_eq!(export.error(), (422, "invalid".into()));
}

#[tokio::test]
async fn a_plain_form_is_understood() {
    let instance = with_ticks().await;
    let mut browser = Browser::signed_in(&instance).await;
    let form =
        "tab=log&author_username=71&field=ip_address&operator=is&value=10.0.0.4&sort=created_desc&created_after=";
    let page = browser.open(&format!("/admin/audit_logs?{form}")).await;
    assert!(page.text.contains("Tick №59") && !page.text.contains("Tick №57"));
    assert!(page.text.contains("Clear filters"));
    let nothing = browser.open("/admin/audit_logs?tab=log&text=%3Cscript%3Ealert").await;
    assert!(nothing.text.contains("No events match") && !nothing.text.contains("<script>alert"));
}

#[tokio::test]
async fn csv_has_every_row_once_with_gitlabs_columns() {
    let instance = with_ticks().await;
    let token = instance.token("evil", &["ingest"]);
    let evil = r#"{"id":"=1+1","event_type":"x","author_id":-1,"author_name":"@SUM(A1)","details":{"custom_message":"Said \"a, b\""},"created_at":"2019-01-01T00:00:00Z"}"#;
    instance.post(&token, evil.to_owned()).await;
    let mut browser = Browser::signed_in(&instance).await;
    let file = browser
        .open(&format!("{EXPORT}.csv?created_before=2020-12-31&sort=created_desc"))
        .await;
    assert_eq!(file.status, 200);
    assert_eq!(
        file.header("content-type"),
        Some("text/csv; charset=utf-8; header=present")
    );
    let name = file.header("content-disposition").unwrap();
    let name = name.strip_prefix("attachment; filename=\"audit-events-").unwrap();
    assert!(name.strip_suffix(".csv\"").unwrap().parse::<u64>().unwrap() > 1_700_000_000);
    let lines: Vec<&str> = file.text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 62);
    assert_eq!(
        lines[0],
        "ID,Author ID,Author Name,Author Email,Entity ID,Entity Type,Entity Path,Target ID,Target Type,Target Details,\
         Action,IP Address,Created At (UTC)"
    );
    assert_eq!(
        lines[1],
        "'=1+1,-1,'@SUM(A1),,1,Gitlab::Audit::InstanceScope,gitlab_instance,,,unknown,\"Said \"\"a, b\"\"\",,\
         2019-01-01T00:00:00.000Z"
    );
    assert_eq!(
        lines[2],
        "0,70,Ada & Co,ada@example.com,4,Project,group/ticker,,,unknown,Tick №0,10.0.0.0,2020-01-01T00:00:00.000Z"
    );
    assert!(lines[61].starts_with("59,71,"));
}

#[tokio::test]
async fn json_lines_are_the_bodies_byte_for_byte() {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let (_, operation) = PAYLOADS[0];
    let numbered = |number| operation.replace("\"id\":101", &format!("\"id\":{number}"));
    let bodies: Vec<String> = (0..2_500).map(numbered).collect();
    for part in bodies.chunks(500) {
        instance.post(&token, part.join("\n")).await;
    }
    let mut browser = Browser::signed_in(&instance).await;
    let file = browser
        .open(&format!("{EXPORT}.jsonl?event_type=repository_git_operation"))
        .await;
    assert_eq!(file.header("content-type"), Some("application/jsonl"));
    let lines: Vec<&str> = file.text.split_terminator('\n').collect();
    assert_eq!(lines.len(), 2_500);
    assert!(lines.iter().zip(&bodies).all(|(line, body)| line == body));
    let nothing = browser.open(&format!("{EXPORT}.jsonl?event_type=none")).await;
    assert_eq!((nothing.status, nothing.text.as_str()), (200, ""));
}

#[tokio::test]
async fn exports_are_for_administrators_and_only_read() {
    let instance = Instance::start();
    let mut stranger = Browser::new(&instance);
    let page = stranger.open(&format!("{EXPORT}.csv")).await;
    assert_eq!(page.status, 303);
    assert!(page.header("location").unwrap().starts_with("/sign_in?return_to="));
    let plain = instance.get(&format!("{EXPORT}.csv")).await;
    assert_eq!(plain.error(), (401, "unauthenticated".into()));
    let browser = Browser::signed_in(&instance).await;
    for format in ["csv", "jsonl"] {
        let request = instance.client().post(instance.url(&format!("{EXPORT}.{format}")));
        let request = request
            .header("cookie", browser.cookie().unwrap())
            .header("origin", format!("http://{}", instance.address()));
        let posted = Answer::of(request).await;
        assert_eq!((posted.status, posted.header("content-disposition")), (405, None));
    }
}

#[tokio::test]
async fn the_page_learns_how_an_export_ended() {
    let instance = with_ticks().await;
    let mut browser = Browser::signed_in(&instance).await;
    let unknown = browser.read("events/export_progress?key=42").await.expect(200);
    assert_eq!(unknown, Value::Null);
    let file = browser
        .open(&format!("{EXPORT}.jsonl?created_before=2020-12-31&progress=42"))
        .await;
    assert_eq!((file.status, file.text.lines().count()), (200, 60));
    let ended = browser.read("events/export_progress?key=42").await.expect(200);
    assert_eq!(ended, json!({"events": 60, "state": "Complete"}));
    browser
        .open(&format!("{EXPORT}.csv?created_after=soon&progress=43"))
        .await;
    let rejected = browser.read("events/export_progress?key=43").await.expect(200);
    let reason = rejected["state"]["Failed"]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("Invalid date format"), "{rejected}");
    let mut other = Browser::signed_in(&instance).await;
    let of_another = other.read("events/export_progress?key=42").await.expect(200);
    assert_eq!(of_another, Value::Null);
}

#[tokio::test]
async fn what_was_done_to_a_user_is_found_beside_what_the_user_did() {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let event = |id: i64, author: i64, entity: &str, entity_id: i64| {
        json!({
            "id": id, "event_type": "x", "author_id": author, "entity_type": entity, "entity_id": entity_id,
            "created_at": format!("2020-01-01T00:{id:02}:00Z"),
        })
        .to_string()
    };
    let events = [
        event(1, 7, "Project", 1),
        event(2, 1, "User", 7),
        event(3, 1, "Project", 7),
        event(4, 7, "User", 7),
    ];
    instance.post(&token, events.join("\n")).await;
    let mut browser = Browser::signed_in(&instance).await;
    let found = page(&mut browser, "entity_type=User&entity_id=7").await;
    assert_eq!(ids(&found), [4, 2, 1]);
}

#[tokio::test]
async fn an_export_ends_with_the_session_that_asked_for_it() {
    let instance = with_large_events().await;
    let browser = Browser::signed_in(&instance).await;
    let request = instance.client().get(instance.url(&format!("{EXPORT}.jsonl")));
    let mut response = request
        .header("cookie", browser.cookie().unwrap())
        .send()
        .await
        .unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    let mut same = Browser::with_cookie(&instance, browser.cookie());
    assert_eq!(same.submit("session/sign_out", &[]).await.status, 200);
    let broken_off = loop {
        match response.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken_off, "it went on to its end");
}

#[tokio::test]
async fn a_token_exports_what_it_may_read_and_no_more_once_it_is_revoked() {
    let instance = with_large_events().await;
    let (admin, reader) = (
        Client::with_scope(&instance, "admin"),
        Client::with_scope(&instance, "read"),
    );
    let lines = reader
        .get("/api/v1/audit_events.jsonl?event_type=big&created_after=2020-01-01")
        .await;
    assert_eq!(lines.header("content-type"), Some("application/jsonl"));
    assert_eq!(lines.text.lines().count(), 1_000);
    let csv = reader
        .get("/api/v1/audit_events.csv?event_type=api_token_created")
        .await;
    assert!(csv.header("content-disposition").unwrap().ends_with(".csv\""));
    assert!(csv.text.starts_with("ID,Author ID,"), "{}", csv.text);
    assert!(csv.header("ratelimit-remaining").is_some());
    let refused = reader.get("/api/v1/audit_events.csv?per_page=5").await;
    assert_eq!(refused.refused_fields()[0].0, "per_page");
    let poster = Client::with_scope(&instance, "ingest");
    assert_eq!(poster.get("/api/v1/audit_events.csv").await.status, 403);

    let tokens = admin.get("/api/v1/tokens").await.expect(200);
    let tokens = tokens["items"].as_array().unwrap();
    let id = tokens.iter().find(|token| token["scopes"] == json!(["read"])).unwrap()["id"].clone();
    let request = reader.request(Method::GET, "/api/v1/audit_events.jsonl");
    let mut response = request.send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    admin.delete(&format!("/api/v1/tokens/{id}")).await.expect(204);
    let broken_off = loop {
        match response.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken_off, "it went on to its end");
}

/// Twenty mebibytes, more than is ever on the way between server and client.
async fn with_large_events() -> Instance {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let filler = "x".repeat(20_000);
    let event = |number: u32| format!(r#"{{"id":{number},"event_type":"big","details":{{"filler":"{filler}"}}}}"#);
    for first in (0..1_000).step_by(100) {
        let events: Vec<String> = (first..first + 100).map(event).collect();
        instance.post(&token, events.join("\n")).await;
    }
    instance
}

#[tokio::test]
async fn whoever_leaves_an_export_halfway_leaves_a_working_server() {
    let instance = with_large_events().await;
    let mut browser = Browser::signed_in(&instance).await;
    for _ in 0..12 {
        let request = instance.client().get(instance.url(&format!("{EXPORT}.jsonl")));
        let mut response = request
            .header("cookie", browser.cookie().unwrap())
            .send()
            .await
            .unwrap();
        assert!(response.chunk().await.unwrap().is_some());
    }
    let page = page(&mut browser, "event_type=big").await;
    assert_eq!(page["rows"].as_array().unwrap().len(), 25);
}
