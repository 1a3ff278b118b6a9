//! What there is to ask for: the committed schema, introspection, and the definitions of event types.

use serde_json::{Value, json};

use crate::{
    graphql_client::{GraphqlClient, prepare},
    instance::Instance,
};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schema.graphql");

/// As graphql-js and the tools around it ask for a schema.
const INTROSPECTION: &str = "
    query IntrospectionQuery {
      __schema {
        description queryType { name } mutationType { name } subscriptionType { name }
        types { ...FullType }
        directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
      }
    }
    fragment FullType on __Type {
      kind name description specifiedByURL
      fields(includeDeprecated: true) {
        name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason
      }
      inputFields(includeDeprecated: true) { ...InputValue }
      interfaces { ...TypeRef }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
      possibleTypes { ...TypeRef }
    }
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
    fragment TypeRef on __Type {
      kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
        ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name }
      } } } } } } } }
    }";

#[tokio::test]
async fn the_committed_schema_is_the_one_that_is_served() {
    let printed = format!("{}\n", api::schema_definition().trim_end());
    let committed = std::fs::read_to_string(COMMITTED).unwrap();
    assert!(
        printed == committed,
        "docs/schema.graphql is out of date: cargo run -p server -- schema graphql > docs/schema.graphql"
    );
}

#[tokio::test]
async fn the_whole_schema_can_be_asked_for() {
    let instance = Instance::start().await;
    let answer = GraphqlClient::new(&instance, "read").await.ask(INTROSPECTION).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    let schema = &answer["data"]["__schema"];
    assert_eq!(schema["mutationType"], json!({"name": "Mutation"}));
    let names: Vec<&str> = schema["types"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind["name"].as_str().unwrap())
        .collect();
    for name in [
        "InstanceExternalAuditEventDestination",
        "JSON",
        "AuditEventsInstanceNamespaceFilterID",
    ] {
        assert!(names.contains(&name), "{name}");
    }
}

#[tokio::test]
async fn definitions_of_event_types_come_in_pages() {
    let instance = Instance::start().await;
    let client = GraphqlClient::new(&instance, "read").await;
    let fields = "name description introducedByIssue introducedByMr featureCategory milestone savedToDatabase streamed";
    let (mut definitions, mut after) = (Vec::new(), Value::Null);
    loop {
        let query = format!(
            "query($after: String) {{ auditEventDefinitions(after: $after) {{ nodes {{ {fields} }} \
             pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let mut answer = client.ask_with(&query, json!({"after": after})).await;
        let page = answer["data"]["auditEventDefinitions"].take();
        let nodes = page["nodes"].as_array().unwrap();
        assert!(nodes.len() <= 100);
        definitions.extend(nodes.iter().cloned());
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        assert_eq!(nodes.len(), 100);
        after = page["pageInfo"]["endCursor"].clone();
    }
    let named = |name: &str| {
        definitions
            .iter()
            .find(|definition| definition["name"] == name)
            .unwrap()
    };
    let names: Vec<&str> = definitions
        .iter()
        .map(|definition| definition["name"].as_str().unwrap())
        .collect();
    assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
    assert!(definitions.len() >= 630, "{}", definitions.len());
    let gpg = named("add_gpg_key");
    assert_eq!(
        gpg,
        &json!({
            "name": "add_gpg_key", "description": gpg["description"], "introducedByIssue": null, "introducedByMr": null,
            "featureCategory": "compliance_management", "milestone": "15.9", "savedToDatabase": true, "streamed": true,
        })
    );
    assert!(gpg["description"].as_str().unwrap().ends_with('.'));
    assert_eq!(named("repository_git_operation")["savedToDatabase"], false);
}

#[tokio::test]
async fn fragments_may_be_on_gitlabs_interfaces() {
    let instance = Instance::start().await;
    let client = GraphqlClient::new(&instance, "admin").await;
    prepare(&client).await;
    let query = "{
        auditEventsInstanceStreamingDestinations { nodes {
            ... on AuditEventStreamingDestinationInterface { id name category config eventTypeFilters secretToken active }
        } }
        instanceExternalAuditEventDestinations { nodes {
            ... on ExternalAuditEventDestinationInterface { id name destinationUrl verificationToken eventTypeFilters active }
            headers { nodes { ... on BaseHeaderInterface { id key value active } } }
        } }
        instanceGoogleCloudLoggingConfigurations { nodes {
            ... on GoogleCloudLoggingConfigurationInterface { id name googleProjectIdName clientEmail logIdName active }
        } }
        auditEventsInstanceAmazonS3Configurations { nodes {
            ... on AmazonS3ConfigurationInterface { id name accessKeyXid bucketName awsRegion active }
        } }
    }";
    let answer = client.ask(query).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    let unified = &answer["data"]["auditEventsInstanceStreamingDestinations"]["nodes"][0];
    assert_eq!(
        (&unified["name"], &unified["category"]),
        (&json!("SIEM"), &json!("http"))
    );
    let http = &answer["data"]["instanceExternalAuditEventDestinations"]["nodes"][0];
    assert_eq!(
        (&http["destinationUrl"], &http["headers"]["nodes"][0]["key"]),
        (&json!("https://siem.example/in"), &json!("Authorization"))
    );
    let kinds = "{ __type(name: \"BaseHeaderInterface\") { kind possibleTypes { name } } }";
    assert_eq!(
        client.ask(kinds).await,
        json!({"data": {"__type": {"kind": "INTERFACE", "possibleTypes": [{"name": "AuditEventsStreamingInstanceHeader"}]}}})
    );
}
