//! TLS and proxies of a destination of each kind, over REST and both families of GraphQL.

use domain::destination::DestinationKind;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    delivery_limits::inputs,
    graphql_client::{GraphqlClient, unified_id},
    graphql_helpers::update_mutation,
    instance::Instance,
};

const PATH: &str = "/api/v1/destinations";

/// Made with `openssl req -x509`, valid until 2126.
const CA: &str = "-----BEGIN CERTIFICATE-----\n\
                  MIIBjDCCATGgAwIBAgIUbvNj8J1ra9UsE5biTc6hL7X5onYwCgYIKoZIzj0EAwIw\n\
                  EjEQMA4GA1UEAwwHVGVzdCBDQTAgFw0yNjExMzAxMDQ5MjBaGA8yMTI2MTEwNjEw\n\
                  NDkyMFowEjEQMA4GA1UEAwwHVGVzdCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n\
                  A0IABJFGGqNbxssXhc14JYzKj34/G2HOtpGoZs+mEYzQjcv50d6CBk/jbhMuJgAu\n\
                  DGUIc0dh4JpuYffny4eE/kCLKUujYzBhMB0GA1UdDgQWBBQflUHs9tPG0UdH6t9s\n\
                  ZU9t5QdFWjAfBgNVHSMEGDAWgBQflUHs9tPG0UdH6t9sZU9t5QdFWjAPBgNVHRMB\n\
                  Af8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAKBggqhkjOPQQDAgNJADBGAiEA5to9\n\
                  1m+qwvrZ8mb+tXjXtk9cne5OoCWVSluMHmTnvlwCIQDMSe+IygwHp+lPAYEfHOIN\n\
                  rTS5XxtNspqlaF4CJ5QWEQ==\n\
                  -----END CERTIFICATE-----";

const SCHEMES: [&str; 3] = ["http", "socks5", "socks5h"];

fn proxy(scheme: &str, password: &str, host: &str) -> String {
    format!("{scheme}://ada:{password}@{host}:1080")
}

/// What each kind can be given beside a proxy, with its keys in REST and in GraphQL.
fn tls_of(kind: &str) -> Vec<(&'static str, &'static str, Value)> {
    let ca = ("tls_ca_certificates", "tlsCaCertificates", json!(CA));
    match kind {
        "gcp" => vec![ca],
        _ => vec![
            ca,
            ("tls_server_name", "tlsServerName", json!("siem.internal")),
            ("tls_verify", "tlsVerify", json!(false)),
        ],
    }
}

/// One destination of each kind, to which connections are encrypted.
async fn encrypted_inputs() -> impl Iterator<Item = (&'static str, Value)> {
    let inputs = inputs().await.into_iter().map(|(kind, mut fields, _)| {
        for url in ["url", "endpoint_url"] {
            if let Some(url) = fields.get_mut(url) {
                *url = json!(url.as_str().unwrap().replace("http://", "https://"));
            }
        }
        (kind, fields)
    });
    let inputs: Vec<_> = inputs.collect();
    assert!(
        DestinationKind::ALL
            .iter()
            .all(|kind| inputs.iter().any(|(name, _)| *name == kind.as_str()))
    );
    inputs.into_iter()
}

#[tokio::test]
async fn the_mask_of_a_proxy_stands_for_its_password_for_each_kind_and_scheme() {
    let instance = Instance::start().await;
    let (admin, reader) = (
        Client::with_scope(&instance, "admin").await,
        Client::with_scope(&instance, "read").await,
    );
    for (kind, fields) in encrypted_inputs().await {
        for scheme in SCHEMES {
            let masked = proxy(scheme, "••••", "127.0.0.1");
            let mut input = json!({"name": kind, kind: fields});
            input[kind]["proxy"] = json!(masked);
            let unknown = admin.post(PATH, &input).await.refused_fields();
            assert_eq!(
                unknown[0].0,
                format!("{kind}.proxy"),
                "nothing is stored that it stands for"
            );
            input[kind]["proxy"] = json!(proxy(scheme, "s3cret-word", "127.0.0.1"));
            let added = admin.post(PATH, &input).await.expect(201);
            assert_eq!(added[kind]["proxy"], masked);
            let path = format!("{PATH}/{}", added["id"]);
            let shown = reader.get(&path).await;
            assert!(
                !shown.text.contains("ada") && !shown.text.contains("••••"),
                "{}",
                shown.text
            );
            assert_eq!(shown.json()[kind]["proxy"], format!("{scheme}://127.0.0.1:1080"));

            let change = |proxy: &str| json!({kind: {"proxy": proxy}});
            let same = admin.patch(&path, &change(&masked)).await;
            assert_eq!(
                same.json()["version"],
                added["version"],
                "nothing has changed: {}",
                same.text
            );
            let beside = json!({kind: {"proxy": masked, "request_timeout_seconds": 60}});
            let changed = admin.patch(&path, &beside).await;
            assert_eq!(changed.json()[kind]["proxy"], masked);
            assert_eq!(changed.json()[kind]["request_timeout_seconds"], 60);
            let other_scheme = if scheme == "http" { "socks5h" } else { "http" };
            for other in [
                proxy(scheme, "••••", "127.0.0.2"),
                proxy(other_scheme, "••••", "127.0.0.1"),
            ] {
                let refused = admin.patch(&path, &change(&other)).await.refused_fields();
                let message = "Proxy has changed: enter its password again instead of ••••";
                assert_eq!(refused, [(format!("{kind}.proxy"), message.to_owned())], "{other}");
            }
            let replaced = admin
                .patch(&path, &change(&proxy(scheme, "an0ther-word", "127.0.0.1")))
                .await;
            assert_ne!(replaced.json()["version"], changed.json()["version"]);
            for answer in [
                &same,
                &changed,
                &replaced,
                &admin.get(&path).await,
                &admin.get(PATH).await,
            ] {
                assert_eq!(answer.status, 200);
                assert!(answer.text.contains(&masked), "{}", answer.text);
                assert!(
                    !answer.text.contains("s3cret-word") && !answer.text.contains("an0ther-word"),
                    "{}",
                    answer.text
                );
            }
            admin.delete(&path).await.expect(204);
        }
    }
}

#[tokio::test]
async fn fields_that_a_kind_does_not_have_are_unknown() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    for (kind, fields) in encrypted_inputs().await {
        let added = admin.post(PATH, &json!({"name": kind, kind: fields})).await.expect(201);
        let path = format!("{PATH}/{}", added["id"]);
        for (field, value) in [
            ("tls_client_certificate", json!(CA)),
            ("tls_client_key", json!("key")),
            ("tls_server_name", json!("siem.internal")),
            ("tls_verify", json!(false)),
        ] {
            let answer = admin.patch(&path, &json!({kind: {field: value}})).await;
            if kind == "gcp" {
                let refused = answer.refused_fields();
                assert_eq!(refused[0].0, format!("gcp.{field}"));
                assert!(refused[0].1.contains("unknown field"), "{refused:?}");
            } else {
                assert!(!answer.text.contains("unknown field"), "{}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn tls_and_proxy_make_the_round_trip_over_each_family_of_graphql() {
    let instance = Instance::start().await;
    let rest = Client::with_scope(&instance, "admin").await;
    let api = GraphqlClient::new(&instance, "admin").await;
    for (kind, fields) in encrypted_inputs().await {
        let added = rest.post(PATH, &json!({"name": kind, kind: fields})).await.expect(201);
        let number = added["id"].as_i64().unwrap();
        let (mutation, shown, id) = update_mutation(kind, number);
        let tls = tls_of(kind);
        let keys: Vec<&str> = tls.iter().map(|(_, key, _)| *key).collect();
        let selected = format!("{shown} {{ proxy {} }}", keys.join(" "));
        let update = async |mut change: Value| {
            change["id"] = json!(id);
            api.payload(mutation, change, &selected).await
        };
        for scheme in SCHEMES {
            let masked = proxy(scheme, "••••", "127.0.0.1");
            let mut change = json!({"proxy": proxy(scheme, "s3cret-word", "127.0.0.1")});
            for (_, key, value) in &tls {
                change[key] = value.clone();
            }
            let changed = update(change).await;
            assert_eq!(changed["errors"], json!([]), "{kind}");
            let version = rest.get(&format!("{PATH}/{number}")).await.json()["version"].clone();
            // What is shown can be sent back.
            for again in [changed[shown].clone(), json!({"proxy": masked}), json!({})] {
                let same = update(again).await;
                assert_eq!(same, changed);
                assert_eq!(same[shown]["proxy"], masked);
            }
            let stored = rest.get(&format!("{PATH}/{number}")).await.json();
            assert_eq!(stored["version"], version, "nothing has changed");
            for (name, key, value) in &tls {
                assert_eq!((&stored[kind][name], &changed[shown][key]), (value, value), "{kind}");
            }
            let other = update(json!({"proxy": proxy(scheme, "••••", "127.0.0.2")})).await;
            let message = "Proxy has changed: enter its password again instead of ••••";
            assert_eq!(other["errors"], json!([message]));
        }
    }
}

#[tokio::test]
async fn tls_and_proxy_make_the_round_trip_in_the_config_of_the_unified_family() {
    let instance = Instance::start().await;
    let rest = Client::with_scope(&instance, "admin").await;
    let (api, reader) = (
        GraphqlClient::new(&instance, "admin").await,
        GraphqlClient::new(&instance, "read").await,
    );
    for (kind, fields) in encrypted_inputs().await {
        let added = rest.post(PATH, &json!({"name": kind, kind: fields})).await.expect(201);
        let id = unified_id(added["id"].as_i64().unwrap());
        let config_for = async |api: &GraphqlClient<'_>| {
            let listed = api
                .ask("{ auditEventsInstanceStreamingDestinations { nodes { id config } } }")
                .await;
            let nodes = &listed["data"]["auditEventsInstanceStreamingDestinations"]["nodes"];
            let node = nodes.as_array().unwrap().iter().find(|node| node["id"] == json!(id));
            node.unwrap()["config"].clone()
        };
        let update = async |config: Value| {
            let input = json!({"id": id, "config": config});
            let payload = api
                .payload("instanceAuditEventStreamingDestinationsUpdate", input, "")
                .await;
            payload["errors"].clone()
        };
        let mut config = config_for(&api).await;
        for (_, key, value) in tls_of(kind) {
            assert!(config.get(key).is_none(), "{kind} has defaults: {config}");
            config[key] = value;
        }
        config["proxy"] = json!(proxy("socks5h", "s3cret-word", "127.0.0.1"));
        assert_eq!(update(config.clone()).await, json!([]), "{kind}");
        config["proxy"] = json!(proxy("socks5h", "••••", "127.0.0.1"));
        assert_eq!(config_for(&api).await, config);
        assert_eq!(
            update(config.clone()).await,
            json!([]),
            "{kind}: what is shown can be sent back"
        );
        assert_eq!(config_for(&api).await, config);
        assert_eq!(config_for(&reader).await["proxy"], "socks5h://127.0.0.1:1080");
        config["proxy"] = json!(proxy("socks5h", "••••", "127.0.0.2"));
        assert_ne!(update(config).await, json!([]));
    }
}
