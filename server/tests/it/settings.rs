//! Settings: what each page refuses, and what each change does at once.

use receivers::Receiver;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    instance::{Answer, Instance, PASSWORD},
};

const EVENT: &str = r#"{"event_type":"user_created"}"#;

/// The message at this field of an answer that refuses something.
fn message(answer: &Answer, field: &str) -> String {
    assert_eq!(answer.status, 422, "{}", answer.text);
    let errors = answer.json()["invalid"].as_array().cloned().unwrap_or_default();
    let error = errors.iter().find(|error| error["field"] == field);
    let error = error.unwrap_or_else(|| panic!("nothing about {field}: {}", answer.text));
    error["message"].as_str().unwrap().to_owned()
}

/// What is shown once.
fn secret(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["secret"].as_str().unwrap().to_owned()
}

async fn page(browser: &mut Browser<'_>, page: &str) -> Value {
    let answer = browser.read(&format!("settings/show?page={page}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// The rows of the page's table.
fn rows(page: &Value) -> Vec<Value> {
    let parts = page
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|card| card["parts"].as_array().unwrap());
    let table = parts.into_iter().find(|part| part["kind"] == "table").unwrap();
    table["parts"].as_array().unwrap().clone()
}

/// The buttons of a row.
fn actions(row: &Value) -> Vec<&Value> {
    let parts = row["parts"].as_array().unwrap().iter();
    parts.filter(|part| part["kind"] == "action").collect()
}

/// The id that the form of a row's first button sends.
fn id_of(row: &Value) -> String {
    actions(row)[0]["parts"][0]["parts"][0]["text"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn row_with<'rows>(rows: &'rows [Value], text: &str) -> &'rows Value {
    let row = rows.iter().find(|row| row.to_string().contains(text));
    row.unwrap_or_else(|| panic!("no row with {text}: {rows:?}"))
}

async fn events(browser: &mut Browser<'_>) -> String {
    browser.read("events/list").await.text
}

#[tokio::test]
async fn a_token_is_made_on_the_page_and_revoked_at_once() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let form = [
        ("name", "gitlab"),
        ("scopes[]", "ingest"),
        ("scopes[]", "read"),
        ("expires_on", ""),
    ];
    let token = secret(&browser.submit("tokens/create", &form).await);
    instance.post(&token, EVENT).await;
    let listed = page(&mut browser, "tokens").await;
    assert!(!listed.to_string().contains(&token), "it is shown once");
    let row = row_with(&rows(&listed), "gitlab").clone();
    assert_eq!(row["parts"][1]["text"], "ingest, read");
    assert!(row["parts"][4]["at"].is_string(), "it was used just now: {row}");
    let revoked = browser.submit("tokens/revoke", &[("id", &id_of(&row))]).await;
    assert_eq!(revoked.status, 200, "{}", revoked.text);
    // The very next request, though the token was in use a moment ago.
    let refused = Answer::of(instance.ingest(&token).body(EVENT)).await;
    assert_eq!(refused.error(), (401, "revoked_token".into()));
    assert_eq!(
        browser.submit("tokens/revoke", &[("id", &id_of(&row))]).await.status,
        404
    );
    let seen = events(&mut browser).await;
    assert!(
        seen.contains("api_token_created") && seen.contains("api_token_revoked"),
        "{seen}"
    );
    assert!(!seen.contains(&token));
}

#[tokio::test]
async fn a_token_without_name_scope_or_future_is_refused_at_each_field() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let answer = browser
        .submit("tokens/create", &[("name", ""), ("expires_on", "2020-01-31")])
        .await;
    assert!(message(&answer, "name").starts_with("Name: 1 to 72"));
    assert!(message(&answer, "scopes").contains("at least one"));
    assert!(message(&answer, "expires_at").contains("has passed"));
    let no_day = [("name", "x"), ("scopes[]", "read"), ("expires_on", "soon")];
    assert!(message(&browser.submit("tokens/create", &no_day).await, "expires_at").contains("2027-01-31"));
    instance.token("taken", &["ingest"]);
    let taken = [("name", "taken"), ("scopes[]", "read"), ("expires_on", "")];
    assert!(message(&browser.submit("tokens/create", &taken).await, "name").contains("another token"));
    let mut stranger = Browser::new(&instance);
    assert_eq!(stranger.submit("tokens/create", &taken).await.status, 401);
    assert_eq!(stranger.read("settings/show?page=tokens").await.status, 401);
    assert_eq!(browser.read("settings/show?page=nothing").await.status, 404);
}

#[tokio::test]
async fn a_user_is_added_disabled_and_enabled() {
    let instance = Instance::start();
    let mut root = Browser::signed_in(&instance).await;
    let password = secret(&root.submit("users/add", &[("username", "ada"), ("password", "")]).await);
    assert!(password.len() >= 20);
    let mut ada = Browser::new(&instance);
    assert_eq!(ada.sign_in("ada", &password).await.status, 200);
    let listed = rows(&page(&mut root, "users").await);
    let id = id_of(row_with(&listed, "\"ada\""));
    let disable = [("id", id.as_str()), ("enabled", "false")];
    assert_eq!(root.submit("users/set_enabled", &disable).await.status, 200);
    assert_eq!(ada.read("destinations/list").await.status, 401, "the session has ended");
    assert_eq!(
        ada.sign_in("ada", &password).await.error(),
        (403, "account_disabled".into())
    );
    assert_eq!(
        ada.sign_in("ada", "not the password").await.error(),
        (403, "wrong_credentials".into()),
        "only who has the password learns that"
    );
    assert_eq!(
        root.submit("users/set_enabled", &disable).await.status,
        409,
        "somebody did it before"
    );
    let enable = [("id", id.as_str()), ("enabled", "true")];
    assert_eq!(root.submit("users/set_enabled", &enable).await.status, 200);
    assert_eq!(
        ada.read("destinations/list").await.status,
        401,
        "the old session stays ended"
    );
    assert_eq!(ada.sign_in("ada", &password).await.status, 200);
    let seen = events(&mut root).await;
    for expected in ["user_created", "user_blocked", "user_unblocked"] {
        assert!(seen.contains(expected), "{expected}: {seen}");
    }
    assert!(!seen.contains(&password));
}

#[tokio::test]
async fn a_reset_password_ends_the_sessions_of_its_user() {
    let instance = Instance::start();
    let mut root = Browser::signed_in(&instance).await;
    let given = [("username", "ada"), ("password", "the first of three")];
    let added = root.submit("users/add", &given).await;
    assert_eq!(
        (added.status, &added.json()["secret"]),
        (200, &json!("")),
        "who typed it knows it"
    );
    let mut ada = Browser::new(&instance);
    assert_eq!(ada.sign_in("ada", "the first of three").await.status, 200);
    let id = id_of(row_with(&rows(&page(&mut root, "users").await), "\"ada\""));
    let second = secret(
        &root
            .submit("users/reset_password", &[("id", &id), ("password", "")])
            .await,
    );
    assert_eq!(ada.read("destinations/list").await.status, 401);
    assert_eq!(ada.sign_in("ada", "the first of three").await.status, 403);
    assert_eq!(ada.sign_in("ada", &second).await.status, 200);
    let third = [("id", id.as_str()), ("password", "the third of three")];
    assert_eq!(root.submit("users/reset_password", &third).await.status, 200);
    assert_eq!(ada.sign_in("ada", "the third of three").await.status, 200);
    let short = [("id", id.as_str()), ("password", "short")];
    assert!(message(&root.submit("users/reset_password", &short).await, "new_password").contains("12 characters"));
    assert_eq!(
        root.submit("users/reset_password", &[("id", "99"), ("password", "")])
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn nobody_locks_themselves_out() {
    let instance = Instance::start();
    let mut root = Browser::signed_in(&instance).await;
    let own = rows(&page(&mut root, "users").await);
    assert!(actions(&own[0]).is_empty(), "nothing is offered");
    let me = [("id", "1"), ("enabled", "false")];
    assert!(message(&root.submit("users/set_enabled", &me).await, "username").contains("disable yourself"));
    let reset = root
        .submit("users/reset_password", &[("id", "1"), ("password", "")])
        .await;
    assert!(message(&reset, "new_password").contains("profile"));
    // Two administrators who disable each other at the same time leave one.
    let added = [("username", "ada"), ("password", "correct horse battery")];
    assert_eq!(root.submit("users/add", &added).await.status, 200);
    let mut ada = Browser::new(&instance);
    ada.sign_in("ada", PASSWORD).await;
    let (disable_root, disable_ada) = ([("id", "1"), ("enabled", "false")], [("id", "2"), ("enabled", "false")]);
    let answers = tokio::join!(
        root.submit("users/set_enabled", &disable_ada),
        ada.submit("users/set_enabled", &disable_root)
    );
    let (one, other) = (answers.0.status, answers.1.status);
    assert!((one == 200) != (other == 200), "{one} and {other}");
}

#[tokio::test]
async fn a_username_that_is_taken_or_no_name_is_refused() {
    let instance = Instance::start();
    let mut root = Browser::signed_in(&instance).await;
    let taken = root
        .submit("users/add", &[("username", "root"), ("password", "")])
        .await;
    assert!(message(&taken, "username").contains("another user"));
    let both = root
        .submit("users/add", &[("username", "Ada L"), ("password", "short")])
        .await;
    assert!(message(&both, "username").contains("ada.lovelace"));
    assert!(message(&both, "new_password").contains("12 characters"));
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all() {
    let instance = Instance::start();
    let (mut here, mut there) = (Browser::signed_in(&instance).await, Browser::signed_in(&instance).await);
    let mut third = Browser::signed_in(&instance).await;
    let listed = rows(&page(&mut here, "profile").await);
    assert_eq!(listed.len(), 3);
    let this = row_with(&listed, "This session");
    assert!(actions(this).is_empty());
    assert_eq!(this["parts"][0]["text"], "127.0.0.1");
    // The newest of the others is the third browser.
    let third_row = listed.iter().find(|row| !actions(row).is_empty()).unwrap();
    let id = id_of(third_row);
    assert_eq!(here.submit("sessions/end", &[("id", &id)]).await.status, 200);
    assert_eq!(third.read("destinations/list").await.status, 401);
    assert_eq!(there.read("destinations/list").await.status, 200);
    assert_eq!(here.submit("sessions/end", &[("id", &id)]).await.status, 404);
    let everywhere = here.submit("sessions/end_all", &[]).await;
    assert_eq!(
        (everywhere.status, &everywhere.json()["go_to"]),
        (200, &json!("/sign_in"))
    );
    assert!(everywhere.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(there.read("destinations/list").await.status, 401);
    let mut again = Browser::signed_in(&instance).await;
    assert!(events(&mut again).await.contains("Ended 2 sessions"));
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let instance = Instance::start();
    let mut root = Browser::signed_in(&instance).await;
    let added = [("username", "ada"), ("password", PASSWORD)];
    assert_eq!(root.submit("users/add", &added).await.status, 200);
    let mut ada = Browser::new(&instance);
    ada.sign_in("ada", PASSWORD).await;
    for id in ["1", "2"] {
        ada.submit("sessions/end", &[("id", id)]).await;
    }
    assert_eq!(root.read("destinations/list").await.status, 200);
}

#[tokio::test]
async fn the_command_line_lets_a_disabled_user_in_again() {
    let instance = Instance::start();
    let mut root = Browser::signed_in(&instance).await;
    root.submit("users/add", &[("username", "ada"), ("password", PASSWORD)])
        .await;
    root.submit("users/set_enabled", &[("id", "2"), ("enabled", "false")])
        .await;
    let password = crate::instance::last_line(&instance.command(&["admin", "reset-password", "--username", "ada"]));
    assert_eq!(Browser::new(&instance).sign_in("ada", &password).await.status, 200);
}

/// Without the local network, which every other test has allowed on the command line.
fn free() -> Instance {
    Instance::start_with(&[("AUDIT_STREAMS_ALLOW_LOCAL_NETWORK", "")])
}

#[tokio::test]
async fn a_destination_that_was_blocked_is_sent_to_as_soon_as_the_network_allows_it() {
    let mut instance = free();
    let receiver = Receiver::start().await;
    let mut root = Browser::signed_in(&instance).await;
    let draft = json!({"draft": {"name": "SIEM", "target": {"http": {"url": receiver.url()}}}});
    let refused = root.call("destinations/create", &draft).await;
    assert!(message(&refused, "url").contains("is blocked"));
    let allow = [("version", "1"), ("allow_local_network", "true"), ("allowlist", "")];
    assert_eq!(root.submit("network/update", &allow).await.status, 200);
    assert_eq!(root.call("destinations/create", &draft).await.status, 200);
    receiver
        .wait_for_events("it is sent to", |events| !events.order.is_empty())
        .await;
    let refuse = [("version", "2"), ("allowlist", "")];
    assert_eq!(root.submit("network/update", &refuse).await.status, 200);
    let token = instance.token("app", &["ingest"]);
    instance.post(&token, r#"{"event_type":"while_blocked"}"#).await;
    let mut listed = String::new();
    for _ in 0..10_000 {
        listed = root.read("destinations/list").await.text;
        if listed.contains("Blocked by network rules") {
            break;
        }
    }
    assert!(listed.contains("Blocked by network rules"), "{listed}");
    let url: url::Url = receiver.url().parse().unwrap();
    let list = format!("127.0.0.1:{}", url.port().unwrap());
    let listed = [("version", "3"), ("allowlist", list.as_str())];
    assert_eq!(root.submit("network/update", &listed).await.status, 200);
    receiver
        .wait_for_events("it is sent to again", |events| {
            events.bodies.values().any(|body| body.contains("while_blocked"))
        })
        .await;
    // What was chosen outlives the server.
    instance.kill();
    instance.restart();
    let mut root = Browser::signed_in(&instance).await;
    assert!(page(&mut root, "network").await.to_string().contains(&list));
    let seen = events(&mut root).await;
    assert!(seen.contains("Changed allow_local_network from off to on"), "{seen}");
}

#[tokio::test]
async fn a_bad_entry_is_quoted_with_its_line_and_an_old_version_is_told() {
    let instance = free();
    let mut root = Browser::signed_in(&instance).await;
    let bad = [("version", "1"), ("allowlist", "10.0.0.1\r\nexa mple")];
    let told = message(&root.submit("network/update", &bad).await, "allowlist");
    assert!(
        told.contains("line 2, “exa mple”") && told.contains("siem.internal:8088"),
        "{told}"
    );
    let good = [("version", "1"), ("allowlist", "10.0.0.1")];
    assert_eq!(root.submit("network/update", &good).await.status, 200);
    assert_eq!(root.submit("network/update", &good).await.status, 409);
    let limits = [("version", "1"), ("days", "7"), ("log_size", "1GiB")];
    assert_eq!(root.submit("retention/update", &limits).await.status, 200);
    assert_eq!(root.submit("retention/update", &limits).await.status, 409);
    let wrong = [("version", "2"), ("days", "0"), ("log_size", "1MiB")];
    let refused = root.submit("retention/update", &wrong).await;
    assert!(message(&refused, "retention_days").contains("1 to 36500"));
    assert!(message(&refused, "log_size").contains("at least 64MiB"));
    let shown = page(&mut root, "retention").await.to_string();
    assert!(shown.contains(r#""text":"7""#) && shown.contains("1GiB"), "{shown}");
}

#[tokio::test]
async fn what_the_command_line_sets_can_not_be_changed_here() {
    let instance = Instance::start_with(&[("AUDIT_STREAMS_RETENTION_DAYS", "90")]);
    let mut root = Browser::signed_in(&instance).await;
    let shown = page(&mut root, "retention").await.to_string();
    assert!(
        shown.contains("--retention-days or AUDIT_STREAMS_RETENTION_DAYS"),
        "{shown}"
    );
    let limits = [("version", "1"), ("days", "7"), ("log_size", "1GiB")];
    assert_eq!(root.submit("retention/update", &limits).await.status, 200);
    let shown = page(&mut root, "retention").await.to_string();
    assert!(shown.contains(r#""text":"90""#) && shown.contains("1GiB"), "{shown}");
    let off = [("version", "1"), ("allowlist", "")];
    assert_eq!(root.submit("network/update", &off).await.status, 200);
    let network = page(&mut root, "network").await.to_string();
    assert!(
        network.contains("--allow-local-network") && network.contains(r#""is_marked":true"#),
        "{network}"
    );
}
