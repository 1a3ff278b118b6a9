//! Pages: who sees them, what they may do in a browser, and what the server functions behind them answer.

use std::collections::BTreeMap;

use domain::access::permissions::OPERATIONS;
use serde_json::json;

use crate::{
    browser::{Browser, unix_ms},
    instance::{Answer, Instance, add_destination_over_the_page},
};

#[tokio::test]
async fn strangers_are_sent_to_sign_in_and_come_back() {
    let instance = Instance::start();
    let mut browser = Browser::new(&instance);
    let answer = browser.open("/admin/audit_logs?tab=streams").await;
    let expected = "/sign_in?return_to=%2Fadmin%2Faudit_logs%3Ftab%3Dstreams";
    assert_eq!((answer.status, answer.header("location")), (303, Some(expected)));
    let page = browser.open("/sign_in").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("<form") && page.text.contains("password"),
        "{}",
        page.text
    );
    let mut browser = Browser::signed_in(&instance).await;
    assert_eq!(browser.open("/sign_in").await.header("location"), Some("/"));
}

#[tokio::test]
async fn a_server_function_refuses_arguments_that_it_cannot_read() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let names = OPERATIONS.iter().map(|operation| operation.name);
    let functions = names.filter_map(|name| name.strip_prefix("POST /api/page/"));
    let mut refused = 0;
    // These have no arguments.
    for function in functions.filter(|name| !["session/sign_out", "sessions/end_all"].contains(name)) {
        let form = browser.submit(function, &[("version", "x"), ("id", "x")]).await;
        let json = browser.call(function, &json!({"id": {"version": [true]}})).await;
        for answer in [form, json] {
            assert!((200..500).contains(&answer.status), "{function}: {answer:?}");
            refused += usize::from(answer.status == 400 && answer.text == "\"malformed\"");
        }
    }
    assert!(refused > 20, "{refused}");
}

#[tokio::test]
async fn a_page_comes_whole_and_allows_its_own_scripts_alone() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let page = browser.open("/admin/audit_logs?tab=log").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.starts_with("<!DOCTYPE html>") && page.text.contains("authenticated_with_password")
            || page.text.contains("Signed in with STANDARD"),
        "{}",
        page.text
    );
    let policy = page.header("content-security-policy").unwrap();
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .and_then(|rest| rest.split('\'').next())
        .unwrap();
    assert!(
        nonce.len() >= 16 && page.text.contains(&format!(r#"nonce="{nonce}""#)),
        "{policy}"
    );
    for script in page.text.split("<script").skip(1) {
        assert!(
            script.split('>').next().unwrap().contains(nonce),
            "a script without the nonce"
        );
    }
    assert!(!page.text.contains(" style=\""), "the policy forbids inline styles");
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), Some(value));
    }
    assert_eq!(page.header("strict-transport-security"), None, "not over http");
    let again = browser.open("/admin/audit_logs?tab=log").await;
    assert_ne!(
        again.header("content-security-policy"),
        Some(policy),
        "each answer has its own nonce"
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    assert_eq!(browser.open("/admin/nothing").await.status, 404);
    let api = instance.get("/api/v1/nothing").await;
    assert_eq!(api.error(), (404, "not_found".into()));
    let mistyped = Answer::of(instance.client().post(instance.url("/api/v1/audit_event"))).await;
    assert_eq!(mistyped.error(), (404, "not_found".into()));
    let method = Answer::of(instance.client().delete(instance.url("/api/v1/audit_events"))).await;
    assert_eq!(method.error(), (405, "method_not_allowed".into()));
    let allowed = method.header("allow").unwrap();
    assert!(allowed.contains("POST") && allowed.contains("GET"), "{allowed}");
}

#[tokio::test]
async fn server_functions_are_for_administrators() {
    let instance = Instance::start();
    let mut stranger = Browser::new(&instance);
    for function in [
        "destinations/list",
        "events/list",
        "overview/show",
        "streams/refused?id=1&list=parked",
    ] {
        assert_eq!(
            stranger.read(function).await.error(),
            (401, "unauthenticated".into()),
            "{function}"
        );
    }
    let draft = json!({"draft": {"name": "SIEM", "target": {"http": {"url": "https://siem.example/"}}}});
    assert_eq!(stranger.call("destinations/create", &draft).await.status, 401);
    assert_eq!(stranger.call("destinations/test", &draft).await.status, 401);
    assert_eq!(
        stranger.call("destinations/delete", &json!({"id": 1})).await.status,
        401
    );
}

#[tokio::test]
async fn a_form_is_tested_before_it_is_saved_and_what_is_wrong_is_told() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let draft = |url: &str| json!({"name": "SIEM", "target": {"http": {"url": url}}});
    let report = browser
        .call(
            "destinations/test",
            &json!({"draft": draft("http://nowhere.invalid/in")}),
        )
        .await;
    assert_eq!(report.status, 200);
    let verdict = report.json()["verdict"].clone();
    assert_eq!(verdict["summary"], "Host cannot be resolved or invalid.");
    let wrong = browser
        .call("destinations/test", &json!({"draft": draft("nowhere")}))
        .await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    let nobody = json!({"id": 99, "draft": draft("http://nowhere.invalid/in")});
    assert_eq!(browser.call("destinations/test", &nobody).await.status, 404);
    assert_eq!(browser.read("destinations/list").await.json()["value"], json!([]));
}

#[tokio::test]
async fn a_destination_is_added_renamed_and_deleted() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let created = add_destination_over_the_page(&instance, "http://127.0.0.1:9/in").await;
    assert_eq!((&created["name"], &created["version"]), (&json!("SIEM"), &json!(1)));
    assert_eq!(created["http"]["verification_token"].as_str().unwrap().len(), 24);
    let again = browser
        .call(
            "destinations/create",
            &json!({"draft": {"name": "SIEM", "target": {"http": {"url": "http://127.0.0.1:9/in"}}}}),
        )
        .await;
    assert_eq!(again.status, 422);
    assert!(again.text.contains("has already been taken"), "{}", again.text);
    let target = json!({"http": {"url": created["http"]["url"]}});
    let rename = json!({"id": created["id"], "version": 1, "draft": {"name": "Renamed", "target": target}});
    assert_eq!(browser.call("destinations/update", &rename).await.json()["version"], 2);
    assert_eq!(
        browser.call("destinations/update", &rename).await.status,
        409,
        "somebody else saved"
    );
    let secret = browser
        .call(
            "destinations/secret",
            &json!({"id": created["id"], "secret": "signing"}),
        )
        .await
        .json();
    assert!(secret.as_str().unwrap().starts_with("whsec_"));
    let listed = browser.read("destinations/list").await.json();
    assert_eq!(listed["value"].as_array().unwrap().len(), 1);
    let delete = json!({"id": created["id"]});
    assert_eq!(browser.call("destinations/delete", &delete).await.status, 200);
    assert_eq!(browser.call("destinations/delete", &delete).await.status, 404);
    let overview = browser.read("overview/show").await.json();
    let steps = json!({"token_created": false, "event_received": false, "destination_added": false});
    assert_eq!(overview["value"]["first_steps"], steps);
    assert_eq!(
        overview["value"]["public_url"],
        format!("http://{}", instance.address())
    );
}

#[tokio::test]
async fn the_log_is_read_page_by_page_in_both_directions() {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let event =
        |minute: u32| format!(r#"{{"id":{minute},"event_type":"tick","created_at":"2020-01-01T00:{minute:02}:00Z"}}"#);
    let events: Vec<String> = (0..60).map(event).collect();
    instance.post(&token, events.join("\n")).await;
    let mut browser = Browser::signed_in(&instance).await;
    let mut ticks = Vec::new();
    let mut page = browser.read("events/list").await.json();
    let mut pages = vec![page.clone()];
    assert_eq!(page["newer"], json!(null));
    while let Some(position) = page["older"].as_object() {
        let text = format!("{}_{}", unix_ms(&position["created_at"]), position["seq"]);
        page = browser
            .read(&format!("events/list?query=older_than%3D{text}"))
            .await
            .json();
        assert_eq!(page["rows"].as_array().map(Vec::is_empty), Some(false), "{page}");
        pages.push(page.clone());
    }
    for page in &pages {
        let rows = page["rows"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["event_type"] == "tick");
        ticks.extend(rows.map(|row| unix_ms(&row["created_at"])));
    }
    assert_eq!(ticks.len(), 60);
    assert!(ticks.is_sorted_by(|newer, older| newer > older));
    assert_eq!(pages.len(), 3);
    assert_ne!(pages[2]["newer"], json!(null));
}

#[tokio::test]
async fn a_form_is_not_read_without_end() {
    let instance = Instance::start();
    let mut browser = Browser::new(&instance);
    let answer = browser.sign_in("root", &"x".repeat(1024 * 1024)).await;
    assert_eq!(answer.status, 413);
}

/// They are compressed: from their length, somebody who chooses the address could tell whether it has a part of the secret.
#[tokio::test]
async fn what_has_secrets_repeats_nothing_of_its_address() {
    const SECRET: &str = "Token-0123456789abcd";
    const GUESS: &str = "guess4711";
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let target = json!({"http": {"url": "https://siem.example/in", "verification_token": SECRET}});
    let created = json!({"draft": {"name": "SIEM", "target": target}});
    assert_eq!(browser.call("destinations/create", &created).await.status, 200);
    let query = |separator: char| {
        let names = ["text", "stream", "view", "attention", "return_to", "known", "other"];
        let pairs: Vec<String> = names.iter().map(|name| format!("{name}={GUESS}")).collect();
        format!("{separator}{}&{GUESS}", pairs.join("&"))
    };
    let mut with_secret = 0;
    for page in [
        "/admin/audit_logs?tab=streams",
        "/admin/audit_logs?tab=streams&stream=1",
        "/",
        "/admin/settings/alerts",
        "/admin/settings/tokens",
        "/profile",
    ] {
        let separator = if page.contains('?') { '&' } else { '?' };
        let answer = browser.open(&format!("{page}{}", query(separator))).await;
        assert_eq!(answer.status, 200, "{page}");
        if answer.text.contains(SECRET) {
            with_secret += 1;
            assert!(!answer.text.contains(GUESS), "{page}: {}", answer.text);
        }
    }
    let listed = browser.read(&format!("destinations/list{}", query('?'))).await;
    assert!(
        listed.text.contains(SECRET) && !listed.text.contains(GUESS),
        "{}",
        listed.text
    );
    assert_eq!(with_secret, 2, "the list is in the page, open or not");
}

/// How many resources of a page have this in their value.
fn resources_with(page: &str, mark: &str) -> usize {
    let resources = page.split("__RESOLVED_RESOURCES[").skip(1);
    let resources: BTreeMap<&str, &str> = resources.filter_map(|text| text.split_once("] = ")).collect();
    resources
        .values()
        .filter(|value| {
            value
                .split("</script>")
                .next()
                .is_some_and(|value| value.contains(mark))
        })
        .count()
}

/// The browser takes the values of the resources that were created first, and the HTML must be rendered from them.
#[tokio::test]
async fn the_nested_parts_of_a_page_are_loaded_once() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let destination = add_destination_over_the_page(&instance, "http://127.0.0.1:9/").await;
    let activity = format!(
        "/admin/audit_logs?tab=streams&stream={}&view=activity",
        destination["id"]
    );
    for _ in 0..10 {
        let page = browser.open(&activity).await;
        for mark in ["step_minutes", "only_failed"] {
            assert_eq!(resources_with(&page.text, mark), 1, "{mark}: {}", page.text);
        }
        let page = browser.open("/admin/audit_logs?tab=log&event=1").await;
        // The summary of the event stands in the list of the Log as well.
        assert_eq!(resources_with(&page.text, "destination_id"), 1, "{}", page.text);
    }
}
