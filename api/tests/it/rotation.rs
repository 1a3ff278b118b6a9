//! Rotating secrets over REST and GraphQL. What receivers get meanwhile is tested in `engine`.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    graphql_client::{GraphqlClient, unified_id},
    instance::{Answer, Instance},
};

const PATH: &str = "/api/v1/destinations/1";

async fn if_match(client: &Client<'_>, method: Method, path: &str, tag: &str) -> Answer {
    Answer::of(client.request(method, path).header("if-match", tag)).await
}

async fn prepared(instance: &Instance) -> Client<'_> {
    let admin = Client::with_scope(instance, "admin").await;
    let input = json!({"name": "SIEM", "http": {"url": "https://siem.example/in"}});
    admin.post("/api/v1/destinations", &input).await.expect(201);
    admin
}

#[tokio::test]
async fn each_secret_is_rotated_and_the_rotation_is_shown_until_it_is_ended() {
    let instance = Instance::start().await;
    let admin = prepared(&instance).await;
    let reader = Client::with_token(&instance, &instance.token("reader", &["read"]).await);
    let before = admin.get(PATH).await.expect(200);
    for (secret, prefix, length) in [("verification_token", "", 24), ("signing_secret", "whsec_", 38)] {
        let path = format!("{PATH}/{secret}");
        assert_eq!(admin.delete(&format!("{path}/previous")).await.status, 404);
        let new = admin.post(&format!("{path}/rotate"), &Value::Null).await.expect(200);
        let value = new["value"].as_str().unwrap();
        assert!(value.starts_with(prefix) && value.len() >= length, "{new}");
        let rotation = json!([{"secret": secret, "previous_valid_until": new["previous_valid_until"]}]);
        let shown = admin.get(PATH).await.expect(200);
        assert_eq!(shown["rotations"], rotation);
        let seen = reader.get(PATH).await;
        assert!(!seen.text.contains(new["value"].as_str().unwrap()), "{}", seen.text);
        assert_eq!(seen.expect(200)["rotations"], rotation);
        let stored = match secret {
            "signing_secret" => admin.get(&path).await.expect(200)["signing_secret"].clone(),
            _ => shown["http"]["verification_token"].clone(),
        };
        assert_eq!(stored, new["value"]);
        let ended = admin.delete(&format!("{path}/previous")).await;
        assert!(ended.header("etag").is_some());
        assert_eq!(ended.expect(200)["rotations"], json!([]));
    }
    let after = admin.get(PATH).await.expect(200);
    assert_eq!(
        after["version"].as_i64().unwrap() - before["version"].as_i64().unwrap(),
        4
    );
    assert_ne!(
        after["http"]["verification_token"],
        before["http"]["verification_token"]
    );
    for path in [
        "/api/v1/destinations/9/signing_secret",
        "/api/v1/destinations/9/verification_token",
    ] {
        assert_eq!(admin.post(&format!("{path}/rotate"), &Value::Null).await.status, 404);
    }
}

#[tokio::test]
async fn while_a_rotation_is_in_progress_there_is_no_other_one() {
    let instance = Instance::start().await;
    let admin = prepared(&instance).await;
    for secret in ["verification_token", "signing_secret"] {
        let rotate = format!("{PATH}/{secret}/rotate");
        let new = admin.post(&rotate, &Value::Null).await.expect(200);
        let before = admin.get(PATH).await.expect(200);
        let again = admin.post(&rotate, &Value::Null).await;
        assert_eq!(again.error(), (409, "rotation_in_progress".into()));
        let until = new["previous_valid_until"].as_str().unwrap();
        let message = format!("A rotation is in progress until {until}. End it first.");
        assert!(again.text.contains(&message), "{}", again.text);
        assert_eq!(admin.get(PATH).await.expect(200)["version"], before["version"]);
        admin.delete(&format!("{PATH}/{secret}/previous")).await.expect(200);
        admin.post(&rotate, &Value::Null).await.expect(200);
    }
}

#[tokio::test]
async fn another_version_is_not_rotated_and_its_rotation_not_ended() {
    let instance = Instance::start().await;
    let admin = prepared(&instance).await;
    for secret in ["verification_token", "signing_secret"] {
        let (rotate, previous) = (format!("{PATH}/{secret}/rotate"), format!("{PATH}/{secret}/previous"));
        let seen = admin.get(PATH).await.header("etag").unwrap().to_owned();
        let rotated = if_match(&admin, Method::POST, &rotate, &seen).await;
        let during = rotated.header("etag").unwrap().to_owned();
        rotated.expect(200);
        for (method, path) in [(Method::POST, &rotate), (Method::DELETE, &previous)] {
            let outdated = if_match(&admin, method, path, &seen).await;
            assert_eq!(outdated.error(), (412, "version_mismatch".into()), "{path}");
        }
        assert_eq!(admin.get(PATH).await.header("etag"), Some(during.as_str()));
        let ended = if_match(&admin, Method::DELETE, &previous, &during).await;
        assert_eq!(ended.expect(200)["rotations"], json!([]));
    }
}

#[tokio::test]
async fn a_chosen_token_ends_the_rotation() {
    let instance = Instance::start().await;
    let admin = prepared(&instance).await;
    let rotate = format!("{PATH}/verification_token/rotate");
    admin.post(&rotate, &Value::Null).await.expect(200);
    let renamed = admin.patch(PATH, &json!({"name": "Renamed"})).await.expect(200);
    assert_eq!(renamed["rotations"].as_array().unwrap().len(), 1);
    let token = json!({"http": {"verification_token": "chosen-by-somebody"}});
    assert_eq!(admin.patch(PATH, &token).await.expect(200)["rotations"], json!([]));
}

#[tokio::test]
async fn graphql_rotates_the_same_secrets() {
    const ROTATE: &str = "auditEventsInstanceDestinationSecretRotate";
    const END: &str = "auditEventsInstanceDestinationSecretRotationEnd";
    let instance = Instance::start().await;
    let admin = prepared(&instance).await;
    let graphql = GraphqlClient::with_token(&instance, &instance.token("graphql", &["admin"]).await);
    for (secret, name) in [
        ("VERIFICATION_TOKEN", "verification_token"),
        ("SIGNING_SECRET", "signing_secret"),
    ] {
        let input = json!({"destinationId": unified_id(1), "secret": secret});
        let new = graphql
            .payload(ROTATE, input.clone(), "newSecret previousValidUntil")
            .await;
        assert!(new["newSecret"].as_str().unwrap().len() >= 24, "{new}");
        let again = graphql.errors(ROTATE, input.clone()).await;
        let until = new["previousValidUntil"].as_str().unwrap();
        assert_eq!(
            again,
            [format!("A rotation is in progress until {until}. End it first.")]
        );
        let rotations = admin.get(PATH).await.expect(200)["rotations"].take();
        let until = &new["previousValidUntil"];
        assert_eq!(rotations, json!([{"secret": name, "previous_valid_until": until}]));
        let query = "{ instanceExternalAuditEventDestinations { nodes { rotations { secret previousValidUntil } } } }";
        let shown = graphql.ask(query).await["data"]["instanceExternalAuditEventDestinations"]["nodes"][0].take();
        assert_eq!(
            shown["rotations"],
            json!([{"secret": secret, "previousValidUntil": until}])
        );
        let ended = graphql
            .payload(
                END,
                input.clone(),
                "externalAuditEventDestination { rotations { secret } }",
            )
            .await;
        assert_eq!(ended["externalAuditEventDestination"]["rotations"], json!([]));
        let again = graphql.mutate(END, input, "").await;
        assert!(again.to_string().contains("does not exist"), "{again}");
    }
}

#[tokio::test]
async fn a_change_at_the_same_time_keeps_both_secrets() {
    let instance = Instance::start().await;
    let admin = prepared(&instance).await;
    for round in 0..10 {
        let before = admin.get(PATH).await.expect(200);
        let name = json!({"name": format!("SIEM {round}"), "http": {"request_timeout_seconds": 20 + round}});
        let rotate = format!("{PATH}/verification_token/rotate");
        let (rotated, changed) = tokio::join!(admin.post(&rotate, &Value::Null), admin.patch(PATH, &name));
        let (new, changed) = (rotated.expect(200), changed.expect(200));
        assert_eq!(changed["name"], name["name"]);
        let after = admin.get(PATH).await.expect(200);
        assert_eq!(after["name"], name["name"]);
        assert_eq!(
            after["http"]["request_timeout_seconds"],
            name["http"]["request_timeout_seconds"]
        );
        assert_eq!(after["http"]["verification_token"], new["value"]);
        assert_ne!(new["value"], before["http"]["verification_token"]);
        let rotation = json!([{"secret": "verification_token", "previous_valid_until": new["previous_valid_until"]}]);
        assert_eq!(after["rotations"], rotation);
        admin
            .delete(&format!("{PATH}/verification_token/previous"))
            .await
            .expect(200);
    }
}
