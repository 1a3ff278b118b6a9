//! Allowlists and denylists of event types over REST, GraphQL and on the page: what each answers, and that they agree.

use receivers::Receiver;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    graphql_client::{GraphqlClient, http_id, unified_id},
    graphql_helpers::NOT_THERE,
    instance::Instance,
};

const DESTINATIONS: &str = "/api/v1/destinations";
const SIEM: &str = "/api/v1/destinations/1";
const DENY_ADD: &str = "auditEventsInstanceDestinationDenylistEventsAdd";
const DENY_DELETE: &str = "auditEventsInstanceDestinationDenylistEventsDelete";
const ALLOW_ADD: [&str; 2] = [
    "auditEventsStreamingDestinationInstanceEventsAdd",
    "auditEventsInstanceDestinationEventsAdd",
];
const ALLOW_DELETE: [&str; 2] = [
    "auditEventsStreamingDestinationInstanceEventsRemove",
    "auditEventsInstanceDestinationEventsDelete",
];

fn siem(url: &str, lists: Value) -> Value {
    let mut input = json!({"name": "SIEM", "http": {"url": url}});
    for (list, names) in lists.as_object().unwrap() {
        input[list] = names.clone();
    }
    input
}

fn lists(destination: &Value) -> (Value, Value) {
    let list = |name: &str| destination[name].clone();
    (list("event_types"), list("event_type_denylist"))
}

fn of(types: &[&str]) -> Value {
    json!(types)
}

#[tokio::test]
async fn a_destination_has_an_allowlist_or_a_denylist_and_says_so() {
    let instance = Instance::start().await;
    let (admin, receiver) = (Client::with_scope(&instance, "admin").await, Receiver::start().await);
    let input = siem(
        &receiver.url(),
        json!({"event_type_denylist": ["user_created", "add_gpg_key"]}),
    );
    let added = admin.post(DESTINATIONS, &input).await.expect(201);
    assert_eq!(lists(&added), (of(&[]), of(&["add_gpg_key", "user_created"])));
    assert_eq!(lists(&admin.get(SIEM).await.expect(200)), lists(&added));
    for (change, allowed, denied) in [
        (json!({"name": "SIEM 2"}), &[][..], &["add_gpg_key", "user_created"][..]),
        (json!({"event_type_denylist": ["user_created"]}), &[], &["user_created"]),
        (json!({"event_types": []}), &[], &["user_created"]),
        (
            json!({"event_types": ["user_blocked"], "event_type_denylist": []}),
            &["user_blocked"],
            &[],
        ),
        (
            json!({"event_types": null, "event_type_denylist": ["user_blocked"]}),
            &[],
            &["user_blocked"],
        ),
        (json!({"event_type_denylist": null}), &[], &[]),
    ] {
        let changed = admin.patch(SIEM, &change).await.expect(200);
        assert_eq!(lists(&changed), (of(allowed), of(denied)), "{change}");
    }
}

#[tokio::test]
async fn two_lists_at_once_are_refused_and_nothing_is_changed() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    let url = "http://127.0.0.1:9/in";
    let both = json!({"event_types": ["user_created"], "event_type_denylist": ["add_gpg_key"]});
    let refused = admin
        .post(DESTINATIONS, &siem(url, both.clone()))
        .await
        .refused_fields();
    assert_eq!(refused[0].0, "event_type_denylist");
    assert!(refused[0].1.contains("not both"), "{refused:?}");

    admin
        .post(
            DESTINATIONS,
            &siem(url, json!({"event_type_denylist": ["user_created"]})),
        )
        .await
        .expect(201);
    for (change, field, message) in [
        (
            json!({"event_types": ["add_gpg_key"]}),
            "event_types",
            "has an event_type_denylist",
        ),
        (both, "event_type_denylist", "not both"),
        (
            json!({"event_type_denylist": ["user_created", "über"]}),
            "event_type_denylist[1]",
            "printable ASCII",
        ),
        (json!({"event_types": [""]}), "event_types[0]", "printable ASCII"),
    ] {
        let refused = admin.patch(SIEM, &change).await.refused_fields();
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(
            refused[0].0 == field && refused[0].1.contains(message),
            "{change}: {refused:?}"
        );
    }
    let stored = admin.get(SIEM).await.expect(200);
    assert_eq!(lists(&stored), (of(&[]), of(&["user_created"])));

    let allowed = json!({"event_types": ["user_created"], "event_type_denylist": null});
    admin.patch(SIEM, &allowed).await.expect(200);
    let refused = admin
        .patch(SIEM, &json!({"event_type_denylist": ["add_gpg_key"]}))
        .await
        .refused_fields();
    assert_eq!(refused[0].0, "event_type_denylist");
    assert!(refused[0].1.contains("has an allowlist"), "{refused:?}");
}

#[tokio::test]
async fn what_is_denied_does_not_arrive_and_what_comes_later_does() {
    let instance = Instance::start().await;
    let (admin, receiver) = (Client::with_scope(&instance, "admin").await, Receiver::start().await);
    let token = instance.token("app", &["ingest"]).await;
    let input = siem(&receiver.url(), json!({"event_type_denylist": ["add_gpg_key"]}));
    admin.post(DESTINATIONS, &input).await.expect(201);
    // Of one entity, so that they would arrive in this order.
    let event = |id, event_type| json!({"id": id, "event_type": event_type, "entity_type": "Project", "entity_id": 1});
    let events = json!([event("no", "add_gpg_key"), event("yes", "never_seen_before")]);
    instance.post(&token, events.to_string()).await;
    let message = "Created audit event type denylist filter(s): add_gpg_key";
    receiver
        .wait_for_events("what is not denied has arrived", |events| {
            let is_told = events.bodies.values().any(|body| body.contains(message));
            is_told && events.bodies.contains_key("yes")
        })
        .await;
    assert!(!receiver.events(|events| events.bodies.contains_key("no")));
}

/// Both families' view of the one destination: its allowlists, then its denylists.
async fn shown(api: &GraphqlClient<'_>) -> [Value; 4] {
    let query = "{ instanceExternalAuditEventDestinations { nodes { eventTypeFilters eventTypeDenylistFilters } } \
                 auditEventsInstanceStreamingDestinations { nodes { eventTypeFilters eventTypeDenylistFilters } } }";
    let mut answer = api.ask(query).await["data"].take();
    let mut list = |family: &str, list: &str| answer[family]["nodes"][0][list].take();
    let (http, any) = (
        "instanceExternalAuditEventDestinations",
        "auditEventsInstanceStreamingDestinations",
    );
    [
        list(http, "eventTypeFilters"),
        list(any, "eventTypeFilters"),
        list(http, "eventTypeDenylistFilters"),
        list(any, "eventTypeDenylistFilters"),
    ]
}

async fn add_destination(api: &GraphqlClient<'_>) {
    let input = json!({"name": "SIEM", "destinationUrl": "https://siem.example/in"});
    let payload = api
        .payload("instanceExternalAuditEventDestinationCreate", input, "")
        .await;
    assert_eq!(payload["errors"], json!([]));
}

fn on(id: &str, types: &[&str]) -> Value {
    json!({"destinationId": id, "eventTypeFilters": types})
}

#[tokio::test]
async fn a_denylist_is_added_to_and_deleted_from_over_graphql() {
    let instance = Instance::start().await;
    let (api, id) = (GraphqlClient::new(&instance, "admin").await, unified_id(1));
    add_destination(&api).await;
    assert_eq!(
        api.mutate(DENY_ADD, on(&id, &["user_created"]), "eventTypeFilters")
            .await,
        json!({"data": {DENY_ADD: {
            "clientMutationId": null, "errors": [], "eventTypeFilters": ["user_created"],
        }}})
    );
    api.payload(DENY_ADD, on(&id, &["add_gpg_key"]), "").await;
    let denied = of(&["add_gpg_key", "user_created"]);
    assert_eq!(shown(&api).await, [of(&[]), of(&[]), denied.clone(), denied]);
    assert_eq!(
        api.mutate(DENY_DELETE, on(&id, &["user_created", "add_gpg_key"]), "")
            .await,
        json!({"data": {DENY_DELETE: {"clientMutationId": null, "errors": []}}})
    );
    assert_eq!(shown(&api).await, [const { Value::Array(Vec::new()) }; 4]);
    // An empty denylist stands in nobody's way.
    api.payload(ALLOW_ADD[0], on(&http_id(1), &["user_created"]), "").await;
    assert_eq!(
        api.errors(DENY_DELETE, on(&id, &["user_created"])).await,
        ["Couldn't find denylist event type filters where audit event type(s): user_created"]
    );
}

#[tokio::test]
async fn what_a_denylist_does_not_take_is_told_in_gitlabs_words() {
    let instance = Instance::start().await;
    let (api, id) = (GraphqlClient::new(&instance, "admin").await, unified_id(1));
    add_destination(&api).await;
    api.payload(DENY_ADD, on(&id, &["user_created", "user_blocked"]), "")
        .await;
    for (types, message) in [
        (
            &["add_gpg_key", "user_blocked", "user_created"][..],
            "Event type(s) already on the denylist: user_blocked, user_created",
        ),
        (
            &["add_gpg_key", "add_gpg_key"],
            "Audit event type has already been taken",
        ),
        (&[""], "Audit event type with value  is undefined."),
    ] {
        assert_eq!(api.errors(DENY_ADD, on(&id, types)).await, [message]);
    }
    assert_eq!(
        api.errors(DENY_DELETE, on(&id, &["user_created", "add_gpg_key", "nobody"]))
            .await,
        ["Couldn't find denylist event type filters where audit event type(s): add_gpg_key, nobody"]
    );
    let reader = GraphqlClient::new(&instance, "read").await;
    for mutation in [DENY_ADD, DENY_DELETE] {
        assert_eq!(
            api.top_error(mutation, on(&id, &[])).await,
            "event type filters must be present"
        );
        assert_eq!(
            api.top_error(mutation, on(&unified_id(7), &["user_created"])).await,
            NOT_THERE
        );
        assert_eq!(reader.top_error(mutation, on(&id, &["user_created"])).await, NOT_THERE);
    }
    assert_eq!(
        shown(&api).await[3],
        of(&["user_blocked", "user_created"]),
        "nothing was changed"
    );
}

#[tokio::test]
async fn the_lists_exclude_each_other_over_graphql() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add_destination(&api).await;
    let ids = [http_id(1), unified_id(1)];
    api.payload(DENY_ADD, on(&ids[1], &["user_created"]), "").await;
    for (position, id) in ids.iter().enumerate() {
        for types in [&["user_created"][..], &["add_gpg_key"]] {
            let errors = api.errors(ALLOW_ADD[position], on(id, types)).await;
            assert_eq!(errors.len(), 1);
            assert!(
                errors[0].starts_with("The destination has a denylist of event types."),
                "{errors:?}"
            );
        }
        assert_eq!(
            api.errors(ALLOW_DELETE[position], on(id, &["user_created"])).await,
            ["Couldn't find event type filters where audit event type(s): user_created"]
        );
    }
    assert_eq!(shown(&api).await[3], of(&["user_created"]), "nothing was changed");
    api.payload(DENY_DELETE, on(&ids[1], &["user_created"]), "").await;
    api.payload(ALLOW_ADD[1], on(&ids[1], &["user_created"]), "").await;
    assert_eq!(
        api.errors(DENY_ADD, on(&ids[1], &["user_created", "add_gpg_key"]))
            .await,
        ["Event type(s) already on the allowlist and cannot be added to the denylist: user_created"]
    );
    let errors = api.errors(DENY_ADD, on(&ids[1], &["add_gpg_key"])).await;
    assert!(
        errors[0].starts_with("The destination has an allowlist of event types."),
        "{errors:?}"
    );
}

fn unknown(name: &str) -> String {
    format!(
        "Audit event type {name} is unknown: it is not built in, and no event of this type has been received. Check its \
         spelling."
    )
}

#[tokio::test]
async fn an_unknown_type_is_no_error_over_graphql() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add_destination(&api).await;
    let ids = [http_id(1), unified_id(1), unified_id(1)];
    let deletes = [ALLOW_DELETE[0], ALLOW_DELETE[1], DENY_DELETE];
    for ((add, delete), id) in [ALLOW_ADD[0], ALLOW_ADD[1], DENY_ADD]
        .into_iter()
        .zip(deletes)
        .zip(&ids)
    {
        let types = &["user_created", "user_craeted"];
        assert_eq!(
            api.mutate(add, on(id, types), "eventTypeFilters warnings").await,
            json!({"data": {add: {
                "clientMutationId": null, "errors": [], "eventTypeFilters": ["user_craeted", "user_created"],
                "warnings": [unknown("user_craeted")],
            }}})
        );
        let other = api.payload(add, on(id, &["add_gpg_key"]), "warnings").await;
        assert_eq!(other["warnings"], json!([]), "about what was added");
        let deleted = api
            .payload(delete, on(id, &["user_created", "user_craeted", "add_gpg_key"]), "")
            .await;
        assert_eq!(deleted["errors"], json!([]));
    }
}
