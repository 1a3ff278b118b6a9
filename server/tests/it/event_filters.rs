//! Allowlists and denylists of event types over REST, GraphQL and on the page: what each answers, and that they agree.

use serde_json::{Value, json};

use crate::{
    api_client::Client,
    browser::Browser,
    graphql_client::{GraphqlClient, unified_id},
    instance::Instance,
};

const DESTINATIONS: &str = "/api/v1/destinations";
const SIEM: &str = "/api/v1/destinations/1";
const DENY_ADD: &str = "auditEventsInstanceDestinationDenylistEventsAdd";
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

fn on(id: &str, types: &[&str]) -> Value {
    json!({"destinationId": id, "eventTypeFilters": types})
}

#[tokio::test]
async fn an_unknown_type_is_accepted_with_a_warning_until_an_event_of_it_comes() {
    let instance = Instance::start();
    let admin = Client::with_scope(&instance, "admin");
    let token = instance.token("app", &["ingest"]);
    let lists = json!({"event_types": ["user_created", "user_craeted", "brand_new"]});
    let added = admin
        .post(DESTINATIONS, &siem("http://127.0.0.1:9/in", lists))
        .await
        .expect(201);
    let warning = |position: usize, name: &str| json!({"code": "unknown_event_type", "field": format!("event_types[{position}]"), "message": unknown(name)});
    let expected = json!([warning(0, "brand_new"), warning(1, "user_craeted")]);
    assert_eq!(added["warnings"], expected, "at their places in what is answered");
    assert_eq!(admin.get(SIEM).await.expect(200)["warnings"], expected);
    instance
        .post(&token, json!({"event_type": "brand_new"}).to_string())
        .await;
    let expected = json!([warning(1, "user_craeted")]);
    assert_eq!(
        admin.get(DESTINATIONS).await.expect(200)["items"][0]["warnings"],
        expected
    );
    let denied = json!({"event_types": null, "event_type_denylist": ["user_created", "user_craeted"]});
    let changed = admin.patch(SIEM, &denied).await.expect(200);
    assert_eq!(changed["warnings"][0]["field"], "event_type_denylist[0]");

    let mut browser = Browser::signed_in(&instance).await;
    let listed = browser.read("destinations/list").await.json();
    assert_eq!(listed["value"][0]["warnings"], changed["warnings"]);
    let corrected = admin
        .patch(SIEM, &json!({"event_type_denylist": ["user_created"]}))
        .await;
    assert_eq!(corrected.expect(200)["warnings"], json!([]));
}

fn unknown(name: &str) -> String {
    format!(
        "Audit event type {name} is unknown: it is not built in, and no event of this type has been received. Check its \
         spelling."
    )
}

#[tokio::test]
async fn the_page_and_the_apis_show_the_same_filter() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let draft = json!({"name": "SIEM", "target": {"http": {"url": "http://127.0.0.1:9/in"}},
        "event_types": ["user_created"], "filter_kind": "deny"});
    let created = browser
        .call("destinations/create", &json!({"draft": draft}))
        .await
        .json();
    assert_eq!(lists(&created), (of(&[]), of(&["user_created"])));
    let (admin, api) = (
        Client::with_scope(&instance, "admin"),
        GraphqlClient::new(&instance, "admin"),
    );
    assert_eq!(
        lists(&admin.get(SIEM).await.expect(200)),
        (of(&[]), of(&["user_created"]))
    );
    assert_eq!(shown(&api).await[3], of(&["user_created"]));
    api.payload(DENY_ADD, on(&unified_id(1), &["add_gpg_key"]), "").await;
    let listed = browser.read("destinations/list").await.json();
    assert_eq!(
        lists(&listed["value"][0]),
        (of(&[]), of(&["add_gpg_key", "user_created"]))
    );

    let mut edit = json!({"id": 1, "version": 2, "draft": draft});
    edit["draft"]["event_types"] = json!([]);
    let saved = browser.call("destinations/update", &edit).await.json();
    assert_eq!(lists(&saved), (of(&[]), of(&[])), "an empty filter denies nothing");
    // A form from before there were denylists.
    edit["draft"].as_object_mut().unwrap().remove("filter_kind");
    (edit["draft"]["event_types"], edit["version"]) = (json!(["user_created"]), json!(3));
    let saved = browser.call("destinations/update", &edit).await.json();
    assert_eq!(lists(&saved), (of(&["user_created"]), of(&[])));
}
