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
    answer.json()["secret"]["text"].as_str().unwrap().to_owned()
}

/// What a settings page shows.
async fn shown(browser: &mut Browser<'_>, function: &str) -> Value {
    let answer = browser.read(function).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["value"].clone()
}

/// The one in a list that has this value.
fn find<'list>(list: &'list Value, field: &str, value: &str) -> &'list Value {
    let found = list.as_array().unwrap().iter().find(|item| item[field] == value);
    found.unwrap_or_else(|| panic!("no {field} {value}: {list}"))
}

fn id_of(item: &Value) -> String {
    item["id"].to_string()
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
    let listed = shown(&mut browser, "tokens/list").await;
    assert!(!listed.to_string().contains(&token), "it is shown once");
    let row = find(&listed, "name", "gitlab").clone();
    assert_eq!(row["scopes"], json!(["ingest", "read"]));
    assert!(row["last_used_at"].is_string(), "it was used just now: {row}");
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
    let certificate = |name, certificate| {
        [
            ("name", name),
            ("scopes[]", "read"),
            ("client_certificate", certificate),
        ]
    };
    let answer = browser
        .submit("tokens/create", &certificate("x", "a certificate"))
        .await;
    assert!(message(&answer, "client_certificate").contains("RFC 4514"));
    let made = browser
        .submit("tokens/create", &certificate("certified", " CN=app,O=Example "))
        .await;
    assert_eq!(made.status, 200, "{}", made.text);
    let row = find(&shown(&mut browser, "tokens/list").await, "name", "certified").clone();
    assert_eq!(row["client_certificate"], "CN=app,O=Example");
    let answer = browser
        .submit("tokens/create", &certificate("other", "CN=app,O=Example"))
        .await;
    assert!(message(&answer, "client_certificate").contains("another token"));
    let mut stranger = Browser::new(&instance);
    assert_eq!(stranger.submit("tokens/create", &taken).await.status, 401);
    assert_eq!(stranger.read("tokens/list").await.status, 401);
    assert_eq!(browser.open("/admin/settings/nothing").await.status, 404);
}

#[tokio::test]
async fn a_user_is_added_disabled_and_enabled() {
    let instance = Instance::start();
    let mut root = Browser::signed_in(&instance).await;
    let password = secret(&root.submit("users/add", &[("username", "ada"), ("password", "")]).await);
    assert!(password.len() >= 20);
    let mut ada = Browser::new(&instance);
    assert_eq!(ada.sign_in("ada", &password).await.status, 200);
    let id = id_of(find(&shown(&mut root, "users/list").await["users"], "username", "ada"));
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
        (200, &Value::Null),
        "who typed it knows it"
    );
    let mut ada = Browser::new(&instance);
    assert_eq!(ada.sign_in("ada", "the first of three").await.status, 200);
    let id = id_of(find(&shown(&mut root, "users/list").await["users"], "username", "ada"));
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
    let listed = shown(&mut here, "sessions/list").await;
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 3);
    assert_eq!(sessions[0]["ip_address"], "127.0.0.1");
    // The newest of the others is the third browser.
    let others = sessions.iter().filter(|session| session["id"] != listed["current"]);
    let id = id_of(others.max_by_key(|session| session["id"].as_i64()).unwrap());
    assert_eq!(here.submit("sessions/end", &[("id", &id)]).await.status, 200);
    assert_eq!(third.read("destinations/list").await.status, 401);
    assert_eq!(there.read("destinations/list").await.status, 200);
    assert_eq!(here.submit("sessions/end", &[("id", &id)]).await.status, 404);
    let everywhere = here.submit("sessions/end_all", &[]).await;
    assert_eq!(everywhere.status, 200);
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
        if listed.contains("blocked by the network rules") {
            break;
        }
    }
    assert!(listed.contains("blocked by the network rules"), "{listed}");
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
    assert!(shown(&mut root, "network/show").await.to_string().contains(&list));
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
    let retention = shown(&mut root, "retention/show").await;
    assert_eq!(
        (&retention["days"]["value"], &retention["log_size"]["value"]),
        (&json!(7), &json!("1GiB"))
    );
}

#[tokio::test]
async fn what_the_command_line_sets_can_not_be_changed_here() {
    let instance = Instance::start_with(&[("AUDIT_STREAMS_RETENTION_DAYS", "90")]);
    let mut root = Browser::signed_in(&instance).await;
    assert_eq!(
        shown(&mut root, "retention/show").await["days"],
        json!({"value": 90, "fixed": true})
    );
    let limits = [("version", "1"), ("days", "7"), ("log_size", "1GiB")];
    assert_eq!(root.submit("retention/update", &limits).await.status, 200);
    let retention = shown(&mut root, "retention/show").await;
    assert_eq!(
        (&retention["days"]["value"], &retention["log_size"]["value"]),
        (&json!(90), &json!("1GiB"))
    );
    let off = [("version", "1"), ("allowlist", "")];
    assert_eq!(root.submit("network/update", &off).await.status, 200);
    let network = shown(&mut root, "network/show").await;
    assert_eq!(network["allow_local_network"], json!({"value": true, "fixed": true}));
}

#[tokio::test]
async fn a_form_that_is_posted_without_the_program_leads_back_and_shows_what_came_of_it_once() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let form = [("name", "gitlab"), ("scopes[]", "ingest"), ("expires_on", "")];
    let page = "/admin/settings/tokens";
    let posted = browser.post_form("tokens/create", &form, page).await;
    assert_eq!((posted.status, posted.header("location")), (303, Some(page)));
    let shown = browser.open(page).await.text;
    assert!(
        shown.contains("Copy the token now") && shown.contains("\"ast_"),
        "{shown}"
    );
    assert!(!browser.open(page).await.text.contains("\"ast_"), "it is shown once");
    let refused = browser.post_form("tokens/create", &form, page).await;
    assert_eq!(
        (refused.status, refused.header("location")),
        (303, Some(page)),
        "no text in the address"
    );
    assert!(browser.open(page).await.text.contains("another token"));
}
