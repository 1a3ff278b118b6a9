//! Limits on the delivery to a destination of each kind, over REST and both families of GraphQL.

use receivers::{Receiver, google::GoogleServer};
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    graphql_client::{GraphqlClient, unified_id},
    graphql_helpers::update_mutation,
    instance::Instance,
};

const PATH: &str = "/api/v1/destinations";

const NUMBERS: [(&str, &str); 3] = [
    ("request_timeout_seconds", "requestTimeoutSeconds"),
    ("max_concurrent_requests", "maxConcurrentRequests"),
    ("max_requests_per_second", "maxRequestsPerSecond"),
];

const LISTS: [(&str, &str); 2] = [
    ("retry_status_codes", "retryStatusCodes"),
    ("reject_status_codes", "rejectStatusCodes"),
];

/// One destination of each kind, with its default timeout.
pub(crate) async fn inputs() -> [(&'static str, Value, u32); 3] {
    let google = GoogleServer::start().await.unwrap();
    let key = &google.service_account().private_key_pem;
    [
        ("http", json!({"url": "http://127.0.0.1:9/in"}), 10),
        (
            "gcp",
            json!({
                "project_id": "my-google-project", "client_email": "a@my-google-project.example", "private_key": key,
            }),
            20,
        ),
        (
            "aws",
            json!({
                "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                "region": "us-east-1", "bucket": "audit-events", "endpoint_url": "http://127.0.0.1:9",
            }),
            30,
        ),
    ]
}

fn assert_numbers(shown: &Value, expected: [Value; 3], name: impl Fn(&(&'static str, &'static str)) -> &'static str) {
    for (names, value) in NUMBERS.iter().zip(expected) {
        assert_eq!(shown[name(names)], value, "{names:?} of {shown}");
    }
}

#[tokio::test]
async fn a_destination_of_each_kind_has_limits_over_rest() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    for (kind, fields, timeout) in inputs().await {
        let rest = |names: &(&'static str, &'static str)| names.0;
        let added = admin.post(PATH, &json!({"name": kind, kind: fields})).await.expect(201);
        assert_numbers(&added[kind], [json!(timeout), json!(256), json!(null)], rest);
        let path = format!("{PATH}/{}", added["id"]);
        let limits = json!({
            "request_timeout_seconds": 120, "max_concurrent_requests": 1, "max_requests_per_second": 10_000,
        });
        let changed = admin.patch(&path, &json!({kind: limits})).await.expect(200);
        assert_numbers(&changed[kind], [json!(120), json!(1), json!(10_000)], rest);
        let none = json!({kind: {"max_requests_per_second": null}});
        let changed = admin.patch(&path, &none).await.expect(200);
        assert_numbers(&changed[kind], [json!(120), json!(1), json!(null)], rest);
        let wrong = json!({kind: {
            "request_timeout_seconds": 121, "max_concurrent_requests": 0, "max_requests_per_second": 10_001,
        }});
        let refused = admin.patch(&path, &wrong).await.refused_fields();
        assert_eq!(
            refused,
            [
                (
                    "request_timeout_seconds",
                    "Request timeout (s) must be a whole number from 1 to 120"
                ),
                (
                    "max_concurrent_requests",
                    "Maximum concurrent requests must be a whole number from 1 to 256"
                ),
                (
                    "max_requests_per_second",
                    "Maximum requests per second must be a whole number from 0 to 10000"
                ),
            ]
            .map(|(field, message)| (format!("{kind}.{field}"), message.to_owned()))
        );
        let lists = json!({kind: {"retry_status_codes": "409", "reject_status_codes": "500-503 , 404"}});
        let listed = admin.patch(&path, &lists).await;
        if kind == "http" {
            let listed = listed.expect(200);
            assert_eq!(
                LISTS.map(|(name, _)| listed["http"][name].as_str().unwrap_or_default().to_owned()),
                ["409", "404, 500-503"]
            );
            let both = json!({kind: {"retry_status_codes": "200", "reject_status_codes": "401"}});
            let refused = admin.patch(&path, &both).await.refused_fields();
            let fields: Vec<_> = refused.iter().map(|(field, _)| field.as_str()).collect();
            assert_eq!(fields, ["http.retry_status_codes", "http.reject_status_codes"]);
        } else {
            let refused = listed.refused_fields();
            assert!(refused[0].0.ends_with("_status_codes"), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn health_and_a_metric_have_the_maximum_that_the_settings_allow() {
    let instance = Instance::start().await;
    let (admin, receiver) = (Client::with_scope(&instance, "admin").await, Receiver::start().await);
    let input = json!({"name": "SIEM", "http": {"url": receiver.url(), "max_concurrent_requests": 1}});
    admin.post(PATH, &input).await.expect(201);
    let runs = |health: &Value| health["health"]["concurrency"].is_object();
    let health = admin.get_until("/api/v1/destinations/1/health", runs).await;
    let concurrency = &health["health"]["concurrency"];
    assert_eq!((&concurrency["limit"], &concurrency["maximum"]), (&json!(1), &json!(1)));
    assert_eq!(concurrency["limited_by_settings"], true, "{concurrency}");
    let metrics = admin.get("/metrics").await.text;
    let line = r#"audit_streams_destination_concurrency_maximum{destination_id="1",kind="http"} 1"#;
    assert!(metrics.lines().any(|found| found == line), "{metrics}");
}

#[tokio::test]
async fn a_destination_of_each_kind_has_limits_over_its_family_of_graphql() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    let api = GraphqlClient::new(&instance, "admin").await;
    for (kind, fields, timeout) in inputs().await {
        let added = admin.post(PATH, &json!({"name": kind, kind: fields})).await.expect(201);
        let number = added["id"].as_i64().unwrap();
        let (mutation, shown, id) = update_mutation(kind, number);
        let lists = if kind == "http" {
            "retryStatusCodes rejectStatusCodes"
        } else {
            ""
        };
        let graphql = |names: &(&'static str, &'static str)| names.1;
        let names = NUMBERS.map(|(_, name)| name).join(" ");
        let selected = format!("{shown} {{ {names} {lists} }}");
        let update = async |mut change: Value| {
            change["id"] = json!(id);
            api.payload(mutation, change, &selected).await
        };
        let unchanged = update(json!({})).await;
        assert_numbers(&unchanged[shown], [json!(timeout), json!(256), json!(null)], graphql);
        let limits = json!({"requestTimeoutSeconds": 1, "maxConcurrentRequests": 16, "maxRequestsPerSecond": 50});
        assert_numbers(&update(limits).await[shown], [json!(1), json!(16), json!(50)], graphql);
        let no_rate = json!({"maxRequestsPerSecond": 0});
        assert_numbers(
            &update(no_rate).await[shown],
            [json!(1), json!(16), json!(null)],
            graphql,
        );
        let refused = update(json!({"requestTimeoutSeconds": 0})).await;
        assert_eq!(
            refused["errors"],
            json!(["Request timeout (s) must be a whole number from 1 to 120"])
        );
        if kind == "http" {
            let lists = json!({"retryStatusCodes": "423,409", "rejectStatusCodes": "500"});
            let listed = update(lists).await;
            assert_eq!(
                LISTS.map(|(_, name)| listed[shown][name].clone()),
                [json!("409, 423"), json!("500")]
            );
            let refused = update(json!({"rejectStatusCodes": "409"})).await;
            let message = "Status codes to reject can't include 409: it is among the status codes to retry";
            assert_eq!(refused["errors"], json!([message]));
            let none = update(json!({"retryStatusCodes": ""})).await;
            assert_eq!(none[shown]["retryStatusCodes"], json!(""));
        }
    }
}

#[tokio::test]
async fn the_unified_family_has_limits_in_its_config() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    let api = GraphqlClient::new(&instance, "admin").await;
    for (kind, fields, _) in inputs().await {
        let added = admin.post(PATH, &json!({"name": kind, kind: fields})).await.expect(201);
        let listed = "{ auditEventsInstanceStreamingDestinations { nodes { id config } } }";
        let config = async || {
            let listed = api.ask(listed).await;
            let nodes = listed["data"]["auditEventsInstanceStreamingDestinations"]["nodes"]
                .as_array()
                .unwrap()
                .clone();
            let id = unified_id(added["id"].as_i64().unwrap());
            nodes.into_iter().find(|node| node["id"] == json!(id)).unwrap()["config"].clone()
        };
        let mut changed = config().await;
        assert!(changed.get("requestTimeoutSeconds").is_none(), "{kind}: {changed}");
        changed["requestTimeoutSeconds"] = json!(60);
        changed["maxRequestsPerSecond"] = json!(5);
        let input = json!({"id": unified_id(added["id"].as_i64().unwrap()), "config": changed});
        let payload = api
            .payload("instanceAuditEventStreamingDestinationsUpdate", input, "")
            .await;
        assert_eq!(payload["errors"], json!([]));
        assert_eq!(config().await, changed);
    }
}
