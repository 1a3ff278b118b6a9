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
    let next_step = "The endpoint can be reached but rejects this event. Check the format it expects, and its own log.";
    assert_eq!(parked[0]["next_step"], next_step);
    let mut browser = Browser::signed_in(&instance).await;
    let shown = browser.read("streams/refused?id=1&list=parked").await.expect(200);
    assert_eq!(
        (&shown["value"]["total"], &shown["value"]["items"][0]["next_step"]),
        (&json!(2), &json!(next_step))
    );
    assert_eq!(
        parked[1]["event"],
        json!({"id": "before", "event_type": "x", "action": "X"})
    );
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

#[tokio::test]
async fn several_parked_events_are_retried_and_discarded_at_once() {
    let instance = Instance::start();
    let (admin, receiver) = (Client::with_scope(&instance, "admin"), Receiver::start().await);
    let input = json!({"name": "SIEM", "http": {"url": receiver.url()}});
    admin.post("/api/v1/destinations", &input).await.expect(201);
    park(&instance, 1..=5);
    let path = "/api/v1/destinations/1/parked";
    let discard = format!("{path}/discard");
    let answer = admin.post(&discard, &json!({"seqs": [1, 2, 99]})).await;
    assert_eq!(answer.expect(200), json!({"discarded": 2}));
    for wrong in [
        json!({}),
        json!({"seqs": []}),
        json!({"seqs": [3], "all": true}),
        json!({"all": false}),
    ] {
        assert_eq!(admin.post(&discard, &wrong).await.status, 422, "{wrong}");
    }
    let retried = admin.post(&format!("{path}/retry"), &json!({"seqs": [3]})).await;
    assert_eq!(retried.expect(200), json!({"retried": 1}));
    assert_eq!(admin.get(path).await.expect(200)["total"], 2);
    assert_eq!(
        admin.post(&discard, &json!({"all": true})).await.expect(200),
        json!({"discarded": 2})
    );
    let unknown = admin
        .post("/api/v1/destinations/9/parked/discard", &json!({"all": true}))
        .await;
    assert_eq!(unknown.error(), (404, "not_found".into()));
}

#[tokio::test]
async fn events_that_are_retried_are_parked_retried_and_discarded() {
    let instance = Instance::start();
    let (admin, receiver) = (Client::with_scope(&instance, "admin"), Receiver::start().await);
    let input = json!({"name": "SIEM", "http": {"url": receiver.url()}});
    admin.post("/api/v1/destinations", &input).await.expect(201);
    park(&instance, 1..=5);
    let store = rusqlite::Connection::open(instance.data_dir().join("audit-streams.db")).unwrap();
    // In a thousand years.
    store
        .execute("UPDATE refused_events SET due_at = 32000000000000", [])
        .unwrap();
    let path = "/api/v1/destinations/1/retrying";
    let page = admin.get(&format!("{path}?limit=2")).await.expect(200);
    assert_eq!((&page["total"], &page["next_before"]), (&json!(5), &json!(4)));
    assert_eq!(page["items"][0]["next_try_at"], "2984-01-15T08:53:20.000Z");
    let change = async |change: &str, chosen: Value| {
        let answer = admin.post(&format!("{path}/{change}"), &chosen).await;
        answer.expect(200)
    };
    assert_eq!(change("park", json!({"seqs": [1, 2, 99]})).await, json!({"parked": 2}));
    assert_eq!(
        change("discard", json!({"seqs": [2, 3]})).await,
        json!({"discarded": 1})
    );
    assert_eq!(change("retry", json!({"seqs": [4]})).await, json!({"retried": 1}));
    let park = async |seq: i64| admin.post("/api/v1/destinations/1/park", &json!({"seq": seq})).await;
    assert_eq!(park(5).await.status, 204);
    assert_eq!(park(5).await.error(), (409, "not_parked".into()));
    let parked = admin.get("/api/v1/destinations/1/parked").await.expect(200);
    assert_eq!(
        (&parked["total"], &parked["items"][0]["next_try_at"]),
        (&json!(3), &Value::Null)
    );
    for wrong in [json!({}), json!({"seqs": []}), json!({"seqs": [3], "all": true})] {
        assert_eq!(admin.post(&format!("{path}/park"), &wrong).await.status, 422, "{wrong}");
    }
    let reader = Client::with_scope(&instance, "read");
    reader.get(path).await.expect(200);
    let forbidden = reader.post(&format!("{path}/park"), &json!({"all": true})).await;
    assert_eq!(forbidden.status, 403);
}

#[tokio::test]
async fn recent_deliveries_are_listed() {
    let instance = Instance::start();
    let (admin, receiver) = (Client::with_scope(&instance, "admin"), Receiver::start().await);
    let input = json!({"name": "SIEM", "http": {"url": receiver.url()}});
    admin.post("/api/v1/destinations", &input).await.expect(201);
    let path = "/api/v1/destinations/1/deliveries";
    let is_any = |answer: &Value| !answer["items"].as_array().unwrap().is_empty();
    let listed = admin.get_until(path, is_any).await;
    let first = &listed["items"][0];
    assert_eq!(
        (&first["outcome"], &first["status"], &first["reason"]),
        (&json!("delivered"), &json!(200), &Value::Null)
    );
    assert!(first["event"]["event_type"].is_string(), "{first}");
    assert_eq!(
        admin.get(&format!("{path}?outcome=failed")).await.expect(200),
        json!({"items": []})
    );
    assert_eq!(admin.get(&format!("{path}?limit=101")).await.status, 422);
}
