//! Who may ask GraphQL what.

use std::{num::NonZeroU32, time::Duration};

use domain::Timestamp;
use engine::clock::Clock;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    graphql_client::{GraphqlClient, http_id, prepare, unified_id},
    graphql_helpers::{NOT_THERE, header_id, namespace_filter_id, refused},
    instance::{Answer, Instance},
};

const DENIED: &str = "You do not have access to this mutation.";

/// Every mutation with an input that would be right, and how it is denied.
fn mutations() -> Vec<(&'static str, Value, &'static str)> {
    let (http, unified) = (http_id(1), unified_id(1));
    let google = "gid://gitlab/AuditEvents::Instance::GoogleCloudLoggingConfiguration/1";
    let s3 = "gid://gitlab/AuditEvents::Instance::AmazonS3Configuration/1";
    let filters = json!(["user_created"]);
    vec![
        (
            "instanceExternalAuditEventDestinationCreate",
            json!({"destinationUrl": "https://x.example"}),
            DENIED,
        ),
        (
            "instanceExternalAuditEventDestinationUpdate",
            json!({"id": http, "name": "x"}),
            DENIED,
        ),
        (
            "instanceExternalAuditEventDestinationDestroy",
            json!({"id": http}),
            DENIED,
        ),
        (
            "auditEventsStreamingInstanceHeadersCreate",
            json!({"destinationId": http, "key": "X-A", "value": "v"}),
            NOT_THERE,
        ),
        (
            "auditEventsStreamingInstanceHeadersUpdate",
            json!({"headerId": header_id(1), "value": "v"}),
            NOT_THERE,
        ),
        (
            "auditEventsStreamingInstanceHeadersDestroy",
            json!({"headerId": header_id(1)}),
            NOT_THERE,
        ),
        (
            "auditEventsStreamingDestinationInstanceEventsAdd",
            json!({"destinationId": http, "eventTypeFilters": filters}),
            NOT_THERE,
        ),
        (
            "auditEventsStreamingDestinationInstanceEventsRemove",
            json!({"destinationId": http, "eventTypeFilters": filters}),
            NOT_THERE,
        ),
        (
            "instanceGoogleCloudLoggingConfigurationCreate",
            json!({"googleProjectIdName": "my-project", "clientEmail": "a@b.example", "privateKey": "x"}),
            NOT_THERE,
        ),
        (
            "instanceGoogleCloudLoggingConfigurationUpdate",
            json!({"id": google, "name": "x"}),
            NOT_THERE,
        ),
        (
            "instanceGoogleCloudLoggingConfigurationDestroy",
            json!({"id": google}),
            NOT_THERE,
        ),
        (
            "auditEventsInstanceAmazonS3ConfigurationCreate",
            json!({"accessKeyXid": "AKIAIOSFODNN7EXAMPLE", "bucketName": "b", "awsRegion": "us-east-1", "secretAccessKey": "x"}),
            NOT_THERE,
        ),
        (
            "auditEventsInstanceAmazonS3ConfigurationUpdate",
            json!({"id": s3, "name": "x"}),
            NOT_THERE,
        ),
        (
            "auditEventsInstanceAmazonS3ConfigurationDelete",
            json!({"id": s3}),
            NOT_THERE,
        ),
        (
            "instanceAuditEventStreamingDestinationsCreate",
            json!({"category": "http", "config": {"url": "https://x.example"}}),
            NOT_THERE,
        ),
        (
            "instanceAuditEventStreamingDestinationsUpdate",
            json!({"id": unified, "name": "x"}),
            NOT_THERE,
        ),
        (
            "instanceAuditEventStreamingDestinationsDelete",
            json!({"id": unified}),
            NOT_THERE,
        ),
        (
            "auditEventsInstanceDestinationEventsAdd",
            json!({"destinationId": unified, "eventTypeFilters": filters}),
            NOT_THERE,
        ),
        (
            "auditEventsInstanceDestinationEventsDelete",
            json!({"destinationId": unified, "eventTypeFilters": filters}),
            NOT_THERE,
        ),
        (
            "auditEventsInstanceDestinationDenylistEventsAdd",
            json!({"destinationId": unified, "eventTypeFilters": filters}),
            NOT_THERE,
        ),
        (
            "auditEventsInstanceDestinationDenylistEventsDelete",
            json!({"destinationId": unified, "eventTypeFilters": filters}),
            NOT_THERE,
        ),
        (
            "auditEventsInstanceDestinationEventPark",
            json!({"destinationId": unified, "seq": "1"}),
            NOT_THERE,
        ),
        (
            "auditEventsInstanceDestinationSecretRotate",
            json!({"destinationId": unified, "secret": "SIGNING_SECRET"}),
            NOT_THERE,
        ),
        (
            "auditEventsInstanceDestinationSecretRotationEnd",
            json!({"destinationId": unified, "secret": "SIGNING_SECRET"}),
            NOT_THERE,
        ),
        (
            "auditEventsInstanceDestinationNamespaceFilterCreate",
            json!({"destinationId": unified, "namespacePath": "other"}),
            NOT_THERE,
        ),
        (
            "auditEventsInstanceDestinationNamespaceFilterDelete",
            json!({"namespaceFilterId": namespace_filter_id(1)}),
            NOT_THERE,
        ),
    ]
}

const EVERYTHING: &str = "{ instanceExternalAuditEventDestinations { nodes { id name destinationUrl verificationToken \
                          eventTypeFilters headers { nodes { key value } } } } \
                          auditEventsInstanceStreamingDestinations { nodes { config secretToken } } \
                          instanceGoogleCloudLoggingConfigurations { nodes { id } } \
                          auditEventsInstanceAmazonS3Configurations { nodes { id } } }";

#[tokio::test]
async fn only_an_administrator_changes_anything_and_each_family_denies_it_in_its_words() {
    let instance = Instance::start().await;
    let admin = GraphqlClient::new(&instance, "admin").await;
    prepare(&admin).await;
    let before = admin.ask(EVERYTHING).await;
    let reader = GraphqlClient::new(&instance, "read").await;
    for (mutation, input, denial) in mutations() {
        assert_eq!(reader.mutate(mutation, input, "").await, refused(mutation, denial));
    }
    assert_eq!(admin.ask(EVERYTHING).await, before, "nothing was changed");
    // The list above is complete.
    let schema = admin.ask("{ __schema { mutationType { fields { name } } } }").await;
    let names = schema["data"]["__schema"]["mutationType"]["fields"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(names, mutations().len());
}

#[tokio::test]
async fn who_may_only_read_sees_destinations_without_what_would_let_it_do_more() {
    let instance = Instance::start().await;
    prepare(&GraphqlClient::new(&instance, "admin").await).await;
    let shown = |url: &str, token: &str, value: &str| {
        json!({"data": {
            "instanceExternalAuditEventDestinations": {"nodes": [{
                "id": http_id(1), "name": "SIEM", "destinationUrl": url, "verificationToken": token,
                "eventTypeFilters": ["user_created"],
                "headers": {"nodes": [{"key": "Authorization", "value": value}]},
            }]},
            "auditEventsInstanceStreamingDestinations": {"nodes": [{
                "config": {"url": url, "headers": {"Authorization": {"value": value, "active": true}}},
                "secretToken": token,
            }]},
            "instanceGoogleCloudLoggingConfigurations": {"nodes": []},
            "auditEventsInstanceAmazonS3Configurations": {"nodes": []},
        }})
    };
    let reader = GraphqlClient::new(&instance, "read").await;
    assert_eq!(reader.ask(EVERYTHING).await, shown("https://siem.example", "", ""));
    let admin = GraphqlClient::with_token(&instance, &instance.token("second", &["admin"]).await);
    assert_eq!(
        admin.ask(EVERYTHING).await,
        shown("https://siem.example/in", "a-token-of-20-chars.", "Splunk secret")
    );
}

#[tokio::test]
async fn without_a_token_nothing_is_asked_not_even_what_there_is_to_ask_for() {
    let instance = Instance::start().await;
    let unknown = GraphqlClient::without_token(&instance);
    for body in [
        json!({"query": EVERYTHING}).to_string(),
        json!({"query": "{ __typename }"}).to_string(),
        json!({"query": "{ __schema { queryType { name } } }"}).to_string(),
        json!({"query": "{ auditEventDefinitions { nodes { name } } }"}).to_string(),
        json!([{"query": "{ __typename }"}]).to_string(),
        "not even JSON".to_owned(),
        String::new(),
        " ".repeat(300 * 1024),
    ] {
        let answer = unknown.post(body.clone()).await;
        assert_eq!(
            (answer.status, answer.json()),
            (401, json!({"errors": [{"message": "Invalid token"}]})),
            "{body:.80}"
        );
        assert!(answer.header("www-authenticate").is_some(), "{answer:?}");
    }
}

#[tokio::test]
async fn an_endpoint_is_shown_whole_to_administrators_alone() {
    let instance = Instance::start().await;
    let admin = GraphqlClient::new(&instance, "admin").await;
    let input = json!({
        "accessKeyXid": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "secret", "bucketName": "audit", "awsRegion": "us-east-1",
        "endpointUrl": "https://minio.example:9000/tenant",
    });
    admin
        .payload("auditEventsInstanceAmazonS3ConfigurationCreate", input, "")
        .await;
    let query = "{ auditEventsInstanceAmazonS3Configurations { nodes { endpointUrl } } \
                 auditEventsInstanceStreamingDestinations { nodes { config } } }";
    for (client, url) in [
        (
            GraphqlClient::new(&instance, "read").await,
            "https://minio.example:9000",
        ),
        (admin, "https://minio.example:9000/tenant"),
    ] {
        let shown = client.ask(query).await["data"].take();
        let own = &shown["auditEventsInstanceAmazonS3Configurations"]["nodes"][0];
        let unified = &shown["auditEventsInstanceStreamingDestinations"]["nodes"][0]["config"];
        assert_eq!(
            (&own["endpointUrl"], &unified["endpointUrl"]),
            (&json!(url), &json!(url))
        );
    }
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_refused_before_anything_is_looked_at() {
    let instance = Instance::start().await;
    let query = json!({"query": EVERYTHING}).to_string();
    let invalid = json!({"errors": [{"message": "Invalid token"}]});
    let revoked = instance.token("revoked", &["admin"]).await;
    instance.revoke_token("revoked").await;
    for token in [
        revoked,
        format!("ast_{}", "x".repeat(43)),
        "glpat-xxxxxxxxxxxxxxxxxxxx".to_owned(),
    ] {
        let client = GraphqlClient::with_token(&instance, &token);
        for body in [query.as_str(), "not even JSON"] {
            let answer = client.post(body.to_owned()).await;
            assert_eq!((answer.status, answer.json()), (401, invalid.clone()), "{token}");
        }
    }
    let ingest = GraphqlClient::new(&instance, "ingest").await.post(query.clone()).await;
    assert_eq!(ingest.status, 403);
    assert_eq!(
        ingest.json(),
        json!({"errors": [{"message": "This API token does not have the scope `read`."}]})
    );
}

#[tokio::test]
async fn a_token_that_has_expired_is_refused() {
    let clock = Clock::set_at(Timestamp::parse("2026-01-01T12:00:00Z").unwrap());
    let its = clock.clone();
    let instance = Instance::start_with(|options| options.clock = its).await;
    let token = instance.token_until("soon over", &["admin"], "2026-01-01").await;
    let client = GraphqlClient::with_token(&instance, &token);
    let query = json!({"query": "{ __typename }"}).to_string();
    assert_eq!(client.post(query.clone()).await.status, 200);
    clock.advance(Duration::from_secs(12 * 3_600));
    let answer = client.post(query).await;
    assert_eq!(
        (answer.status, answer.json()),
        (401, json!({"errors": [{"message": "Invalid token"}]}))
    );
}

#[tokio::test]
async fn a_private_token_header_counts_as_well() {
    let instance = Instance::start_with(|options| options.api.api_rate = NonZeroU32::new(600)).await;
    let token = instance.token("script", &["admin"]).await;
    let request = GraphqlClient::without_token(&instance)
        .request()
        .header("private-token", token);
    let answer = Answer::of(request.body(json!({"query": EVERYTHING}).to_string())).await;
    assert!(answer.json()["data"]["instanceExternalAuditEventDestinations"].is_object());
    assert!(answer.header("ratelimit-remaining").is_some(), "{answer:?}");
}

#[tokio::test]
async fn a_session_counts_from_this_servers_own_pages_alone() {
    let instance = Instance::start().await;
    let cookie = instance.session_cookie().await;
    let create = "mutation { instanceExternalAuditEventDestinationCreate(input: {destinationUrl: \"https://x.example\", \
                  name: \"x\"}) { errors } }";
    let own = instance.url("");
    let send = async |query: &str, header: Option<(&'static str, String)>| {
        let mut request = GraphqlClient::without_token(&instance).request();
        request = request.header("cookie", &cookie);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        Answer::of(request.body(json!({"query": query}).to_string())).await
    };
    for header in [
        None,
        Some(("origin", "https://evil.example".to_owned())),
        Some(("sec-fetch-site", "cross-site".to_owned())),
    ] {
        for query in [create, EVERYTHING] {
            let refused = send(query, header.clone()).await;
            assert_eq!(refused.status, 403, "{header:?}");
            let message = refused.json()["errors"][0]["message"].as_str().unwrap().to_owned();
            assert!(message.starts_with("This request does not come from one of this server's own pages."));
        }
    }
    let created = send(create, Some(("origin", own.clone()))).await;
    assert_eq!(
        (created.status, created.json()),
        (
            200,
            json!({"data": {"instanceExternalAuditEventDestinationCreate": {"errors": []}}})
        )
    );
    let listed = send(EVERYTHING, Some(("sec-fetch-site", "same-origin".to_owned()))).await;
    let nodes = &listed.json()["data"]["instanceExternalAuditEventDestinations"]["nodes"];
    assert_eq!(nodes.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_author_of_a_change_is_who_asked_for_it() {
    let instance = Instance::start().await;
    prepare(&GraphqlClient::new(&instance, "admin").await).await;
    let log = Client::with_scope(&instance, "read")
        .await
        .get("/api/v1/audit_events")
        .await;
    assert_eq!(log.status, 200, "{}", log.text);
    for action in [
        "Created audit event streaming destination for HTTP",
        "Created custom HTTP header",
        "Created namespace filter for instance audit event streaming destination.",
        "user_created",
    ] {
        assert!(log.text.contains(action), "{action}: {}", log.text);
    }
    assert!(log.text.contains("admin script"), "{}", log.text);
    assert!(!log.text.contains("Splunk secret") && !log.text.contains("a-token-of-20-chars."));
}
