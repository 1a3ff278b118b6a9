//! The instance over REST: tokens, users, settings, and parked events.

use receivers::Receiver;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    browser::Browser,
    instance::{Answer, Instance},
};

#[tokio::test]
async fn a_user_is_added_disabled_and_given_a_new_password() {
    let instance = Instance::start();
    let admin = Client::with_scope(&instance, "admin");
    let request = admin
        .request(Method::POST, "/api/v1/users")
        .header("idempotency-key", "k");
    let keyed = Answer::of(request.body(r#"{"username":"ada"}"#)).await;
    assert_eq!(keyed.error(), (400, "invalid_idempotency_key".into()));
    let added = admin.post("/api/v1/users", &json!({"username": "ada"})).await;
    let location = added.header("location").unwrap().to_owned();
    let added = added.expect(201);
    assert_eq!(location, format!("/api/v1/users/{}", added["id"]));
    let password = added["password"].as_str().unwrap();
    let mut ada = Browser::new(&instance);
    assert_eq!(ada.sign_in("ada", password).await.status, 200);
    let listed = admin.get("/api/v1/users").await.expect(200);
    let user = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["username"] == "ada")
        .unwrap()
        .clone();
    assert_eq!((&user["enabled"], &user["sessions"]), (&json!(true), &json!(1)));
    let path = format!("/api/v1/users/{}", user["id"]);
    assert_eq!((&path, admin.get(&path).await.expect(200)), (&location, user));
    assert_eq!(admin.get("/api/v1/users/99").await.status, 404);
    let disabled = admin.patch(&path, &json!({"enabled": false})).await.expect(200);
    assert_eq!(
        (&disabled["enabled"], &disabled["sessions"]),
        (&json!(false), &json!(0))
    );
    assert_eq!(
        admin.patch(&path, &json!({"enabled": false})).await.status,
        200,
        "it is so already"
    );
    assert_eq!(
        admin.patch(&path, &json!({"enabled": true})).await.expect(200)["enabled"],
        true
    );
    let reset = format!("{path}/reset_password");
    let chosen = admin
        .post(&reset, &json!({"password": "the second of two"}))
        .await
        .expect(200);
    assert_eq!(chosen["password"], Value::Null, "who chose it knows it");
    assert_eq!(ada.sign_in("ada", "the second of two").await.status, 200);
    let made = admin.post(&reset, &json!({})).await.expect(200);
    assert_eq!(ada.sign_in("ada", made["password"].as_str().unwrap()).await.status, 200);
    assert_eq!(
        admin.post(&reset, &json!({"password": "short"})).await.refused_fields()[0].0,
        "password"
    );
    let bad = admin
        .post("/api/v1/users", &json!({"username": "Ada L", "password": "short"}))
        .await
        .refused_fields();
    assert_eq!(
        bad.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(),
        ["username", "password"]
    );
    let taken = admin
        .post("/api/v1/users", &json!({"username": "root"}))
        .await
        .refused_fields();
    assert!(taken[0].0 == "username" && taken[0].1.contains("another user"));
    assert_eq!(admin.patch(&path, &json!({})).await.refused_fields()[0].0, "enabled");
    assert_eq!(
        admin.patch("/api/v1/users/99", &json!({"enabled": false})).await.status,
        404
    );
    assert_eq!(
        admin.post("/api/v1/users/99/reset_password", &json!({})).await.status,
        404
    );
    admin.patch(&path, &json!({"enabled": false})).await.expect(200);
    let last = admin
        .patch("/api/v1/users/1", &json!({"enabled": false}))
        .await
        .refused_fields();
    assert!(last[0].1.contains("last administrator"), "{last:?}");
}

/// Parks events of the first destination, as its worker does with what was refused for good.
fn park(instance: &Instance, seqs: std::ops::RangeInclusive<i64>) {
    let store = rusqlite::Connection::open(instance.data_dir().join("audit-streams.db")).unwrap();
    for seq in seqs {
        store
            .execute(
                "INSERT INTO refused_events (destination_id, seq, tries, reason, response, refusal, refused_at, due_at) \
                 VALUES (1, ?, 5, 'answered 400', 'no', '{\"kind\":\"status\",\"detail\":400}', 0, NULL)",
                [seq],
            )
            .unwrap();
    }
}

#[tokio::test]
async fn parked_events_are_listed_tried_again_and_discarded() {
    let instance = Instance::start();
    let (admin, receiver) = (Client::with_scope(&instance, "admin"), Receiver::start().await);
    instance
        .post(
            &instance.token("app", &["ingest"]),
            r#"{"id":"before","event_type":"x"}"#,
        )
        .await;
    let input = json!({"name": "SIEM", "http": {"url": receiver.url()}});
    admin.post("/api/v1/destinations", &input).await.expect(201);
    let events = admin.get("/api/v1/audit_events?event_type=x").await.expect(200);
    let seq = events["items"][0]["seq"].as_i64().unwrap();
    park(&instance, seq..=seq + 1);
    let path = "/api/v1/destinations/1/parked";
    let parked = admin.get(path).await.expect(200)["items"].clone();
    let seqs: Vec<_> = parked
        .as_array()
        .unwrap()
        .iter()
        .map(|parked| parked["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, [seq + 1, seq], "the newest first");
    assert_eq!(
        (&parked[0]["tries"], &parked[0]["reason"]),
        (&json!(5), &json!("answered 400"))
    );
    assert_eq!(parked[0]["refused_at"], "1970-01-01T00:00:00.000Z");
    let next_step = "The receiver can be reached but refuses this event. Check what it expects, and its own log.";
    assert_eq!(parked[0]["next_step"], next_step);
    let mut browser = Browser::signed_in(&instance).await;
    let drawn = browser.read("drawn/panel?panel=activity%2F1%2Fhour").await.expect(200);
    assert!(drawn.as_str().unwrap().contains(next_step), "{drawn}");
    admin.delete(&format!("{path}/{}", seq + 1)).await.expect(204);
    let retry = format!("{path}/{seq}/retry");
    let retried = Answer::of(admin.request(Method::POST, &retry)).await;
    assert_eq!(retried.status, 204, "{}", retried.text);
    receiver
        .wait_for_events("it is tried again", |events| events.bodies.contains_key("before"))
        .await;
    assert_eq!(admin.get(path).await.expect(200)["items"], json!([]));
    let again = Answer::of(admin.request(Method::POST, &retry)).await;
    assert_eq!(again.error(), (404, "not_found".into()));
    assert_eq!(
        admin.delete(&format!("{path}/{seq}")).await.error(),
        (404, "not_found".into())
    );
    for event_type in ["parked_audit_event_retried", "parked_audit_event_discarded"] {
        let told = admin
            .get(&format!("/api/v1/audit_events?event_type={event_type}"))
            .await
            .expect(200);
        assert_eq!(told["items"].as_array().unwrap().len(), 1, "{event_type}");
    }
}
