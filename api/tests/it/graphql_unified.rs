//! GitLab's unified family: each operation for each category with its whole answer, carried out and refused; and that both
//! families show the same destinations.

use receivers::google::GoogleServer;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    graphql_client::{GraphqlClient, http_id, unified_id},
    graphql_helpers::{NOT_THERE, google_id, header_id, refused, s3_id, take_text},
    instance::Instance,
};

const CREATE: &str = "instanceAuditEventStreamingDestinationsCreate";
const UPDATE: &str = "instanceAuditEventStreamingDestinationsUpdate";
const DELETE: &str = "instanceAuditEventStreamingDestinationsDelete";
const SHOWN: &str = "externalAuditEventDestination { id name category config secretToken active paused eventTypeFilters \
                     namespaceFilters { id } }";
const TOKEN: &str = "a-token-of-20-chars.";

fn answer(mutation: &str, errors: &[&str], destination: Value) -> Value {
    json!({"data": {mutation: {
        "clientMutationId": null, "errors": errors, "externalAuditEventDestination": destination,
    }}})
}

fn destination(number: i64, category: &str, config: Value, secret: &str) -> Value {
    json!({
        "id": unified_id(number), "name": category, "category": category, "config": config, "secretToken": secret,
        "active": true, "paused": false, "eventTypeFilters": [], "namespaceFilters": [],
    })
}

/// Adds a destination, named by its category.
async fn add(api: &GraphqlClient<'_>, category: &str, config: Value, secret: Option<&str>) -> Value {
    let input = json!({"category": category, "name": category, "config": config, "secretToken": secret});
    api.mutate(CREATE, input, SHOWN).await
}

async fn private_key() -> String {
    let google = GoogleServer::start().await.unwrap();
    google.service_account().private_key_pem.clone()
}

fn http_config() -> Value {
    json!({"url": "https://siem.example/in", "headers": {"X-Team": {"value": "security", "active": true}}})
}

fn gcp_config() -> Value {
    json!({"googleProjectIdName": "my-project", "clientEmail": "audit@my-project.example", "logIdName": "audit-events"})
}

fn aws_config() -> Value {
    json!({"accessKeyXid": "AKIAIOSFODNN7EXAMPLE", "bucketName": "audit-events", "awsRegion": "eu-central-1"})
}

fn with(mut config: Value, key: &str, value: &str) -> Value {
    config[key] = json!(value);
    config
}

/// Without what has a default.
fn without(mut config: Value, key: &str) -> Value {
    config.as_object_mut().unwrap().remove(key).unwrap();
    config
}

#[tokio::test]
async fn a_destination_of_each_category_is_added_and_both_families_show_it_under_one_number() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let http = destination(1, "http", http_config(), TOKEN);
    assert_eq!(
        add(&api, "http", http_config(), Some(TOKEN)).await,
        answer(CREATE, &[], http.clone())
    );
    let gcp = destination(2, "gcp", gcp_config(), "");
    assert_eq!(
        add(
            &api,
            "gcp",
            without(gcp_config(), "logIdName"),
            Some(&private_key().await)
        )
        .await,
        answer(CREATE, &[], gcp.clone())
    );
    let aws = destination(3, "aws", aws_config(), "");
    assert_eq!(
        add(&api, "aws", aws_config(), Some("secret")).await,
        answer(CREATE, &[], aws.clone())
    );
    let query = "{ auditEventsInstanceStreamingDestinations { nodes { id name category config secretToken active paused \
                 eventTypeFilters namespaceFilters { id } } } \
                 instanceExternalAuditEventDestinations { nodes { id name verificationToken headers { nodes { id value } } } } \
                 instanceGoogleCloudLoggingConfigurations { nodes { id name } } \
                 auditEventsInstanceAmazonS3Configurations { nodes { id name } } }";
    let header = json!({"id": header_id(1), "value": "security"});
    assert_eq!(
        api.ask(query).await,
        json!({"data": {
            "auditEventsInstanceStreamingDestinations": {"nodes": [http, gcp, aws]},
            "instanceExternalAuditEventDestinations": {"nodes": [
                {"id": http_id(1), "name": "http", "verificationToken": TOKEN, "headers": {"nodes": [header]}},
            ]},
            "instanceGoogleCloudLoggingConfigurations": {"nodes": [{"id": google_id(2), "name": "gcp"}]},
            "auditEventsInstanceAmazonS3Configurations": {"nodes": [{"id": s3_id(3), "name": "aws"}]},
        }})
    );
    for number in 1..=3 {
        assert_eq!(
            api.mutate(DELETE, json!({"id": unified_id(number)}), "").await,
            json!({"data": {DELETE: {"clientMutationId": null, "errors": []}}})
        );
        for mutation in [UPDATE, DELETE] {
            assert_eq!(
                api.mutate(mutation, json!({"id": unified_id(number)}), "").await,
                refused(mutation, NOT_THERE)
            );
        }
    }
}

#[tokio::test]
async fn what_is_left_out_of_a_new_destination_is_made_up() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let input = json!({"category": "http", "config": {"url": "https://siem.example/in", "headers": {}}});
    let mut added = api.mutate(CREATE, input, SHOWN).await;
    let shown = format!("/data/{CREATE}/externalAuditEventDestination");
    assert_eq!(take_text(&mut added, &format!("{shown}/secretToken")).len(), 24);
    assert!(take_text(&mut added, &format!("{shown}/name")).starts_with("Destination_"));
    assert_eq!(
        added["data"][CREATE]["externalAuditEventDestination"]["config"],
        json!({"url": "https://siem.example/in"})
    );
}

#[tokio::test]
async fn a_change_replaces_the_config_and_leaves_the_rest() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add(&api, "http", http_config(), Some(TOKEN)).await;
    let mut stored = destination(1, "http", http_config(), TOKEN);
    for (field, value) in [
        ("name", json!("SIEM")),
        ("secretToken", json!("another-token-of-24-chrs")),
        ("active", json!(false)),
        ("paused", json!(true)),
        ("category", json!("http")),
        (
            "config",
            json!({"url": "https://other.example/in", "headers": {
                "X-Team": {"value": "audit", "active": false}, "Content-Type": {"value": "application/json", "active": true},
            }}),
        ),
        ("config", json!({"url": "https://other.example/in"})),
    ] {
        stored[field] = value.clone();
        let changed = api
            .mutate(UPDATE, json!({"id": unified_id(1), field: value}), SHOWN)
            .await;
        assert_eq!(changed, answer(UPDATE, &[], stored.clone()));
    }
    let both = json!({"url": "https://other.example/in", "headers": {"X-B": {"value": "2"}, "X-A": {"value": "1"}}});
    api.payload(UPDATE, json!({"id": unified_id(1), "config": both}), "")
        .await;
    let headers = "{ instanceExternalAuditEventDestinations { nodes { headers { nodes { id key } } } } }";
    let before = api.ask(headers).await;
    let only = json!({"url": "https://other.example/in", "headers": {"X-B": {"value": "3"}}});
    api.payload(UPDATE, json!({"id": unified_id(1), "config": only}), "")
        .await;
    let after = api.ask(headers).await;
    let nodes = |answer: &Value| {
        answer["data"]["instanceExternalAuditEventDestinations"]["nodes"][0]["headers"]["nodes"].clone()
    };
    assert_eq!(nodes(&after), json!([nodes(&before)[1]]), "it is the same header still");
}

#[tokio::test]
async fn the_keys_and_secrets_of_the_other_categories_are_changed_and_never_shown() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add(&api, "gcp", gcp_config(), Some(&private_key().await)).await;
    let other = json!({"googleProjectIdName": "other-project", "clientEmail": "b@other.example", "logIdName": "x/y"});
    let input = json!({"id": unified_id(1), "config": other, "secretToken": private_key().await});
    assert_eq!(
        api.mutate(UPDATE, input, SHOWN).await,
        answer(UPDATE, &[], destination(1, "gcp", other, ""))
    );
    let mut own = aws_config();
    own["endpointUrl"] = json!("https://minio.example");
    own["keyPrefix"] = json!("audit");
    own["objectLayout"] = json!("batches");
    own["partitions"] = json!("hive");
    own["encryption"] = json!("AES256");
    own["lockMode"] = json!("GOVERNANCE");
    own["lockDays"] = json!(30);
    let added = add(&api, "aws", own.clone(), Some("secret")).await;
    assert_eq!(added, answer(CREATE, &[], destination(2, "aws", own.clone(), "")));
    let plain = json!({"accessKeyXid": "AKIAIOSFODNN7EXAMPLE", "bucketName": "other", "awsRegion": "eu-central-1"});
    own["bucketName"] = json!("other");
    let input = json!({"id": unified_id(2), "config": plain, "secretToken": "another-secret"});
    assert_eq!(
        api.mutate(UPDATE, input, SHOWN).await,
        answer(UPDATE, &[], destination(2, "aws", own, "")),
        "a client that does not know the other keys does not take them away"
    );
}

#[tokio::test]
async fn what_breaks_a_rule_is_told_in_the_payload() {
    let instance = Instance::start_with(|options| {
        options.engine.fixed.allow_local_network = Some(false);
    })
    .await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let shape = "Config must be a valid json schema";
    let url = "https://siem.example/in";
    let (long, too_long, key) = ("t".repeat(25), "k".repeat(4_097), private_key().await);
    for (category, config, secret, message) in [
        ("http", json!({}), None, shape),
        ("http", json!({"url": url, "more": 1}), None, shape),
        ("http", json!({"url": url, "headers": {"X-A": "v"}}), None, shape),
        ("http", json!("https://siem.example"), None, shape),
        ("http", json!({"url": "ftp://siem.example"}), None, shape),
        ("http", json!({"url": "siem"}), None, shape),
        ("http", json!({"url": "$COLLECTOR"}), None, shape),
        (
            "http",
            json!({"url": format!("{url}{}", "x".repeat(2_000))}),
            None,
            shape,
        ),
        (
            "http",
            json!({"url": "http://10.1.2.3/"}),
            None,
            "Destination url is blocked: Requests to the local network are not allowed",
        ),
        (
            "http",
            json!({"url": url, "headers": {"X A": {"value": "v"}}}),
            None,
            shape,
        ),
        (
            "http",
            json!({"url": url, "headers": {"X-A": {"value": ""}}}),
            None,
            shape,
        ),
        (
            "http",
            json!({"url": "", "headers": {"": {"value": "\n"}}}),
            None,
            shape,
        ),
        (
            "http",
            json!({"url": url, "headers": {"X-GITLAB-Event-Streaming-Token": {"value": "v"}}}),
            None,
            "Config headers cannot contain X-Gitlab-Event-Streaming-Token",
        ),
        (
            "http",
            json!({"url": url}),
            Some("short"),
            "Secret token should have length between 16 to 24 characters.",
        ),
        (
            "http",
            json!({"url": url}),
            Some(&long),
            "Secret token should have length between 16 to 24 characters.",
        ),
        ("gcp", gcp_config(), None, "Secret token is required for category"),
        ("gcp", without(gcp_config(), "clientEmail"), Some("x"), shape),
        ("gcp", with(gcp_config(), "clientEmail", "nobody"), Some(&key), shape),
        (
            "gcp",
            with(gcp_config(), "googleProjectIdName", "My"),
            Some(&key),
            shape,
        ),
        ("gcp", with(gcp_config(), "logIdName", "a b"), Some(&key), shape),
        (
            "gcp",
            gcp_config(),
            Some(&too_long),
            "Secret token is too long (maximum is 4096 characters)",
        ),
        (
            "gcp",
            gcp_config(),
            Some("x"),
            "Private key must be the private_key of a service account's key: a PEM text from -----BEGIN PRIVATE KEY----- to \
          -----END PRIVATE KEY-----",
        ),
        ("aws", aws_config(), Some(" "), "Secret token is required for category"),
        ("aws", json!({"bucketName": "b"}), Some("x"), shape),
        ("aws", with(aws_config(), "accessKeyXid", "AKIA"), Some("x"), shape),
        ("aws", with(aws_config(), "bucketName", "Bucket"), Some("x"), shape),
        ("aws", with(aws_config(), "awsRegion", "US East"), Some("x"), shape),
        (
            "aws",
            with(aws_config(), "objectLayout", "rows"),
            Some("x"),
            "Object layout must be events or batches",
        ),
        (
            "aws",
            aws_config(),
            Some(&too_long),
            "Secret token is too long (maximum is 4096 characters)",
        ),
        ("ftp", json!({}), None, "Category must be one of http, gcp, aws"),
    ] {
        assert_eq!(
            add(&api, category, config.clone(), secret).await,
            answer(CREATE, &[message], Value::Null),
            "{config}"
        );
    }
    let headers: serde_json::Map<String, Value> = (0..21)
        .map(|number| (format!("X-{number}"), json!({"value": "v"})))
        .collect();
    assert_eq!(
        add(&api, "http", json!({"url": url, "headers": headers}), None).await,
        answer(CREATE, &[shape], Value::Null)
    );
}

#[tokio::test]
async fn a_change_that_breaks_a_rule_changes_nothing() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add(&api, "http", http_config(), Some(TOKEN)).await;
    for (change, message) in [
        (
            json!({"secretToken": ""}),
            "Secret token should have length between 16 to 24 characters.",
        ),
        (
            json!({"secretToken": "short"}),
            "Secret token should have length between 16 to 24 characters.",
        ),
        (json!({"name": ""}), "Name can't be blank"),
        (json!({"config": {"headers": {}}}), "Config must be a valid json schema"),
        (
            json!({"category": "gcp"}),
            "Category can't be changed: add a destination of the other category",
        ),
        (json!({"category": "ftp"}), "Category must be one of http, gcp, aws"),
    ] {
        let mut input = change;
        input["id"] = json!(unified_id(1));
        assert_eq!(
            api.mutate(UPDATE, input, SHOWN).await,
            answer(UPDATE, &[message], Value::Null)
        );
    }
    let nothing = api.mutate(UPDATE, json!({"id": unified_id(1)}), SHOWN).await;
    assert_eq!(
        nothing,
        answer(UPDATE, &[], destination(1, "http", http_config(), TOKEN))
    );
    let model = "AuditEvents::Instance::ExternalStreamingDestination";
    for mutation in [UPDATE, DELETE] {
        assert_eq!(
            api.top_error(mutation, json!({"id": http_id(1)})).await,
            format!("{:?} does not represent an instance of {model}", http_id(1))
        );
    }
}

#[tokio::test]
async fn what_another_destination_has_is_told_in_the_words_of_the_unified_family() {
    let instance = Instance::start_with(|options| {
        options.engine.destination_limit = 3;
    })
    .await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add(&api, "http", http_config(), None).await;
    let key = private_key().await;
    add(&api, "gcp", gcp_config(), Some(&key)).await;
    let with_name = |category: &str, config: Value, secret: Option<&str>| json!({"category": category, "name": "Other", "config": config, "secretToken": secret});
    for (input, message) in [
        (with_name("http", http_config(), None), "Config url already taken."),
        (
            with_name("gcp", gcp_config(), Some(&key)),
            "Config logIdName, googleProjectIdName already taken.",
        ),
    ] {
        assert_eq!(api.errors(CREATE, input).await, [message]);
    }
    add(&api, "aws", aws_config(), Some("secret")).await;
    assert_eq!(
        api.errors(
            CREATE,
            with_name("http", json!({"url": "https://fourth.example"}), None)
        )
        .await,
        ["Maximum number of external audit event destinations (3) exceeded"]
    );
    api.payload(DELETE, json!({"id": unified_id(2)}), "").await;
    assert_eq!(
        api.errors(CREATE, with_name("aws", aws_config(), Some("x"))).await,
        ["Config bucketName already taken."]
    );
    assert_eq!(
        api.errors(
            CREATE,
            json!({"category": "http", "name": "http", "config": {"url": "https://x.example"}})
        )
        .await,
        ["Name has already been taken"]
    );
}

/// What audit events tell of destinations, the oldest first: the type, the message and the details of each.
async fn audited(reader: &Client<'_>) -> Vec<Value> {
    let page = reader
        .get("/api/v1/audit_events?order_by=seq&sort=asc&per_page=100")
        .await
        .expect(200);
    let events = page["items"].as_array().unwrap().iter().map(|item| &item["event"]);
    let of_destinations = events.filter(|event| event["target_type"].as_str().unwrap().starts_with("AuditEvents::"));
    of_destinations.cloned().collect()
}

#[tokio::test]
async fn changes_are_audited_under_the_names_of_the_family() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let reader = Client::with_scope(&instance, "read").await;
    add(&api, "http", http_config(), Some(TOKEN)).await;
    let moved = with(http_config(), "url", "https://siem.example/another-secret-path");
    api.payload(
        UPDATE,
        json!({"id": unified_id(1), "config": moved, "active": false}),
        "",
    )
    .await;
    let elsewhere = with(http_config(), "url", "https://lake.example/in");
    api.payload(
        UPDATE,
        json!({"id": unified_id(1), "config": elsewhere, "name": "Lake"}),
        "",
    )
    .await;
    let filter = json!({"destinationId": unified_id(1), "namespacePath": "engineering/web"});
    api.payload("auditEventsInstanceDestinationNamespaceFilterCreate", filter, "")
        .await;
    let url = json!({"id": http_id(1), "destinationUrl": "https://lake.example/other-secret"});
    api.payload("instanceExternalAuditEventDestinationUpdate", url, "")
        .await;
    api.payload(DELETE, json!({"id": unified_id(1)}), "").await;
    let told: Vec<Value> = audited(&reader)
        .await
        .iter()
        .map(|event| json!([event["event_type"], event["details"]["custom_message"]]))
        .collect();
    let updated = "updated_instance_audit_event_streaming_destination";
    assert_eq!(
        told,
        [
            json!([
                "created_instance_audit_event_streaming_destination",
                "Created audit event streaming destination for HTTP"
            ]),
            json!([
                "audit_events_streaming_instance_headers_create",
                "Created custom HTTP header with key X-Team."
            ]),
            json!([
                updated,
                "Changed config from {\"url\":\"https://siem.example\"} to {\"url\":\"https://siem.example (another path or query)\"}"
            ]),
            json!([updated, "Changed active from true to false"]),
            json!([updated, "Changed name from http to Lake"]),
            json!([
                updated,
                "Changed config from {\"url\":\"https://siem.example\"} to {\"url\":\"https://lake.example\"}"
            ]),
            json!([
                "created_instance_namespace_filter",
                "Created namespace filter for instance audit event streaming destination."
            ]),
            json!([
                "update_instance_event_streaming_destination",
                "Changed destination_url from https://lake.example to https://lake.example (another path or query)"
            ]),
            json!([
                "deleted_instance_audit_event_streaming_destination",
                "Deleted audit event streaming destination for HTTP"
            ]),
        ]
    );
    let events = audited(&reader).await;
    let first = &events[0];
    assert_eq!(
        first["target_type"],
        "AuditEvents::Instance::ExternalStreamingDestination"
    );
    assert_eq!(
        (&first["details"]["id"], &first["details"]["category"]),
        (&json!(1), &json!("http"))
    );
    let filter = &events[6]["details"];
    assert_eq!(
        (&filter["destination_name"], &filter["namespace"]),
        (&json!("Lake"), &json!("engineering/web"))
    );
    let text = Value::from(events).to_string();
    assert!(
        !text.contains("secret-path") && !text.contains("other-secret"),
        "{text}"
    );
}

#[tokio::test]
async fn a_config_may_be_a_text_without_headers_and_without_a_log() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let config = json!({"url": "https://siem.example/in", "headers": null}).to_string();
    let added = add(&api, "http", json!(config), Some(TOKEN)).await;
    let shown = destination(1, "http", json!({"url": "https://siem.example/in"}), TOKEN);
    assert_eq!(added, answer(CREATE, &[], shown));
    let key = private_key().await;
    let added = add(&api, "gcp", with(gcp_config(), "logIdName", ""), Some(&key)).await;
    assert_eq!(added, answer(CREATE, &[], destination(2, "gcp", gcp_config(), "")));
    let wrong = add(&api, "http", json!("https://siem.example/in"), Some(TOKEN)).await;
    assert_eq!(
        wrong,
        answer(CREATE, &["Config must be a valid json schema"], Value::Null)
    );
}
