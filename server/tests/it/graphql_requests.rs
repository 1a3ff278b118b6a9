//! In which form GraphQL is asked, how much at once, and what gets into no log.

use serde_json::json;

use crate::{
    graphql_client::{GraphqlClient, http_id, prepare},
    instance::{Instance, until},
};

#[tokio::test]
async fn nothing_that_is_asked_or_answered_gets_into_the_servers_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = std::fs::File::create(&path).unwrap();
    let instance = Instance::start_logging_to(log, &[("AUDIT_STREAMS_LOG_LEVEL", "trace")]);
    let api = GraphqlClient::new(&instance, "admin");
    prepare(&api).await;
    let input = json!({"destinationId": http_id(1), "key": "X-Key", "value": "hidden-header-value"});
    api.payload("auditEventsStreamingInstanceHeadersCreate", input, "header { value }")
        .await;
    let refused = json!({"destinationId": http_id(1), "key": "X-Key", "value": "refused-header-value"});
    api.errors("auditEventsStreamingInstanceHeadersCreate", refused).await;
    let malformed = api.post("{\"query\": \"malformed-header-value").await;
    assert_eq!(malformed.status, 400);
    let text = until("the last request is logged", || {
        let text = std::fs::read_to_string(&path).unwrap();
        text.contains("status=400").then_some(text)
    })
    .await;
    for secret in [
        "Splunk secret",
        "a-token-of-20-chars.",
        "hidden-header-value",
        "refused-header-value",
        "malformed-header-value",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
}
