//! GitLab's family for HTTP destinations: each operation with its whole answer, carried out and refused.

use serde_json::json;

use crate::{
    graphql_client::{GraphqlClient, http_id, unified_id},
    graphql_helpers::{NOT_THERE, refused, s3_id, take_text},
    instance::Instance,
};

const SHOWN: &str = "instanceExternalAuditEventDestination { id name destinationUrl verificationToken active paused \
                     eventTypeFilters headers { nodes { id key value active } } }";

const CREATE: &str = "instanceExternalAuditEventDestinationCreate";
const UPDATE: &str = "instanceExternalAuditEventDestinationUpdate";
const DESTROY: &str = "instanceExternalAuditEventDestinationDestroy";

async fn add(api: &GraphqlClient<'_>, name: &str, url: &str) {
    let payload = api
        .payload(CREATE, json!({"name": name, "destinationUrl": url}), "")
        .await;
    assert_eq!(payload["errors"], json!([]));
}

#[tokio::test]
async fn a_destination_is_added_listed_changed_and_removed() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    let input = json!({"clientMutationId": "m1", "destinationUrl": "http://127.0.0.1:9/ingest"});
    let mut added = api.mutate(CREATE, input, SHOWN).await;
    let shown = format!("/data/{CREATE}/instanceExternalAuditEventDestination");
    let token = take_text(&mut added, &format!("{shown}/verificationToken"));
    let name = take_text(&mut added, &format!("{shown}/name"));
    let mut destination = json!({
        "id": http_id(1), "name": "made up", "destinationUrl": "http://127.0.0.1:9/ingest",
        "verificationToken": "made up", "active": true, "paused": false, "eventTypeFilters": [], "headers": {"nodes": []},
    });
    assert_eq!(
        added,
        json!({"data": {CREATE: {
            "clientMutationId": "m1", "errors": [], "instanceExternalAuditEventDestination": destination,
        }}})
    );
    assert_eq!(token.len(), 24);
    assert!(is_default_name(&name), "{name}");

    let input = json!({"id": http_id(1), "name": "SIEM", "destinationUrl": "https://siem.example/in", "active": false,
                       "paused": true});
    let changed = api.mutate(UPDATE, input, SHOWN).await;
    for (field, value) in [
        ("name", json!("SIEM")),
        ("destinationUrl", json!("https://siem.example/in")),
        ("verificationToken", json!(token)),
        ("active", json!(false)),
        ("paused", json!(true)),
    ] {
        destination[field] = value;
    }
    assert_eq!(
        changed,
        json!({"data": {UPDATE: {
            "clientMutationId": null, "errors": [], "instanceExternalAuditEventDestination": destination,
        }}})
    );

    let listed = api.ask(
        "{ instanceExternalAuditEventDestinations { nodes { id name destinationUrl verificationToken \
                          active paused eventTypeFilters headers { nodes { id key value active } } } } }",
    );
    assert_eq!(
        listed.await,
        json!({"data": {"instanceExternalAuditEventDestinations": {"nodes": [destination]}}})
    );

    let removed = api.mutate(DESTROY, json!({"id": http_id(1)}), "").await;
    assert_eq!(
        removed,
        json!({"data": {DESTROY: {"clientMutationId": null, "errors": []}}})
    );
    assert_eq!(
        api.ask("{ instanceExternalAuditEventDestinations { nodes { id } } }")
            .await,
        json!({"data": {"instanceExternalAuditEventDestinations": {"nodes": []}}})
    );
    assert_eq!(
        api.mutate(DESTROY, json!({"id": http_id(1)}), "").await,
        refused(DESTROY, NOT_THERE)
    );
}

/// `Destination_` and a random UUID.
fn is_default_name(name: &str) -> bool {
    let Some(uuid) = name.strip_prefix("Destination_") else {
        return false;
    };
    let parts: Vec<usize> = uuid.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && uuid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[tokio::test]
async fn what_breaks_a_rule_of_a_new_destination_is_raised_at_the_top() {
    let instance = Instance::start_with(|options| {
        options.engine.fixed.allow_local_network = Some(false);
    })
    .await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add(&api, "taken", "https://taken.example/in").await;
    let long = format!("https://siem.example/{}", "p".repeat(2_000));
    for (url, name, message) in [
        ("", "x", "Destination url can't be blank"),
        ("siem", "x", "Destination url must be a valid URL"),
        (
            "ftp://siem.example",
            "x",
            "Destination url is blocked: Only allowed schemes are http, https",
        ),
        (
            "http://127.0.0.1/",
            "x",
            "Destination url is blocked: Requests to loopback addresses are not allowed",
        ),
        (
            "http://10.1.2.3/",
            "x",
            "Destination url is blocked: Requests to the local network are not allowed",
        ),
        (
            "https://taken.example/in",
            "x",
            "Destination url has already been taken",
        ),
        (&long, "x", "Destination url is too long (maximum is 2000 characters)"),
        ("https://siem.example", "taken", "Name has already been taken"),
        ("https://siem.example", "", "Name can't be blank"),
        (
            "https://siem.example",
            &"n".repeat(73),
            "Name is too long (maximum is 72 characters)",
        ),
        (
            "",
            &"n".repeat(73),
            "Name is too long (maximum is 72 characters), Destination url can't be blank",
        ),
    ] {
        let input = json!({"destinationUrl": url, "name": name});
        assert_eq!(
            api.mutate(CREATE, input, SHOWN).await,
            refused(CREATE, &format!("Validation failed: {message}")),
        );
    }
}

#[tokio::test]
async fn what_breaks_a_rule_of_a_change_is_told_in_the_payload_and_changes_nothing() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add(&api, "SIEM", "https://siem.example/in").await;
    add(&api, "taken", "https://taken.example/in").await;
    for (change, message) in [
        (json!({"name": "taken"}), "Name has already been taken"),
        (
            json!({"name": "n".repeat(73)}),
            "Name is too long (maximum is 72 characters)",
        ),
        (
            json!({"destinationUrl": "https://taken.example/in"}),
            "Destination url has already been taken",
        ),
        (json!({"destinationUrl": "siem"}), "Destination url must be a valid URL"),
    ] {
        let mut input = change;
        input["id"] = json!(http_id(1));
        assert_eq!(
            api.mutate(UPDATE, input, SHOWN).await,
            json!({"data": {UPDATE: {
                "clientMutationId": null, "errors": [message], "instanceExternalAuditEventDestination": null,
            }}})
        );
    }
    let listed = api
        .ask("{ instanceExternalAuditEventDestinations(first: 1) { nodes { name destinationUrl } } }")
        .await;
    assert_eq!(
        listed["data"]["instanceExternalAuditEventDestinations"]["nodes"],
        json!([{"name": "SIEM", "destinationUrl": "https://siem.example/in"}])
    );
}

#[tokio::test]
async fn the_limit_is_told_in_gitlabs_words() {
    let instance = Instance::start_with(|options| {
        options.engine.destination_limit = 1;
    })
    .await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add(&api, "SIEM", "https://siem.example/in").await;
    assert_eq!(
        api.top_error(CREATE, json!({"destinationUrl": "https://other.example/in"}))
            .await,
        "Validation failed: Maximum number of external audit event destinations (1) exceeded"
    );
}

#[tokio::test]
async fn an_id_of_something_else_is_told_as_gitlab_tells_it() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    add(&api, "SIEM", "https://siem.example/in").await;
    let model = "AuditEvents::InstanceExternalAuditEventDestination";
    for (id, message) in [
        (http_id(7), NOT_THERE.to_owned()),
        (http_id(-1), NOT_THERE.to_owned()),
        (
            s3_id(1),
            format!("{:?} does not represent an instance of {model}", s3_id(1)),
        ),
        (
            unified_id(1),
            format!("{:?} does not represent an instance of {model}", unified_id(1)),
        ),
        ("1".to_owned(), "\"1\" is not a valid Global ID".to_owned()),
        (
            "gid://other/A/1".to_owned(),
            "\"gid://other/A/1\" is not a Gitlab Global ID".to_owned(),
        ),
    ] {
        for mutation in [UPDATE, DESTROY] {
            assert_eq!(api.top_error(mutation, json!({"id": id})).await, message, "{id}");
        }
    }
}

#[tokio::test]
async fn destinations_come_in_pages() {
    let instance = Instance::start().await;
    let api = GraphqlClient::new(&instance, "admin").await;
    for number in 1..=3 {
        add(&api, &format!("d{number}"), &format!("https://d{number}.example/in")).await;
    }
    let page = |arguments: &str| {
        format!(
            "{{ instanceExternalAuditEventDestinations({arguments}) {{ nodes {{ name }} edges {{ cursor node {{ name }} }} \
             pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
        )
    };
    let first = api.ask(&page("first: 2")).await["data"]["instanceExternalAuditEventDestinations"].take();
    let cursors = [&first["edges"][0]["cursor"], &first["edges"][1]["cursor"]];
    assert_eq!(
        first,
        json!({
            "nodes": [{"name": "d1"}, {"name": "d2"}],
            "edges": [{"cursor": cursors[0], "node": {"name": "d1"}}, {"cursor": cursors[1], "node": {"name": "d2"}}],
            "pageInfo": {"hasNextPage": true, "hasPreviousPage": false, "startCursor": cursors[0], "endCursor": cursors[1]},
        })
    );
    let after = format!("first: 2, after: {}", cursors[1]);
    let second = api.ask(&page(&after)).await["data"]["instanceExternalAuditEventDestinations"].take();
    assert_eq!(second["nodes"], json!([{"name": "d3"}]));
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
    assert_eq!(second["pageInfo"]["hasPreviousPage"], true);
    let before = format!("last: 1, before: {}", second["edges"][0]["cursor"]);
    let back = api.ask(&page(&before)).await["data"]["instanceExternalAuditEventDestinations"].take();
    assert_eq!(back["nodes"], json!([{"name": "d2"}]));
    let both = api.ask(&page("first: 1, last: 1")).await;
    assert_eq!(
        both,
        refused(
            "instanceExternalAuditEventDestinations",
            "Can only provide either `first` or `last`, not both"
        )
    );
}
