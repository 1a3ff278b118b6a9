//! GitLab's operations on headers of HTTP destinations, with their whole answers, carried out and refused.

use serde_json::{Value, json};

use crate::{
    graphql_client::{GraphqlClient, http_id},
    graphql_helpers::{NOT_THERE, header_id},
    instance::Instance,
};

const HEADERS_CREATE: &str = "auditEventsStreamingInstanceHeadersCreate";
const HEADERS_UPDATE: &str = "auditEventsStreamingInstanceHeadersUpdate";
const HEADERS_DESTROY: &str = "auditEventsStreamingInstanceHeadersDestroy";
const HEADER: &str = "header { id key value active }";

async fn add_destination(api: &GraphqlClient<'_>) {
    let input = json!({"name": "SIEM", "destinationUrl": "https://siem.example/in"});
    let payload = api
        .payload("instanceExternalAuditEventDestinationCreate", input, "")
        .await;
    assert_eq!(payload["errors"], json!([]));
}

fn header_answer(mutation: &str, header: &Value) -> Value {
    json!({"data": {mutation: {"clientMutationId": null, "errors": [], "header": header}}})
}

async fn headers(api: &GraphqlClient<'_>) -> Value {
    let listed =
        api.ask("{ instanceExternalAuditEventDestinations { nodes { headers { nodes { id key value active } } } } }");
    listed.await["data"]["instanceExternalAuditEventDestinations"]["nodes"][0]["headers"]["nodes"].take()
}

#[tokio::test]
async fn headers_are_added_changed_and_removed_one_by_one() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add_destination(&api).await;

    let input = json!({"destinationId": http_id(1), "key": "X-Team", "value": "security"});
    let mut first = json!({"id": header_id(1), "key": "X-Team", "value": "security", "active": true});
    assert_eq!(
        api.mutate(HEADERS_CREATE, input, HEADER).await,
        header_answer(HEADERS_CREATE, &first)
    );
    let input =
        json!({"destinationId": http_id(1), "key": "Content-Type", "value": "application/json", "active": false});
    let second = json!({"id": header_id(2), "key": "Content-Type", "value": "application/json", "active": false});
    assert_eq!(
        api.mutate(HEADERS_CREATE, input, HEADER).await,
        header_answer(HEADERS_CREATE, &second)
    );
    assert_eq!(headers(&api).await, json!([first, second]));

    for (change, value) in [
        ("key", json!("X-Group")),
        ("value", json!("audit")),
        ("active", json!(false)),
    ] {
        first[change] = value.clone();
        let answer = api
            .mutate(HEADERS_UPDATE, json!({"headerId": header_id(1), change: value}), HEADER)
            .await;
        assert_eq!(answer, header_answer(HEADERS_UPDATE, &first), "the others stay");
    }
    assert_eq!(headers(&api).await, json!([first, second]));

    assert_eq!(
        api.mutate(HEADERS_DESTROY, json!({"headerId": header_id(1)}), "").await,
        json!({"data": {HEADERS_DESTROY: {"clientMutationId": null, "errors": []}}})
    );
    assert_eq!(headers(&api).await, json!([second]));
    for mutation in [HEADERS_UPDATE, HEADERS_DESTROY] {
        assert_eq!(
            api.top_error(mutation, json!({"headerId": header_id(1)})).await,
            NOT_THERE
        );
        assert_eq!(
            api.top_error(mutation, json!({"headerId": http_id(1)})).await,
            format!(
                "{:?} does not represent an instance of AuditEvents::Streaming::InstanceHeader",
                http_id(1)
            )
        );
    }
}

#[tokio::test]
async fn what_breaks_a_rule_of_a_header_is_told_in_the_payload() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add_destination(&api).await;
    for key in ["X-Team", "X-Other"] {
        let input = json!({"destinationId": http_id(1), "key": key, "value": "v"});
        api.payload(HEADERS_CREATE, input, "").await;
    }
    for (key, value, message) in [
        ("", "v", "Key can't be blank"),
        (
            "X A",
            "v",
            "Key can only contain letters, digits and !#$%&'*+.^_`|~-, for example X-Team",
        ),
        ("X-Team", "v", "Key has already been taken"),
        ("x-team", "v", "Key has already been taken"),
        (
            "x-gitlab-event-streaming-token",
            "v",
            "Key cannot be X-Gitlab-Event-Streaming-Token",
        ),
        ("X-A", "", "Value can't be blank"),
        (
            "X-A",
            &"v".repeat(2_001),
            "Value is too long (maximum is 2000 characters)",
        ),
    ] {
        let input = json!({"destinationId": http_id(1), "key": key, "value": value});
        assert_eq!(
            api.mutate(HEADERS_CREATE, input, HEADER).await,
            json!({"data": {HEADERS_CREATE: {"clientMutationId": null, "errors": [message], "header": null}}})
        );
        let input = json!({"headerId": header_id(2), "key": key, "value": value});
        assert_eq!(api.errors(HEADERS_UPDATE, input).await, [message]);
    }
    for number in 2..20 {
        let input = json!({"destinationId": http_id(1), "key": format!("X-{number}"), "value": "v"});
        assert_eq!(api.payload(HEADERS_CREATE, input, "").await["errors"], json!([]));
    }
    let input = json!({"destinationId": http_id(1), "key": "X-One-Too-Many", "value": "v"});
    assert_eq!(
        api.errors(HEADERS_CREATE, input).await,
        ["Headers are limited to 20 per destination"]
    );
}

#[tokio::test]
async fn all_headers_may_be_added_at_the_same_time() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add_destination(&api).await;
    // As GitLab's own page does it.
    let adding = (0..20).map(|number| {
        let input = json!({"destinationId": http_id(1), "key": format!("X-{number}"), "value": number.to_string()});
        api.payload(HEADERS_CREATE, input, HEADER)
    });
    for payload in futures::future::join_all(adding).await {
        assert_eq!(payload["errors"], json!([]));
        assert_eq!(
            payload["header"]["key"],
            format!("X-{}", payload["header"]["value"].as_str().unwrap())
        );
    }
    assert_eq!(headers(&api).await.as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn a_cursor_of_a_header_holds_after_the_header_has_gone() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add_destination(&api).await;
    for key in ["X-1", "X-2", "X-3", "X-4"] {
        let input = json!({"destinationId": http_id(1), "key": key, "value": "v"});
        api.payload(HEADERS_CREATE, input, "").await;
    }
    let page = async |arguments: String| {
        let query = format!(
            "{{ instanceExternalAuditEventDestinations {{ nodes {{ headers({arguments}) {{ nodes {{ key }} \
             pageInfo {{ endCursor hasNextPage hasPreviousPage }} }} }} }} }}"
        );
        api.ask(&query).await["data"]["instanceExternalAuditEventDestinations"]["nodes"][0]["headers"].take()
    };
    let first = page("first: 2".to_owned()).await;
    assert_eq!(first["nodes"], json!([{"key": "X-1"}, {"key": "X-2"}]));
    for number in [1, 2] {
        api.payload(HEADERS_DESTROY, json!({"headerId": header_id(number)}), "")
            .await;
    }
    let second = page(format!("first: 1, after: {}", first["pageInfo"]["endCursor"])).await;
    assert_eq!(second["nodes"], json!([{"key": "X-3"}]));
    assert_eq!(second["pageInfo"]["hasNextPage"], true);
    assert_eq!(second["pageInfo"]["hasPreviousPage"], false);
}
