//! Who may ask the API what: every operation of the OpenAPI document, GitLab's and GraphQL, for each kind of caller.

use std::{num::NonZeroU32, time::Duration};

use api::web::TrustedProxies;
use axum::http::Method;
use domain::Timestamp;
use engine::clock::Clock;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    instance::{Answer, Instance},
};

const GRAPHQL: &str = "/api/graphql";

/// What is asked of GraphQL: a change.
const MUTATION: &str = r#"{"query": "mutation { instanceExternalAuditEventDestinationCreate(input: {destinationUrl: \"http://127.0.0.1:9/\"}) { errors } }"}"#;

/// One thing that can be asked.
struct Operation {
    method: Method,
    path: String,
    scope: String,
}

/// Everything that the server says it answers, and what it answers besides.
async fn operations(instance: &Instance) -> Vec<Operation> {
    let document = instance.get("/api/openapi.json").await.expect(200);
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path
                    .replace("{id}", "1")
                    .replace("{seq}", "1")
                    .replace("{replay_id}", "1"),
                scope: operation["x-required-scope"].as_str().unwrap().to_owned(),
            });
        }
    }
    assert!(operations.len() >= 26);
    for path in ["/api/v4/audit_events", "/api/v4/audit_events/1"] {
        operations.push(Operation {
            method: Method::GET,
            path: path.to_owned(),
            scope: "read".to_owned(),
        });
    }
    operations.push(Operation {
        method: Method::POST,
        path: GRAPHQL.to_owned(),
        scope: "admin".to_owned(),
    });
    operations
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn body(&self) -> &'static str {
        if self.path == GRAPHQL { MUTATION } else { "{}" }
    }

    /// GraphQL tells in its own way that somebody may not change anything.
    fn assert_refused(&self, answer: &Answer, status: u16, code: &str) {
        if self.path == GRAPHQL && answer.status == 200 {
            assert!(
                !answer.json()["errors"].as_array().unwrap().is_empty(),
                "{}",
                answer.text
            );
        } else {
            assert_eq!(answer.status, status, "{}: {}", self.name(), answer.text);
        }
        if self.path.starts_with("/api/v1") {
            assert_eq!(answer.json()["code"], code, "{}", self.name());
        }
    }
}

/// Each from an address of its own, so that none is slowed down for what the others got wrong.
async fn ask(instance: &Instance, operation: &Operation, token: Option<&str>) -> Answer {
    let request = instance
        .request(operation.method.clone(), &operation.path)
        .header("x-forwarded-for", format!("198.51.100.{}", operation.path.len()))
        .body(operation.body());
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    Answer::of(request).await
}

async fn start(clock: Clock) -> Instance {
    Instance::start_with(|options| {
        options.api.trusted_proxies = TrustedProxies::parse("127.0.0.1").unwrap();
        options.clock = clock;
    })
    .await
}

#[tokio::test]
async fn every_operation_refuses_who_may_not_ask() {
    let instance = start(Clock::machine()).await;
    let scopes = [
        ("ingest", instance.token("ingest", &["ingest"]).await),
        ("read", instance.token("read", &["read"]).await),
    ];
    let token = |scope: &str| scopes.iter().find(|(of, _)| *of == scope).unwrap().1.as_str();
    for operation in operations(&instance).await {
        let missing = ask(&instance, &operation, None).await;
        operation.assert_refused(&missing, 401, "missing_token");
        let unknown = ask(&instance, &operation, Some("ast_none")).await;
        operation.assert_refused(&unknown, 401, "unknown_token");
        let wrong = match operation.scope.as_str() {
            "ingest" | "admin" => token("read"),
            _ => token("ingest"),
        };
        let wrong = ask(&instance, &operation, Some(wrong)).await;
        operation.assert_refused(&wrong, 403, "insufficient_scope");
    }
    let admin = Client::with_scope(&instance, "admin").await;
    assert_eq!(admin.get("/api/v1/destinations").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn every_operation_refuses_tokens_that_are_no_longer_good() {
    let clock = Clock::set_at(Timestamp::parse("2026-01-01T12:00:00Z").unwrap());
    let instance = start(clock.clone()).await;
    let expiring = instance.token_until("short", &["admin"], "2026-01-02").await;
    let revoked = instance.token("revoked", &["admin"]).await;
    instance.revoke_token("revoked").await;
    let client = Client::with_token(&instance, &expiring);
    clock.advance(Duration::from_secs(35 * 3_600));
    client.get("/api/v1/instance").await.expect(200);
    clock.advance(Duration::from_secs(3_600));
    for operation in operations(&instance).await {
        for (token, code) in [(&expiring, "expired_token"), (&revoked, "revoked_token")] {
            let answer = ask(&instance, &operation, Some(token)).await;
            assert_eq!(answer.status, 401, "{}: {}", operation.name(), answer.text);
            operation.assert_refused(&answer, 401, code);
        }
    }
}

#[tokio::test]
async fn a_session_reads_but_changes_nothing_for_another_site() {
    let instance = start(Clock::machine()).await;
    let cookie = instance.session_cookie().await;
    for operation in operations(&instance).await {
        let name = operation.name();
        for origin in [None, Some("https://evil.example")] {
            let request = instance.request(operation.method.clone(), &operation.path);
            let mut request = request.header("cookie", &cookie).body(operation.body());
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            let answer = Answer::of(request).await;
            match operation.scope.as_str() {
                "ingest" => assert_eq!(answer.error(), (401, "missing_token".into()), "{name}"),
                _ if operation.method == Method::GET => {
                    assert!(matches!(answer.status, 200 | 404), "{name}: {}", answer.text);
                }
                _ => assert_eq!(answer.status, 403, "{name}: {}", answer.text),
            }
        }
    }
}

#[tokio::test]
async fn a_session_on_its_own_page_may_change_things_and_is_named() {
    let instance = Instance::start().await;
    let cookie = instance.session_cookie().await;
    let ask = |method: Method, path: &str| {
        let request = instance.request(method, path);
        let request = request.header("origin", instance.url(""));
        request.header("cookie", &cookie)
    };
    let made = ask(Method::POST, "/api/v1/tokens").body(r#"{"name":"by hand","scopes":["read"]}"#);
    Answer::of(made).await.expect(201);
    let events = ask(Method::GET, "/api/v1/audit_events?event_type=api_token_created");
    let event = Answer::of(events).await.expect(200)["items"][0]["event"].clone();
    assert_eq!(
        (&event["author_id"], &event["author_name"]),
        (&json!(1), &json!("root"))
    );
    let own = ask(Method::PATCH, "/api/v1/users/1").body(r#"{"enabled":false}"#);
    assert!(Answer::of(own).await.refused_fields()[0].1.contains("disable yourself"));
}

#[tokio::test]
async fn what_a_token_changes_is_told_under_its_name() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    admin
        .post("/api/v1/tokens", &json!({"name": "made", "scopes": ["ingest"]}))
        .await
        .expect(201);
    let events = admin
        .get("/api/v1/audit_events?event_type=api_token_created")
        .await
        .expect(200);
    let event = &events["items"][0]["event"];
    assert_eq!(event["author_name"], "client with admin");
    assert_eq!(event["details"]["author_class"], "ApiToken");
    assert_eq!(
        (&event["author_id"], &event["ip_address"]),
        (&json!(-1), &json!("127.0.0.1"))
    );
}

#[tokio::test]
async fn each_caller_has_so_many_requests_a_minute_and_is_told_how_many_are_left() {
    let instance = Instance::start_with(|options| {
        options.api.api_rate = NonZeroU32::new(3);
    })
    .await;
    let (one, other) = (
        Client::with_scope(&instance, "read").await,
        Client::with_scope(&instance, "admin").await,
    );
    for left in ["2", "1", "0"] {
        let answer = one.get("/api/v1/instance").await;
        assert_eq!((answer.status, answer.header("ratelimit-remaining")), (200, Some(left)));
        assert_eq!(answer.header("ratelimit-limit"), Some("3"));
        let reset: i64 = answer.header("ratelimit-reset").unwrap().parse().unwrap();
        assert!(reset > Clock::machine().now().unix_seconds());
    }
    let refused = one.get("/api/v1/instance").await;
    assert_eq!(refused.error(), (429, "rate_limited".into()));
    assert_eq!(refused.header("ratelimit-remaining"), Some("0"));
    let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait));
    let like_gitlab = one.get("/api/v4/audit_events").await;
    assert_eq!(
        (like_gitlab.status, like_gitlab.header("ratelimit-limit")),
        (429, Some("3"))
    );
    assert!(
        like_gitlab.json()["message"]["error"].is_string(),
        "{}",
        like_gitlab.text
    );
    assert_eq!(other.get("/api/v1/instance").await.status, 200, "another caller");
    let ingest = instance.token("app", &["ingest"]).await;
    for _ in 0..5 {
        instance.post(&ingest, r#"{"event_type":"x"}"#).await;
    }
}

#[tokio::test]
async fn no_limit_is_told_where_there_is_none_and_ingest_tells_its_own() {
    let instance = Instance::start_with(|options| {
        options.api.ingest_rate = NonZeroU32::new(100);
    })
    .await;
    let admin = Client::with_scope(&instance, "admin").await;
    let answer = admin.get("/api/v1/instance").await;
    assert_eq!((answer.status, answer.header("ratelimit-limit")), (200, None));
    let posted = admin.post("/api/v1/audit_events", &json!({"event_type": "x"})).await;
    assert_eq!((posted.status, posted.header("ratelimit-limit")), (201, Some("100")));
    assert_eq!(posted.header("ratelimit-remaining"), Some("99"));
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_words_of_each_api() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    let unknown = admin.get("/api/v1/nothing").await;
    assert_eq!(unknown.error(), (404, "not_found".into()));
    let problem = unknown.json();
    assert_eq!(unknown.header("content-type"), Some("application/problem+json"));
    assert_eq!(
        (
            &problem["type"],
            &problem["title"],
            &problem["status"],
            &problem["code"]
        ),
        (
            &json!("about:blank"),
            &json!("Not Found"),
            &json!(404),
            &json!("not_found")
        )
    );
    let put = Answer::of(admin.request(Method::PUT, "/api/v1/destinations")).await;
    assert_eq!(put.error(), (405, "method_not_allowed".into()));
    assert!(put.header("allow").is_some());
    assert_eq!(
        admin.get("/api/v4/projects").await.json(),
        json!({"error": "404 Not Found"})
    );
    assert_eq!(
        admin.delete("/api/v4/audit_events").await.json(),
        json!({"error": "405 Not Allowed"})
    );
}

#[test]
fn the_committed_openapi_document_is_the_one_that_is_served() {
    let printed = format!("{}\n", api::document().trim_end());
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json")).unwrap();
    assert!(
        printed == committed,
        "docs/openapi.json is out of date: run `cargo run -p server -- schema openapi > docs/openapi.json`"
    );
    let _document: Value = serde_json::from_str(&printed).unwrap();
}
