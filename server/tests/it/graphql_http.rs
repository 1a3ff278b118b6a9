//! GitLab's family for HTTP destinations: each operation with its whole answer, carried out and refused.

use serde_json::{Value, json};

use crate::{
    graphql_client::{GraphqlClient, NOT_THERE, header_id, http_id, refused, s3_id, take_text, unified_id},
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
    let instance = Instance::start();
    let api = GraphqlClient::new(&instance, "admin");
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
    let instance = Instance::start_with(&[("AUDIT_STREAMS_ALLOW_LOCAL_NETWORK", "false")]);
    let api = GraphqlClient::new(&instance, "admin");
    add(&api, "taken", "https://taken.example/in").await;
    let long = format!("https://siem.example/{}", "p".repeat(255));
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
        (&long, "x", "Destination url is too long (maximum is 255 characters)"),
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
    let instance = Instance::start();
    let api = GraphqlClient::new(&instance, "admin");
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
    let instance = Instance::start_with(&[("AUDIT_STREAMS_MAX_DESTINATIONS", "1")]);
    let api = GraphqlClient::new(&instance, "admin");
    add(&api, "SIEM", "https://siem.example/in").await;
    assert_eq!(
        api.top_error(CREATE, json!({"destinationUrl": "https://other.example/in"}))
            .await,
        "Validation failed: Maximum number of external audit event destinations (1) exceeded"
    );
}

#[tokio::test]
async fn an_id_of_something_else_is_told_as_gitlab_tells_it() {
    let instance = Instance::start();
    let api = GraphqlClient::new(&instance, "admin");
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

const HEADERS_CREATE: &str = "auditEventsStreamingInstanceHeadersCreate";
const HEADERS_UPDATE: &str = "auditEventsStreamingInstanceHeadersUpdate";
const HEADERS_DESTROY: &str = "auditEventsStreamingInstanceHeadersDestroy";
const HEADER: &str = "header { id key value active }";

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
    let instance = Instance::start();
    let api = GraphqlClient::new(&instance, "admin");
    add(&api, "SIEM", "https://siem.example/in").await;

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
    let instance = Instance::start();
    let api = GraphqlClient::new(&instance, "admin");
    add(&api, "SIEM", "https://siem.example/in").await;
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
async fn destinations_and_headers_come_in_pages() {
    let instance = Instance::start();
    let api = GraphqlClient::new(&instance, "admin");
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
