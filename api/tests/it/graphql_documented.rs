//! What GitLab's documentation shows, one step after the other as its reader does them: the same operations, arguments and
//! selections, written into the query itself, with values of our own.

use receivers::google::GoogleServer;
use serde_json::{Value, json};

use crate::{
    graphql_client::{GraphqlClient, http_id, unified_id},
    graphql_helpers::{google_id, header_id, s3_id, take_text},
    instance::Instance,
};

/// Asks, and takes the answer of the one operation in the query.
async fn carry_out(api: &GraphqlClient<'_>, operation: &str, query: &str) -> Value {
    let mut answer = api.ask(query).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"][operation].take()
}

#[tokio::test]
async fn the_http_examples_work_as_they_stand() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let mut added = carry_out(
        &api,
        "instanceExternalAuditEventDestinationCreate",
        r#"mutation {
             instanceExternalAuditEventDestinationCreate(input: { destinationUrl: "https://siem.example/ingest", name: "siem" }) {
               errors
               instanceExternalAuditEventDestination { destinationUrl id name verificationToken }
             }
           }"#,
    )
    .await;
    take_text(&mut added, "/instanceExternalAuditEventDestination/verificationToken");
    let mut destination = json!({
        "destinationUrl": "https://siem.example/ingest", "id": http_id(1), "name": "siem", "verificationToken": "made up",
    });
    assert_eq!(
        added,
        json!({"errors": [], "instanceExternalAuditEventDestination": destination})
    );

    let header = carry_out(
        &api,
        "auditEventsStreamingInstanceHeadersCreate",
        r#"mutation {
             auditEventsStreamingInstanceHeadersCreate(input: {
               destinationId: "gid://gitlab/AuditEvents::InstanceExternalAuditEventDestination/1",
               key: "X-Stage", value: "test", active: true
             }) { errors header { id key value active } }
           }"#,
    );
    assert_eq!(
        header.await,
        json!({"errors": [], "header": {"id": header_id(1), "key": "X-Stage", "value": "test", "active": true}})
    );

    let mut updated = carry_out(
        &api,
        "instanceExternalAuditEventDestinationUpdate",
        r#"mutation {
             instanceExternalAuditEventDestinationUpdate(input: {
               id: "gid://gitlab/AuditEvents::InstanceExternalAuditEventDestination/1",
               destinationUrl: "https://other.example/webhook", name: "other"
             }) { errors instanceExternalAuditEventDestination { destinationUrl id name verificationToken } }
           }"#,
    )
    .await;
    take_text(&mut updated, "/instanceExternalAuditEventDestination/verificationToken");
    destination["destinationUrl"] = json!("https://other.example/webhook");
    destination["name"] = json!("other");
    assert_eq!(
        updated,
        json!({"errors": [], "instanceExternalAuditEventDestination": destination})
    );

    let header = carry_out(
        &api,
        "auditEventsStreamingInstanceHeadersUpdate",
        r#"mutation {
             auditEventsStreamingInstanceHeadersUpdate(input: {
               headerId: "gid://gitlab/AuditEvents::Streaming::InstanceHeader/1", key: "X-Step", value: "live", active: false
             }) { errors header { id key value active } }
           }"#,
    );
    let stored = json!({"id": header_id(1), "key": "X-Step", "value": "live", "active": false});
    assert_eq!(header.await, json!({"errors": [], "header": stored}));

    let filter = carry_out(
        &api,
        "auditEventsStreamingDestinationInstanceEventsAdd",
        r#"mutation {
             auditEventsStreamingDestinationInstanceEventsAdd(input: {
               destinationId: "gid://gitlab/AuditEvents::InstanceExternalAuditEventDestination/1",
               eventTypeFilters: ["user_created", "user_blocked"]
             }) { errors eventTypeFilters }
           }"#,
    );
    assert_eq!(
        filter.await,
        json!({"errors": [], "eventTypeFilters": ["user_blocked", "user_created"]})
    );

    let mut listed = carry_out(
        &api,
        "instanceExternalAuditEventDestinations",
        "query {
           instanceExternalAuditEventDestinations {
             nodes {
               id name destinationUrl verificationToken
               headers { nodes { id key value active } }
               eventTypeFilters
             }
           }
         }",
    )
    .await;
    take_text(&mut listed, "/nodes/0/verificationToken");
    destination["headers"] = json!({"nodes": [stored]});
    destination["eventTypeFilters"] = json!(["user_blocked", "user_created"]);
    assert_eq!(listed, json!({"nodes": [destination]}));

    for (operation, query) in [
        (
            "auditEventsStreamingDestinationInstanceEventsRemove",
            r#"mutation {
                 auditEventsStreamingDestinationInstanceEventsRemove(input: {
                   destinationId: "gid://gitlab/AuditEvents::InstanceExternalAuditEventDestination/1",
                   eventTypeFilters: ["user_created", "user_blocked"]
                 }) { errors }
               }"#,
        ),
        (
            "auditEventsStreamingInstanceHeadersDestroy",
            r#"mutation {
                 auditEventsStreamingInstanceHeadersDestroy(input: {
                   headerId: "gid://gitlab/AuditEvents::Streaming::InstanceHeader/1"
                 }) { errors }
               }"#,
        ),
        (
            "instanceExternalAuditEventDestinationDestroy",
            r#"mutation {
                 instanceExternalAuditEventDestinationDestroy(input: {
                   id: "gid://gitlab/AuditEvents::InstanceExternalAuditEventDestination/1"
                 }) { errors }
               }"#,
        ),
    ] {
        assert_eq!(carry_out(&api, operation, query).await, json!({"errors": []}));
    }
}

#[tokio::test]
async fn the_examples_for_the_clouds_work_as_they_stand() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let google = GoogleServer::start().await.unwrap();
    let key = json!(google.service_account().private_key_pem).to_string();
    let shown = "instanceGoogleCloudLoggingConfiguration { id googleProjectIdName logIdName clientEmail name }";
    // The documentation selects the errors twice.
    let create = format!(
        r#"mutation {{
             instanceGoogleCloudLoggingConfigurationCreate(input: {{
               googleProjectIdName: "our-project", clientEmail: "audit@our-project.example", privateKey: {key},
               logIdName: "audit-events", name: "logging"
             }}) {{ errors {shown} errors }}
           }}"#
    );
    assert_eq!(
        carry_out(&api, "instanceGoogleCloudLoggingConfigurationCreate", &create).await,
        json!({"errors": [], "instanceGoogleCloudLoggingConfiguration": {
            "id": google_id(1), "googleProjectIdName": "our-project", "logIdName": "audit-events",
            "clientEmail": "audit@our-project.example", "name": "logging",
        }})
    );
    let update = format!(
        r#"mutation {{
             instanceGoogleCloudLoggingConfigurationUpdate(
               input: {{id: "gid://gitlab/AuditEvents::Instance::GoogleCloudLoggingConfiguration/1",
                 googleProjectIdName: "next-project", clientEmail: "audit@next-project.example", privateKey: {key},
                 logIdName: "audit-events", name: "next"}}
             ) {{ errors {shown} }}
           }}"#
    );
    let stored = json!({
        "id": google_id(1), "googleProjectIdName": "next-project", "logIdName": "audit-events",
        "clientEmail": "audit@next-project.example", "name": "next",
    });
    assert_eq!(
        carry_out(&api, "instanceGoogleCloudLoggingConfigurationUpdate", &update).await,
        json!({"errors": [], "instanceGoogleCloudLoggingConfiguration": stored})
    );
    let list = "query { instanceGoogleCloudLoggingConfigurations {
                  nodes { id logIdName googleProjectIdName clientEmail name } } }";
    assert_eq!(
        carry_out(&api, "instanceGoogleCloudLoggingConfigurations", list).await,
        json!({"nodes": [stored]})
    );
    let create = r#"mutation {
        auditEventsInstanceAmazonS3ConfigurationCreate(input: {
          name: "bucket", accessKeyXid: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfi",
          bucketName: "our-audit-events", awsRegion: "eu-central-1"
        }) {
          errors
          instanceAmazonS3Configuration { id name accessKeyXid bucketName awsRegion }
        }
      }"#;
    assert_eq!(
        carry_out(&api, "auditEventsInstanceAmazonS3ConfigurationCreate", create).await,
        json!({"errors": [], "instanceAmazonS3Configuration": {
            "id": s3_id(2), "name": "bucket", "accessKeyXid": "AKIAIOSFODNN7EXAMPLE", "bucketName": "our-audit-events",
            "awsRegion": "eu-central-1",
        }})
    );
}

#[tokio::test]
async fn a_config_may_be_written_into_the_query() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let create = r#"mutation {
        instanceAuditEventStreamingDestinationsCreate(input: {
          config: { url: "https://siem.example/ingest", headers: { Team: { value: "audit", active: true } } }
          name: "siem" category: "http" secretToken: "a-token-of-20-chars."
        }) {
          errors
          externalAuditEventDestination { id name category config secretToken }
        }
      }"#;
    assert_eq!(
        carry_out(&api, "instanceAuditEventStreamingDestinationsCreate", create).await,
        json!({"errors": [], "externalAuditEventDestination": {
            "id": unified_id(1), "name": "siem", "category": "http", "secretToken": "a-token-of-20-chars.",
            "config": {"url": "https://siem.example/ingest", "headers": {"Team": {"value": "audit", "active": true}}},
        }})
    );
}
