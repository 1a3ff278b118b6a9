//! What the server functions for destinations refuse, and what never comes back from them.

use receivers::{
    Receiver,
    tinyproxy::{Options, Tinyproxy},
};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    instance::{Answer, Instance},
};

/// An add form that is right as it is.
fn draft(change: Value) -> Value {
    let mut draft = json!({"name": "SIEM", "target": {"http": {"url": "http://127.0.0.1:9/in"}}});
    for (field, value) in change.as_object().unwrap() {
        let place = match field.as_str() {
            "name" | "event_types" => &mut draft,
            _ => &mut draft["target"]["http"],
        };
        place[field] = value.clone();
    }
    json!({ "draft": draft })
}

fn header(name: &str, value: &str) -> Value {
    json!({"id": null, "name": name, "value": value, "active": true})
}

/// Field and message of each refusal.
fn refusals(answer: &Answer) -> Vec<(Value, String)> {
    assert_eq!(answer.status, 422, "{}", answer.text);
    let errors = answer.json()["invalid"].as_array().unwrap().clone();
    errors
        .iter()
        .map(|error| (error["field"].clone(), error["message"].as_str().unwrap().to_owned()))
        .collect()
}

#[tokio::test]
async fn each_broken_rule_of_a_new_destination_is_told_at_its_field() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let streaming_token = "x-gitlab-event-streaming-token";
    let cases = [
        (json!({"name": ""}), json!("name"), "Name can't be blank"),
        (
            json!({"name": "n".repeat(73)}),
            json!("name"),
            "Name is too long (maximum is 72 characters)",
        ),
        (json!({"url": ""}), json!("url"), "Destination url can't be blank"),
        (
            json!({"url": "siem"}),
            json!("url"),
            "Destination url must be a valid URL",
        ),
        (
            json!({"url": "ftp://siem.example"}),
            json!("url"),
            "Destination url is blocked: Only allowed schemes are http, https",
        ),
        (
            json!({"url": format!("https://siem.example/{}", "p".repeat(2_000))}),
            json!("url"),
            "Destination url is too long (maximum is 2000 characters)",
        ),
        (
            json!({"verification_token": "short"}),
            json!("verification_token"),
            "Verification token should have length between 16 to 24 characters.",
        ),
        (
            json!({"headers": [header("", "v")]}),
            json!({"header_name": 0}),
            "Key can't be blank",
        ),
        (
            json!({"headers": [header("X-A", "")]}),
            json!({"header_value": 0}),
            "Value can't be blank",
        ),
        (
            json!({"headers": [header("X-A", &"v".repeat(2001))]}),
            json!({"header_value": 0}),
            "Value is too long (maximum is 2000 characters)",
        ),
        (
            json!({"headers": [header("X-A", "1"), header("x-a", "2")]}),
            json!({"header_name": 1}),
            "A header with this name already exists.",
        ),
        (
            json!({"headers": [header(streaming_token, "v")]}),
            json!({"header_name": 0}),
            "Key cannot be X-Gitlab-Event-Streaming-Token",
        ),
        (
            json!({"headers": [header("Content-Length", "1")]}),
            json!({"header_name": 0}),
            "Key cannot be Content-Length: it is set with every request",
        ),
        (
            json!({"headers": vec![header("X-A", "1"); 21]}),
            json!("headers"),
            "Headers are limited to 20 per destination",
        ),
        (
            json!({"event_types": ["über"]}),
            json!("event_types"),
            "Audit event type with value über is undefined.",
        ),
    ];
    for (change, field, message) in cases {
        let answer = browser.call("destinations/create", &draft(change.clone())).await;
        assert_eq!(refusals(&answer), [(field, message.to_owned())], "{change}");
    }
    let listed = browser.read("destinations/list").await.json();
    assert_eq!(listed["value"], json!([]), "nothing was stored");
}

#[tokio::test]
async fn what_no_header_can_be_called_or_hold_is_told_at_its_row() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let long = "n".repeat(256);
    let not_a_token = "Key can only contain letters, digits and !#$%&'*+.^_`|~-, for example X-Team";
    for (name, message) in [
        (long.as_str(), "Key is too long (maximum is 255 characters)"),
        ("X Team", not_a_token),
        ("X-Team:", not_a_token),
        ("Größe", not_a_token),
        ("X-A\r\nX-B", not_a_token),
        (" ", "Key can't be blank"),
    ] {
        let new = draft(json!({"headers": [header("X-Good", "1"), header(name, "v")]}));
        let answer = browser.call("destinations/create", &new).await;
        assert_eq!(
            refusals(&answer),
            [(json!({"header_name": 1}), message.to_owned())],
            "{name}"
        );
    }
    let only_printable = "Value can only contain printable Latin-1 characters, and no line breaks";
    let no_blanks = "Value can't start or end with a space";
    for (value, message) in [
        ("€ 5", only_printable),
        ("a\r\nX-B: b", only_printable),
        ("a\tb", only_printable),
        ("a\u{7f}", only_printable),
        (" a", no_blanks),
        ("a ", no_blanks),
        ("a\n", no_blanks),
    ] {
        let new = draft(json!({"headers": [header("X-Good", "1"), header("X-A", value)]}));
        let answer = browser.call("destinations/create", &new).await;
        assert_eq!(
            refusals(&answer),
            [(json!({"header_value": 1}), message.to_owned())],
            "{value:?}"
        );
    }
    let most = draft(json!({"headers": [header(&"n".repeat(255), &"ü".repeat(2_000))]}));
    assert_eq!(browser.call("destinations/create", &most).await.status, 200);
}

#[tokio::test]
async fn headers_that_belong_to_the_connection_are_refused_in_any_case() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    for name in [
        "Connection",
        "connection",
        "CONTENT-LENGTH",
        "Expect",
        "Host",
        "HTTP2-Settings",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Webhook-Id",
        "Webhook-Signature",
        "Webhook-Timestamp",
        "X-Audit-Streams-Source",
        "X-Gitlab-Audit-Event-Type",
    ] {
        let answer = browser
            .call("destinations/create", &draft(json!({"headers": [header(name, "v")]})))
            .await;
        let message = format!("Key cannot be {name}: it is set with every request");
        assert_eq!(refusals(&answer), [(json!({"header_name": 0}), message)]);
    }
}

#[tokio::test]
async fn where_no_destination_can_be_is_told_at_its_url() {
    let instance = Instance::start_with(&[("AUDIT_STREAMS_ALLOW_LOCAL_NETWORK", "")]);
    let mut browser = Browser::signed_in(&instance).await;
    for (host, message) in [
        ("localhost", "Requests to localhost are not allowed"),
        ("siem.localhost:8088", "Requests to localhost are not allowed"),
        ("127.0.0.1", "Requests to loopback addresses are not allowed"),
        ("[::1]", "Requests to loopback addresses are not allowed"),
        ("10.0.0.7", "Requests to the local network are not allowed"),
        ("[::ffff:192.168.0.1]", "Requests to the local network are not allowed"),
        ("169.254.1.1", "Requests to the link local network are not allowed"),
        ("[fe80::1]", "Requests to the link local network are not allowed"),
        ("100.64.0.1", "Requests to the shared address space are not allowed"),
        (
            "255.255.255.255",
            "Requests to the limited broadcast address are not allowed",
        ),
        ("192.0.2.1", "Requests to reserved addresses are not allowed"),
        ("169.254.169.254", "Requests to cloud metadata services are not allowed"),
    ] {
        let new = draft(json!({"url": format!("http://{host}/in")}));
        let answer = browser.call("destinations/create", &new).await;
        let message = format!("Destination url is blocked: {message}");
        assert_eq!(refusals(&answer), [(json!("url"), message)], "{host}");
    }
    assert_eq!(browser.read("destinations/list").await.json()["value"], json!([]));
}

#[tokio::test]
async fn what_another_destination_has_is_taken() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    assert_eq!(browser.call("destinations/create", &draft(json!({}))).await.status, 200);
    let same_name = browser
        .call(
            "destinations/create",
            &draft(json!({"url": "http://127.0.0.1:9/other"})),
        )
        .await;
    assert_eq!(
        refusals(&same_name),
        [(json!("name"), "Name has already been taken".to_owned())]
    );
    let same_url = browser
        .call("destinations/create", &draft(json!({"name": "Other"})))
        .await;
    assert_eq!(
        refusals(&same_url),
        [(json!("url"), "Destination url has already been taken".to_owned())]
    );
}

#[tokio::test]
async fn there_are_no_more_destinations_than_configured() {
    let instance = Instance::start_with(&[("AUDIT_STREAMS_MAX_DESTINATIONS", "2")]);
    let mut browser = Browser::signed_in(&instance).await;
    for number in 0..2 {
        let new = json!({"name": format!("D{number}"), "url": format!("http://127.0.0.1:9/{number}")});
        assert_eq!(browser.call("destinations/create", &draft(new)).await.status, 200);
    }
    let third = browser.call("destinations/create", &draft(json!({}))).await;
    assert_eq!(third.json()["too_many_destinations"]["limit"], 2, "{}", third.text);
}

#[tokio::test]
async fn a_header_value_comes_back_only_when_it_is_asked_for() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let new = draft(json!({"headers": [header("X-Key", "tell-nobody-about-this")]}));
    let created = browser.call("destinations/create", &new).await;
    let listed = browser.read("destinations/list").await;
    let page = browser.open("/admin/audit_logs?tab=streams").await;
    for answer in [&created, &listed, &page] {
        assert_eq!(answer.status, 200);
        assert!(!answer.text.contains("tell-nobody"), "{}", answer.text);
    }
    let (id, header) = (&created.json()["id"], &created.json()["http"]["headers"][0]["id"]);
    let secret = json!({"id": id, "secret": {"header": header}});
    assert_eq!(
        browser.call("destinations/secret", &secret).await.json(),
        "tell-nobody-about-this"
    );
    let unknown = json!({"id": id, "secret": {"header": 99}});
    assert_eq!(browser.call("destinations/secret", &unknown).await.status, 404);
    let mut stranger = Browser::new(&instance);
    assert_eq!(stranger.call("destinations/secret", &secret).await.status, 401);
}

#[tokio::test]
async fn a_secret_is_rotated_by_administrators_in_the_version_that_they_see() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let created = browser.call("destinations/create", &draft(json!({}))).await.json();
    let call = |secret: &str, version: i64| json!({"id": created["id"], "secret": secret, "version": version});
    let mut stranger = Browser::new(&instance);
    for secret in ["verification_token", "signing_secret"] {
        for function in ["destinations/rotate", "destinations/end_rotation"] {
            let answer = stranger.call(function, &call(secret, 1)).await;
            assert_eq!(answer.error(), (401, "unauthenticated".into()), "{function}");
        }
    }
    let mut version = 1;
    for secret in ["verification_token", "signing_secret"] {
        let none = browser.call("destinations/end_rotation", &call(secret, version)).await;
        assert_eq!(none.status, 404, "{}", none.text);
        let rotated = browser.call("destinations/rotate", &call(secret, version)).await;
        assert_eq!(rotated.status, 200, "{}", rotated.text);
        let (view, new) = (&rotated.json()[0], &rotated.json()[1]);
        assert_eq!(view["version"], version + 1);
        assert_eq!(view["rotations"][0]["secret"], secret);
        assert_eq!(
            view["rotations"][0]["previous_valid_until"],
            new["previous_valid_until"]
        );
        let again = browser.call("destinations/rotate", &call(secret, version + 1)).await;
        assert_eq!(
            (again.status, &again.json()["rotation_in_progress"]["until"]),
            (409, &new["previous_valid_until"])
        );
        for function in ["destinations/rotate", "destinations/end_rotation"] {
            let outdated = browser.call(function, &call(secret, version)).await;
            assert_eq!(
                (outdated.status, outdated.json()),
                (409, json!("changed_meanwhile")),
                "{function}"
            );
        }
        let ended = browser
            .call("destinations/end_rotation", &call(secret, version + 1))
            .await;
        assert_eq!(ended.json()["rotations"], json!([]));
        version += 2;
    }
    let unknown = json!({"id": 99, "secret": "signing_secret", "version": 1});
    assert_eq!(browser.call("destinations/rotate", &unknown).await.status, 404);
    let bucket = json!({
        "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "region": "us-east-1", "bucket": "audit-events",
    });
    let storage = json!({"draft": {"name": "Storage", "target": {"aws": bucket}}});
    let other = browser.call("destinations/create", &storage).await;
    assert_eq!(other.status, 200, "{}", other.text);
    let without = json!({"id": other.json()["id"], "secret": "signing_secret", "version": 1});
    assert_eq!(browser.call("destinations/rotate", &without).await.status, 404);
}

#[tokio::test]
async fn saving_is_all_or_nothing() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let new = draft(json!({"headers": [header("X-A", "1")]}));
    let created = browser.call("destinations/create", &new).await.json();
    let edit = |headers: Value, types: Value| {
        let mut draft = draft(json!({"name": "Renamed", "headers": headers, "event_types": types}));
        draft["id"] = created["id"].clone();
        draft["version"] = json!(1);
        draft
    };
    let refused = edit(json!([header("X-B", "2")]), json!(["über"]));
    let answer = browser.call("destinations/update", &refused).await;
    assert_eq!(refusals(&answer).len(), 1);
    let listed = browser.read("destinations/list").await.json();
    let stored = &listed["value"][0];
    assert_eq!(
        (&stored["name"], &stored["http"], &stored["version"]),
        (&json!("SIEM"), &created["http"], &json!(1))
    );
    let kept = json!({"id": created["http"]["headers"][0]["id"], "name": "X-Renamed", "value": null, "active": false});
    let saved = browser
        .call(
            "destinations/update",
            &edit(json!([kept]), json!(["user_created", "add_gpg_key"])),
        )
        .await
        .json();
    assert_eq!(saved["event_types"], json!(["add_gpg_key", "user_created"]));
    assert_eq!(saved["http"]["headers"][0]["name"], "X-Renamed");
    let secret = json!({"id": created["id"], "secret": {"header": saved["http"]["headers"][0]["id"]}});
    assert_eq!(
        browser.call("destinations/secret", &secret).await.json(),
        "1",
        "the value was kept"
    );
}

#[tokio::test]
async fn known_types_are_the_built_in_ones_and_what_was_received() {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    instance
        .post(
            &token,
            r#"[{"event_type":"ours"},{"event_type":"ours"},{"event_type":"user_created"}]"#.to_owned(),
        )
        .await;
    let mut browser = Browser::signed_in(&instance).await;
    let types = browser.read("destinations/event_types").await.json();
    let types = types.as_array().unwrap();
    let known = |name: &str| types.iter().find(|known| known["name"] == name).unwrap();
    assert_eq!(
        (&known("ours")["category"], &known("ours")["last_day"]),
        (&json!("Seen on this instance"), &json!(2))
    );
    assert_eq!(
        (&known("user_created")["category"], &known("user_created")["last_day"]),
        (&json!("User management"), &json!(1))
    );
    assert!(types.len() > 630, "{}", types.len());
}

/// The page sends back what it shows. The proxy is a real one, which wants the password.
#[tokio::test]
async fn the_mask_of_a_proxy_keeps_its_password_and_no_other() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let receiver = Receiver::start().await;
    let options = Options {
        credentials: Some(("ada", "s3cret-word")),
        port: Some(receiver.port()),
    };
    let proxy = Tinyproxy::start(options).unwrap();
    let at = |password: &str, host: &str| format!("http://ada:{password}@{host}:{}", proxy.port());
    let input = |name: &str, proxy: String| draft(json!({"name": name, "url": receiver.url(), "proxy": proxy}));
    let new = input("SIEM", at("s3cret-word", "127.0.0.1"));
    let created = browser.call("destinations/create", &new).await.json();
    let masked = at("••••", "127.0.0.1");
    assert_eq!(created["http"]["proxy"], masked);
    let edit = |version: i64, name: &str, proxy: String| {
        let mut edit = input(name, proxy);
        edit["id"] = created["id"].clone();
        edit["version"] = json!(version);
        edit
    };
    let other = edit(1, "Other", at("••••", "127.0.0.2"));
    let refused = browser.call("destinations/update", &other).await;
    let message = "Proxy has changed: enter its password again instead of ••••";
    assert_eq!(refusals(&refused), [(json!("proxy"), message.to_owned())]);
    let saved = browser
        .call("destinations/update", &edit(1, "Renamed", masked.clone()))
        .await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    assert_eq!(saved.json()["http"]["proxy"], masked);
    // The event about the change is sent with the new settings.
    receiver
        .wait_for("it comes through the proxy", |requests| {
            requests.iter().any(|request| request.text().contains("Renamed"))
        })
        .await;
    assert!(!proxy.targets().is_empty());
}
