//! The instance over REST: tokens, users, settings, and parked events.

use axum::http::Method;
use domain::settings::RetentionDays;
use receivers::Receiver;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    instance::{Answer, Instance},
};

#[tokio::test]
async fn a_token_is_made_used_and_revoked() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    let input = json!({"name": "gitlab", "scopes": ["ingest", "read"], "expires_on": "2999-12-31"});
    let made = admin.post("/api/v1/tokens", &input).await.expect(201);
    let token = made["token"].as_str().unwrap();
    instance.post(token, r#"{"event_type":"x"}"#).await;
    let listed = admin.get("/api/v1/tokens").await;
    assert!(!listed.text.contains(token), "it is shown once");
    let listed = listed.expect(200);
    let listed = listed["items"].as_array().unwrap();
    let gitlab = listed.iter().find(|listed| listed["name"] == "gitlab").unwrap();
    assert_eq!(
        (&gitlab["state"], &gitlab["scopes"], &gitlab["expires_at"]),
        (
            &json!("active"),
            &json!(["ingest", "read"]),
            &json!("3000-01-01T00:00:00.000Z")
        )
    );
    assert!(gitlab["last_used_at"].is_string());
    let path = format!("/api/v1/tokens/{}", made["id"]);
    admin.delete(&path).await.expect(204);
    assert_eq!(admin.delete(&path).await.error(), (404, "not_found".into()));
    let refused = Answer::of(instance.ingest(token).body("{}")).await;
    assert_eq!(refused.error(), (401, "revoked_token".into()));
    for (input, field) in [
        (json!({"name": "gitlab", "scopes": ["read"]}), "name"),
        (json!({"name": "", "scopes": ["read"]}), "name"),
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "scopes": ["root"]}), "scopes[0]"),
        (
            json!({"name": "x", "scopes": ["read"], "expires_on": "2020-01-31"}),
            "expires_on",
        ),
        (json!({"scopes": ["read"]}), "name"),
    ] {
        let fields = admin.post("/api/v1/tokens", &input).await.refused_fields();
        assert_eq!(fields[0].0, field, "{input}: {fields:?}");
    }
}

#[tokio::test]
async fn sessions_of_a_user_are_seen_and_ended() {
    let instance = Instance::start().await;
    let (admin, reader) = (
        Client::with_scope(&instance, "admin").await,
        Client::with_scope(&instance, "read").await,
    );
    let cookies = [instance.session_cookie().await, instance.session_cookie().await];
    let path = "/api/v1/users/1/sessions";
    let sessions = async || reader.get(path).await.expect(200)["items"].as_array().unwrap().clone();
    let listed = sessions().await;
    assert_eq!(listed.len(), 2);
    assert!(listed[0]["ip_address"].is_string() && listed[0]["first_seen_at"].is_string());
    let one = format!("{path}/{}", listed[0]["id"]);
    assert_eq!(reader.delete(&one).await.error(), (403, "insufficient_scope".into()));
    admin.delete(&one).await.expect(204);
    assert_eq!(admin.delete(&one).await.error(), (404, "not_found".into()));
    assert_eq!(sessions().await, [listed[1].clone()]);
    for _ in 0..2 {
        admin.delete(path).await.expect(204);
        assert_eq!(sessions().await, [Value::Null; 0]);
    }
    for cookie in &cookies {
        let request = instance
            .request(Method::GET, "/api/v1/instance")
            .header("cookie", cookie);
        assert_eq!(Answer::of(request).await.error(), (401, "missing_token".into()));
    }
    for method in [Method::GET, Method::DELETE] {
        let answer = Answer::of(admin.request(method, "/api/v1/users/99/sessions")).await;
        assert_eq!(answer.error(), (404, "not_found".into()));
    }
}

#[tokio::test]
async fn settings_are_changed_under_their_version_or_whatever_it_is() {
    let instance = Instance::start_with(|options| {
        options.engine.fixed.allow_local_network = None;
    })
    .await;
    let admin = Client::with_scope(&instance, "admin").await;
    let network = "/api/v1/settings/network";
    let shown = admin.get(network).await;
    assert_eq!(shown.header("etag"), Some("\"1\""));
    let shown = shown.expect(200);
    assert_eq!(shown["allow_local_network"], json!({"value": false, "fixed": false}));
    assert!(
        shown["rules"]
            .as_array()
            .unwrap()
            .iter()
            .any(|rule| rule["verdict"] == "exact_only")
    );
    let changed = admin
        .patch(network, &json!({"allowlist": ["siem.internal:8088", "10.0.0.0/8"]}))
        .await
        .expect(200);
    assert_eq!(
        changed["allowlist"]["value"],
        json!(["siem.internal:8088", "10.0.0.0/8"])
    );
    let opened = admin
        .patch(network, &json!({"allow_local_network": true}))
        .await
        .expect(200);
    assert_eq!(
        (&opened["allowlist"], &opened["version"]),
        (&changed["allowlist"], &json!(3))
    );
    let old = admin
        .request(Method::PATCH, network)
        .header("if-match", "\"1\"")
        .body("{}");
    assert_eq!(Answer::of(old).await.error(), (412, "version_mismatch".into()));
    let bad = admin
        .patch(network, &json!({"allowlist": ["exa mple"]}))
        .await
        .refused_fields();
    assert!(bad[0].0 == "allowlist" && bad[0].1.contains("exa mple"));

    let retention = "/api/v1/settings/retention";
    let shown = admin.get(retention).await.expect(200);
    assert_eq!(
        (&shown["days"]["value"], &shown["log_size"]["value"]),
        (&json!(30), &json!("10GiB"))
    );
    assert_eq!(
        admin.patch(retention, &json!({"days": 7})).await.expect(200)["days"]["value"],
        7
    );
    let sized = admin.patch(retention, &json!({"log_size": "1GiB"})).await.expect(200);
    assert_eq!(
        (&sized["days"]["value"], &sized["log_size"]["value"]),
        (&json!(7), &json!("1GiB"))
    );
    let back = admin.patch(retention, &json!({"days": null})).await.expect(200);
    assert_eq!(
        (&back["days"]["value"], &back["log_size"]["value"]),
        (&json!(30), &json!("1GiB"))
    );
    for (change, field) in [(json!({"days": 0}), "days"), (json!({"log_size": "1MiB"}), "log_size")] {
        assert_eq!(admin.patch(retention, &change).await.refused_fields()[0].0, field);
    }
}

#[tokio::test]
async fn what_the_command_line_sets_is_not_changed_here() {
    let instance = Instance::start_with(|options| {
        options.engine.fixed.retention_days = RetentionDays::new(90);
    })
    .await;
    let admin = Client::with_scope(&instance, "admin").await;
    for (path, change) in [
        ("/api/v1/settings/retention", json!({"days": 7})),
        ("/api/v1/settings/network", json!({"allow_local_network": false})),
    ] {
        let fields = admin.patch(path, &change).await.refused_fields();
        assert!(fields[0].1.contains("command line"), "{fields:?}");
    }
    let shown = admin.get("/api/v1/settings/retention").await.expect(200);
    assert_eq!(shown["days"], json!({"value": 90, "fixed": true}));
}

#[tokio::test]
async fn a_parameter_is_refused_where_there_are_none() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    for path in [
        "destinations",
        "users",
        "users/1",
        "tokens",
        "instance",
        "settings/network",
        "event_types",
    ] {
        let refused = admin.get(&format!("/api/v1/{path}?per_page=5")).await.refused_fields();
        assert_eq!(refused[0].0, "per_page", "{path}");
    }
    let refused = admin.patch("/api/v1/settings/retention?days=1", &json!({})).await;
    assert_eq!(refused.refused_fields()[0].0, "days");
    assert_eq!(admin.get("/api/v1/users?").await.status, 200);
}

#[tokio::test]
async fn the_instance_is_seen_at_a_glance() {
    let instance = Instance::start().await;
    let reader = Client::with_scope(&instance, "read").await;
    instance
        .post(&instance.token("app", &["ingest"]).await, r#"{"event_type":"x"}"#)
        .await;
    let seen = reader.get("/api/v1/instance").await.expect(200);
    assert_eq!(
        (&seen["version"], &seen["destinations"]),
        (&json!(env!("CARGO_PKG_VERSION")), &json!(0))
    );
    assert!(seen["stored_events"].as_u64().unwrap() >= 1 && seen["newest_received_at"].is_string());
}

#[tokio::test]
async fn the_overview_tells_of_the_log_of_traffic_and_of_states() {
    let instance = Instance::start().await;
    let (admin, receiver) = (Client::with_scope(&instance, "admin").await, Receiver::start().await);
    for (name, url) in [("SIEM", receiver.url()), ("Gone", "http://127.0.0.1:9/".to_owned())] {
        let input = json!({"name": name, "http": {"url": url}, "event_types": ["user_created"]});
        admin.post("/api/v1/destinations", &input).await.expect(201);
    }
    let token = instance.token("app", &["ingest"]).await;
    let events = json!(vec![json!({"event_type": "user_created"}); 4]).to_string();
    instance.post(&token, events).await;
    let sum = |overview: &Value, what: &str| -> u64 {
        let minutes = overview["traffic"].as_array().unwrap().iter();
        minutes.map(|minute| minute[what].as_u64().unwrap()).sum()
    };
    let overview = admin
        .get_until("/api/v1/overview", |overview| {
            sum(overview, "delivered") == 4
                && overview["destinations"]["retrying"] == 1
                && overview["log"]["events"].as_u64() == Some(sum(overview, "received"))
        })
        .await;
    assert_eq!(overview["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(overview["traffic"].as_array().unwrap().len(), 60);
    let log = &overview["log"];
    assert!(log["events"].as_u64() >= Some(6), "two destinations were added, too");
    assert!(log["used_bytes"].as_u64() < log["limit_bytes"].as_u64());
    assert!(overview["oldest_waiting_at"].is_string());
    assert_eq!(overview["destinations"]["healthy"], 1);
    assert_eq!(overview["destinations"]["inactive"], 0);
}
