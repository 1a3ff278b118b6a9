//! Event filters in both families, and namespace filters: each operation with its whole answer, carried out and refused.

use serde_json::{Value, json};

use crate::{
    graphql_client::{GraphqlClient, http_id, unified_id},
    graphql_helpers::{NOT_THERE, namespace_filter_id, refused},
    instance::Instance,
};

/// Each family's operations on event filters, and the id of the one destination there.
fn event_operations() -> [(&'static str, &'static str, String); 2] {
    [
        (
            "auditEventsStreamingDestinationInstanceEventsAdd",
            "auditEventsStreamingDestinationInstanceEventsRemove",
            http_id(1),
        ),
        (
            "auditEventsInstanceDestinationEventsAdd",
            "auditEventsInstanceDestinationEventsDelete",
            unified_id(1),
        ),
    ]
}

async fn add_destination(api: &GraphqlClient<'_>) {
    let input = json!({"name": "SIEM", "destinationUrl": "https://siem.example/in"});
    let payload = api
        .payload("instanceExternalAuditEventDestinationCreate", input, "")
        .await;
    assert_eq!(payload["errors"], json!([]));
}

async fn event_types(api: &GraphqlClient<'_>) -> [Value; 2] {
    let query = "{ instanceExternalAuditEventDestinations { nodes { eventTypeFilters } } \
                 auditEventsInstanceStreamingDestinations { nodes { eventTypeFilters } } }";
    let mut answer = api.ask(query).await["data"].take();
    [
        "instanceExternalAuditEventDestinations",
        "auditEventsInstanceStreamingDestinations",
    ]
    .map(|family| answer[family]["nodes"][0]["eventTypeFilters"].take())
}

#[tokio::test]
async fn event_types_are_added_and_removed_in_both_families() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add_destination(&api).await;
    for (add, remove, id) in event_operations() {
        let input =
            json!({"clientMutationId": "a", "destinationId": id, "eventTypeFilters": ["user_created", "add_gpg_key"]});
        assert_eq!(
            api.mutate(add, input, "eventTypeFilters").await,
            json!({"data": {add: {
                "clientMutationId": "a", "errors": [], "eventTypeFilters": ["add_gpg_key", "user_created"],
            }}})
        );
        // One that stands alone counts as a list.
        let input = json!({"destinationId": id, "eventTypeFilters": "user_blocked"});
        let all = json!(["add_gpg_key", "user_blocked", "user_created"]);
        let added = api.mutate(add, input, "eventTypeFilters").await;
        assert_eq!(added["data"][add]["eventTypeFilters"], all);
        assert_eq!(event_types(&api).await, [all.clone(), all]);
        let input = json!({"destinationId": id, "eventTypeFilters": ["user_created", "user_blocked", "add_gpg_key"]});
        assert_eq!(
            api.mutate(remove, input, "").await,
            json!({"data": {remove: {"clientMutationId": null, "errors": []}}})
        );
        assert_eq!(event_types(&api).await, [json!([]), json!([])]);
    }
}

#[tokio::test]
async fn event_types_that_can_not_be_added_or_removed_are_told_in_gitlabs_words() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add_destination(&api).await;
    for (add, remove, id) in event_operations() {
        let input = |types: &[&str]| json!({"destinationId": id, "eventTypeFilters": types});
        api.payload(add, input(&["user_created"]), "").await;
        for (types, message) in [
            (&["über"][..], "Audit event type with value über is undefined."),
            (&["user_blocked", ""], "Audit event type with value  is undefined."),
            (
                &["user_blocked", "user_created"],
                "Audit event type has already been taken",
            ),
            (
                &["user_blocked", "user_blocked"],
                "Audit event type has already been taken",
            ),
        ] {
            assert_eq!(
                api.mutate(add, input(types), "eventTypeFilters").await,
                json!({"data": {add: {"clientMutationId": null, "errors": [message], "eventTypeFilters": null}}}),
            );
        }
        assert_eq!(
            api.errors(remove, input(&["user_created", "user_blocked", "nobody"]))
                .await,
            ["Couldn't find event type filters where audit event type(s): user_blocked, nobody"]
        );
        for mutation in [add, remove] {
            assert_eq!(
                api.top_error(mutation, input(&[])).await,
                "event type filters must be present"
            );
            let other = id.replace("/1", "/7");
            let input = json!({"destinationId": other, "eventTypeFilters": ["user_created"]});
            assert_eq!(api.top_error(mutation, input).await, NOT_THERE);
        }
        assert_eq!(
            event_types(&api).await[0],
            json!(["user_created"]),
            "nothing was changed"
        );
        api.payload(remove, input(&["user_created"]), "").await;
    }
}

const CREATE: &str = "auditEventsInstanceDestinationNamespaceFilterCreate";
const DELETE: &str = "auditEventsInstanceDestinationNamespaceFilterDelete";
const FILTER: &str = "namespaceFilter { id namespace { id fullPath fullName path name } \
                      externalStreamingDestination { id name namespaceFilters { id } } }";

fn filter(number: i64, path: &str) -> Value {
    json!({"destinationId": unified_id(number), "namespacePath": path})
}

#[tokio::test]
async fn namespace_filters_are_added_and_removed() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add_destination(&api).await;
    assert_eq!(
        api.mutate(CREATE, filter(1, "engineering/web"), FILTER).await,
        json!({"data": {CREATE: {"clientMutationId": null, "errors": [], "namespaceFilter": {
            "id": namespace_filter_id(1),
            "namespace": {
                "id": "gid://gitlab/Namespace/engineering%2Fweb", "fullPath": "engineering/web",
                "fullName": "engineering / web", "path": "web", "name": "web",
            },
            "externalStreamingDestination": {
                "id": unified_id(1), "name": "SIEM", "namespaceFilters": [{"id": namespace_filter_id(1)}],
            },
        }}}})
    );
    api.payload(CREATE, filter(1, "audit"), "").await;
    let listed =
        "{ auditEventsInstanceStreamingDestinations { nodes { namespaceFilters { id namespace { fullPath } } } } }";
    assert_eq!(
        api.ask(listed).await,
        json!({"data": {"auditEventsInstanceStreamingDestinations": {"nodes": [{"namespaceFilters": [
            {"id": namespace_filter_id(2), "namespace": {"fullPath": "audit"}},
            {"id": namespace_filter_id(1), "namespace": {"fullPath": "engineering/web"}},
        ]}]}}})
    );
    assert_eq!(
        api.mutate(DELETE, json!({"namespaceFilterId": namespace_filter_id(1)}), "")
            .await,
        json!({"data": {DELETE: {"clientMutationId": null, "errors": []}}})
    );
    let left = api.ask(listed).await;
    let left = &left["data"]["auditEventsInstanceStreamingDestinations"]["nodes"][0]["namespaceFilters"];
    assert_eq!(
        left,
        &json!([{"id": namespace_filter_id(2), "namespace": {"fullPath": "audit"}}])
    );
    assert_eq!(
        api.mutate(DELETE, json!({"namespaceFilterId": namespace_filter_id(1)}), "")
            .await,
        refused(DELETE, NOT_THERE)
    );
}

#[tokio::test]
async fn namespaces_that_can_not_be_added_are_told_in_gitlabs_words() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add_destination(&api).await;
    let not_supported = "Namespace is not supported. Only project and group are supported.";
    for path in ["", "/engineering", "a//b", "a,b", "bad path!!", "a.git", "-a"] {
        assert_eq!(api.errors(CREATE, filter(1, path)).await, [not_supported], "{path}");
    }
    assert_eq!(
        api.errors(CREATE, json!({"destinationId": unified_id(1)})).await,
        [not_supported]
    );
    assert_eq!(api.top_error(CREATE, filter(7, "a")).await, NOT_THERE);
    for path in ["a", "b", "c", "d"] {
        api.payload(CREATE, filter(1, path), "").await;
    }
    assert_eq!(
        api.errors(CREATE, filter(1, "A")).await,
        ["Namespace has already been taken"]
    );
    api.payload(CREATE, filter(1, "e"), "").await;
    assert_eq!(
        api.mutate(CREATE, filter(1, "f"), FILTER).await,
        json!({"data": {CREATE: {
            "clientMutationId": null, "errors": ["Namespace filters are limited to 5 per destination"],
            "namespaceFilter": null,
        }}})
    );
}
