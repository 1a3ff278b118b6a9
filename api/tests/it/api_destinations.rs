//! Destinations over REST: adding, changing, deleting, and what never comes back.

use axum::http::Method;
use domain::destination::DestinationKind;
use receivers::google::GoogleServer;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    instance::{Answer, Instance},
};

const PATH: &str = "/api/v1/destinations";
const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn http(name: &str, url: &str) -> Value {
    json!({"name": name, "http": {"url": url}})
}

fn aws() -> Value {
    json!({"name": "Bucket", "aws": {
        "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": SECRET_ACCESS_KEY, "region": "us-east-1",
        "bucket": "audit-events", "endpoint_url": "http://127.0.0.1:9", "key_prefix": "prod", "layout": "batches",
        "partitions": "hive", "omit_checksums": true, "encryption": "aws:kms", "kms_key_id": "key-1",
        "lock_mode": "GOVERNANCE", "lock_days": 30,
    }})
}

async fn gcp() -> Value {
    let google = GoogleServer::start().await.unwrap();
    let key = &google.service_account().private_key_pem;
    json!({"name": "Cloud", "kind": "gcp", "gcp": {
        "project_id": "my-google-project", "client_email": "a@my-google-project.example", "private_key": key,
    }})
}

#[tokio::test]
async fn a_destination_of_each_kind_is_added_shown_and_deleted_without_its_credentials() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    let mut answers = String::new();
    for (kind, input) in [
        ("http", http("SIEM", "http://127.0.0.1:9/in")),
        ("gcp", gcp().await),
        ("aws", aws()),
    ] {
        let added = admin.post(PATH, &input).await;
        let location = added.header("location").unwrap().to_owned();
        assert_eq!(added.header("etag"), Some("\"1\""));
        answers.push_str(&added.text);
        let added = added.expect(201);
        assert_eq!(
            (&added["kind"], &added["active"], &added["paused"]),
            (&json!(kind), &json!(true), &json!(false))
        );
        let others = ["http", "gcp", "aws"].into_iter().filter(|other| *other != kind);
        assert!(added[kind].is_object() && others.into_iter().all(|other| added[other].is_null()));
        let shown = admin.get(&location).await;
        answers.push_str(&shown.text);
        assert_eq!(shown.expect(200)["name"], added["name"]);
    }
    let listed = admin.get(PATH).await;
    answers.push_str(&listed.text);
    let listed = listed.expect(200)["items"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 3);
    assert_eq!(listed[1]["gcp"]["log_id"], "audit-events");
    assert_eq!(listed[2]["aws"]["layout"], "batches");
    assert!(
        !answers.contains(SECRET_ACCESS_KEY) && !answers.contains("PRIVATE KEY"),
        "{answers}"
    );
    for destination in &listed {
        let path = format!("{PATH}/{}", destination["id"]);
        admin.delete(&path).await.expect(204);
        assert_eq!(admin.get(&path).await.error(), (404, "not_found".into()));
        assert_eq!(admin.delete(&path).await.error(), (404, "not_found".into()));
    }
}

#[tokio::test]
async fn only_an_administrator_sees_what_would_let_others_pass_for_this_server() {
    let instance = Instance::start().await;
    let (admin, reader) = (
        Client::with_scope(&instance, "admin").await,
        Client::with_scope(&instance, "read").await,
    );
    let mut input = http("SIEM", "http://127.0.0.1:9/services/T0/key?token=s3cret");
    input["http"]["headers"] = json!([{"name": "Authorization", "value": "Bearer secret"}]);
    input["http"]["verification_token"] = json!("0123456789abcdef");
    let added = admin.post(PATH, &input).await.expect(201);
    assert_eq!(added["http"]["headers"][0]["value"], "Bearer secret");
    assert_eq!(added["http"]["verification_token"], "0123456789abcdef");
    for path in [PATH.to_owned(), format!("{PATH}/1")] {
        let seen = reader.get(&path).await;
        assert_eq!(seen.status, 200);
        assert!(
            !seen.text.contains("Bearer secret") && !seen.text.contains("0123456789abcdef"),
            "{}",
            seen.text
        );
        assert!(seen.text.contains("Authorization"));
        assert!(seen.text.contains(r#""url":"http://127.0.0.1:9""#), "{}", seen.text);
        assert!(admin.get(&path).await.text.contains("/services/T0/key?token=s3cret"));
    }
    let secret = admin.get("/api/v1/destinations/1/signing_secret").await.expect(200);
    assert!(secret["signing_secret"].as_str().unwrap().starts_with("whsec_"));
    let refused = reader.get("/api/v1/destinations/1/signing_secret").await;
    assert_eq!(refused.error(), (403, "insufficient_scope".into()));
    let mut input = aws();
    input["aws"]["endpoint_url"] = json!("http://127.0.0.1:9/tenant/s3cret");
    admin.post(PATH, &input).await.expect(201);
    assert_eq!(admin.get("/api/v1/destinations/2/signing_secret").await.status, 404);
    let seen = reader.get("/api/v1/destinations/2").await.expect(200);
    assert_eq!(seen["aws"]["endpoint_url"], "http://127.0.0.1:9");
}

#[tokio::test]
async fn each_broken_rule_is_told_where_it_stands_in_the_request() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    let with = |change: fn(&mut Value)| {
        let mut input = http("SIEM", "http://127.0.0.1:9/in");
        change(&mut input);
        input
    };
    let mut bad_bucket = aws();
    bad_bucket["aws"]["bucket"] = json!("N/O");
    let cases = [
        (json!({"name": "x"}), "http", "exactly one"),
        (with(|input| input["aws"] = aws()["aws"].clone()), "http", "exactly one"),
        (with(|input| input["kind"] = json!("aws")), "kind", "`http`"),
        (with(|input| input["name"] = json!("")), "name", "can't be blank"),
        (with(|input| input["name"] = json!(7)), "name", "expected a string"),
        (with(|input| input["nmae"] = json!("x")), "nmae", "unknown field"),
        (
            with(|input| input["http"]["uri"] = json!("x")),
            "http.uri",
            "unknown field",
        ),
        (
            with(|input| input["http"]["url"] = json!("ftp://x")),
            "http.url",
            "Only allowed schemes",
        ),
        (
            with(|input| input["http"]["verification_token"] = json!("short")),
            "http.verification_token",
            "16 to 24",
        ),
        (
            with(|input| {
                input["http"]["headers"] = json!([{"name": "X-A", "value": "1"}, {"name": "X A", "value": "2"}])
            }),
            "http.headers[1].name",
            "can only contain",
        ),
        (
            with(|input| input["http"]["headers"] = json!([{"name": "X-A"}])),
            "http.headers[0].value",
            "can't be blank",
        ),
        (
            with(|input| input["http"]["headers"] = json!([{"name": "X-A", "value": "1", "active": "yes"}])),
            "http.headers[0].active",
            "expected a boolean",
        ),
        (
            with(|input| input["start_from"] = json!("yesterday")),
            "start_from",
            "must be now, beginning",
        ),
        (
            with(|input| input["event_types"] = json!(["user_created", " never_heard_of"])),
            "event_types[1]",
            "printable ASCII",
        ),
        (
            with(|input| input["namespaces"] = json!(["a/b", "/"])),
            "namespaces[1]",
            "invalid",
        ),
        (bad_bucket, "aws.bucket", "Bucket name must only contain"),
        (json!([]), "", "invalid type"),
    ];
    for (input, field, message) in cases {
        let fields = admin.post(PATH, &input).await.refused_fields();
        assert_eq!(fields.len(), 1, "{input}: {fields:?}");
        assert!(
            fields[0].0 == field && fields[0].1.contains(message),
            "{input}: {fields:?}"
        );
    }
    let broken = Answer::of(admin.request(Method::POST, PATH).body("{")).await;
    assert_eq!(broken.error(), (400, "invalid_json".into()));
    let large = Answer::of(admin.request(Method::POST, PATH).body(" ".repeat(300_000))).await;
    assert_eq!(large.error(), (413, "body_too_large".into()));
    admin
        .post(PATH, &http("SIEM", "http://127.0.0.1:9/in"))
        .await
        .expect(201);
    let taken = admin
        .post(PATH, &http("Other", "http://127.0.0.1:9/in"))
        .await
        .refused_fields();
    assert_eq!(
        taken,
        [(
            "http.url".to_owned(),
            "Destination url has already been taken".to_owned()
        )]
    );
    assert_eq!(admin.get(PATH).await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_else() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    let mut input = http("SIEM", "http://127.0.0.1:9/in");
    input["http"]["headers"] = json!([{"name": "X-A", "value": "1"}, {"name": "X-B", "value": "2", "active": false}]);
    input["event_types"] = json!(["user_created"]);
    input["namespaces"] = json!(["engineering/web"]);
    let added = admin.post(PATH, &input).await.expect(201);
    let path = format!("{PATH}/{}", added["id"]);

    let paused = admin.patch(&path, &json!({"paused": true})).await.expect(200);
    let mut expected = added.clone();
    for changed in ["paused", "version", "updated_at", "health"] {
        expected[changed] = paused[changed].clone();
    }
    assert_eq!(paused, expected);
    assert_eq!((&paused["paused"], &paused["version"]), (&json!(true), &json!(2)));

    let id = &added["http"]["headers"][1]["id"];
    let change = json!({
        "name": "SIEM 2", "active": false, "event_types": null, "namespaces": ["a", "b/c"],
        "http": {"url": "http://127.0.0.1:9/two", "verification_token": "0123456789abcdef", "headers": [
            {"id": id, "name": "X-B", "active": true}, {"name": "X-C", "value": "3"},
        ]},
    });
    let changed = admin.patch(&path, &change).await.expect(200);
    let headers: Vec<_> = changed["http"]["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| {
            (
                header["name"].clone(),
                header["value"].clone(),
                header["active"].clone(),
            )
        })
        .collect();
    assert_eq!(
        headers,
        [
            (json!("X-B"), json!("2"), json!(true)),
            (json!("X-C"), json!("3"), json!(true))
        ],
        "a value that is not given stays"
    );
    assert_eq!(
        (&changed["event_types"], &changed["namespaces"]),
        (&json!([]), &json!(["a", "b/c"]))
    );
    assert_eq!(changed["http"]["verification_token"], "0123456789abcdef");
    assert_eq!(
        (&changed["active"], &changed["health"]["state"]),
        (&json!(false), &json!("inactive"))
    );
    let cleared = admin
        .patch(&path, &json!({"http": {"headers": null}, "namespaces": null}))
        .await
        .expect(200);
    assert_eq!(
        (&cleared["http"]["headers"], &cleared["namespaces"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(cleared["name"], "SIEM 2");
    assert_eq!(admin.patch(&path, &json!({})).await.expect(200)["name"], "SIEM 2");

    for (change, field) in [
        (json!({"name": null}), "name"),
        (json!({"name": ""}), "name"),
        (json!({"aws": {"bucket": "x"}}), "aws"),
        (json!({"kind": "http"}), "kind"),
        (json!({"http": {"verification_token": ""}}), "http.verification_token"),
        (
            json!({"http": {"headers": [{"id": 99, "name": "X-Z"}]}}),
            "http.headers[0].name",
        ),
        (
            json!({"http": {"headers": vec![json!({"name": "X-Z", "value": "z"}); 300]}}),
            "http.headers",
        ),
        (json!({"namespaces": ["a", ""]}), "namespaces[1]"),
    ] {
        let fields = admin.patch(&path, &change).await.refused_fields();
        assert_eq!(fields[0].0, field, "{change}: {fields:?}");
    }
    assert_eq!(
        admin.patch(&format!("{PATH}/99"), &json!({})).await.error(),
        (404, "not_found".into())
    );
}

#[tokio::test]
async fn a_cloud_destination_keeps_the_credential_that_a_patch_does_not_name() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    admin.post(PATH, &gcp().await).await.expect(201);
    admin.post(PATH, &aws()).await.expect(201);
    let log = admin
        .patch(&format!("{PATH}/1"), &json!({"gcp": {"log_id": "other"}}))
        .await
        .expect(200);
    assert_eq!(
        (&log["gcp"]["log_id"], &log["gcp"]["project_id"]),
        (&json!("other"), &json!("my-google-project"))
    );
    let change =
        json!({"aws": {"endpoint_url": null, "key_prefix": null, "layout": "events", "region": "eu-central-1"}});
    let bucket = admin.patch(&format!("{PATH}/2"), &change).await.expect(200);
    assert_eq!(
        bucket["aws"],
        json!({"access_key_id": "AKIAIOSFODNN7EXAMPLE", "region": "eu-central-1", "bucket": "audit-events",
            "endpoint_url": null, "key_prefix": null, "layout": "events", "partitions": "hive", "omit_checksums": true,
            "encryption": "aws:kms", "kms_key_id": "key-1", "lock_mode": "GOVERNANCE", "lock_days": 30,
            "tls_ca_certificates": null, "tls_client_certificate": null, "tls_server_name": null, "tls_verify": true, "proxy": "default",
            "request_timeout_seconds": 30, "max_concurrent_requests": 256, "max_requests_per_second": null})
    );
    let change =
        json!({"aws": {"partitions": "dates", "omit_checksums": false, "encryption": null, "lock_mode": null}});
    let bucket = admin.patch(&format!("{PATH}/2"), &change).await.expect(200);
    let options = [
        "partitions",
        "omit_checksums",
        "encryption",
        "kms_key_id",
        "lock_mode",
        "lock_days",
    ];
    assert_eq!(
        options.map(|option| bucket["aws"][option].clone()),
        [
            json!("dates"),
            json!(false),
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null
        ],
        "the key goes with the encryption, and the days with the lock"
    );
    let wrong = json!({"aws": {"kms_key_id": "key-1", "lock_mode": "COMPLIANCE", "lock_days": 0}});
    let refused = admin.patch(&format!("{PATH}/2"), &wrong).await.refused_fields();
    let fields: Vec<_> = refused.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["aws.kms_key_id", "aws.lock_days"]);
    let key = admin
        .patch(&format!("{PATH}/1"), &json!({"gcp": {"private_key": "no key"}}))
        .await
        .refused_fields();
    assert_eq!(key[0].0, "gcp.private_key");
}

/// Several kinds have these fields.
#[tokio::test]
async fn errors_of_connections_stand_in_the_object_of_their_kind() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    for new in [http("SIEM", "https://siem.example/in"), gcp().await, aws()] {
        let kinds = DestinationKind::ALL.map(DestinationKind::as_str);
        let kind = kinds.into_iter().find(|kind| new.get(kind).is_some()).unwrap();
        let stored = admin.post(PATH, &new).await.expect(201);
        let wrong = json!({kind: {"tls_ca_certificates": "no certificate", "proxy": "ftp://proxy"}});
        let (mut added, id) = (new.clone(), &stored["id"]);
        added["name"] = json!("Other");
        for (field, text) in wrong[kind].as_object().unwrap() {
            added[kind][field] = text.clone();
        }
        for refused in [
            admin.post(PATH, &added).await,
            admin.post(&format!("{PATH}/test"), &added).await,
            admin.patch(&format!("{PATH}/{id}"), &wrong).await,
            admin.post(&format!("{PATH}/{id}/test"), &wrong).await,
        ] {
            let refused = refused.refused_fields();
            let fields: Vec<_> = refused.iter().map(|(field, _)| field.as_str()).collect();
            assert_eq!(fields, [format!("{kind}.tls_ca_certificates"), format!("{kind}.proxy")]);
        }
        // Only the engine knows that.
        let taken = admin.post(PATH, &new).await.refused_fields();
        assert!(
            taken.iter().any(|(field, _)| field.starts_with(&format!("{kind}."))),
            "{taken:?}"
        );
    }
    let named = json!({"aws": {"endpoint_url": null, "tls_server_name": "s3.internal"}});
    let refused = admin.patch(&format!("{PATH}/3"), &named).await.refused_fields();
    assert_eq!(
        refused,
        [(
            "aws.tls_server_name".to_owned(),
            "Server name needs an endpoint URL".to_owned()
        )]
    );
}

#[tokio::test]
async fn what_somebody_else_changed_is_not_overwritten() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    let added = admin.post(PATH, &http("SIEM", "http://127.0.0.1:9/in")).await;
    let (tag, path) = (
        added.header("etag").unwrap().to_owned(),
        added.header("location").unwrap().to_owned(),
    );
    let change = |tag: &str, name: &str| {
        let request = admin.request(Method::PATCH, &path).header("if-match", tag);
        Answer::of(request.body(json!({ "name": name }).to_string()))
    };
    let changed = change(&tag, "First").await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")));
    assert_eq!(change(&tag, "Second").await.error(), (412, "version_mismatch".into()));
    assert_eq!(
        change("nonsense", "Second").await.error(),
        (412, "version_mismatch".into())
    );
    assert_eq!(change("*", "Third").await.status, 200);
    let delete = |tag: &'static str| Answer::of(admin.request(Method::DELETE, &path).header("if-match", tag));
    assert_eq!(delete("\"1\", \"2\"").await.error(), (412, "version_mismatch".into()));
    assert_eq!(delete("\"2\", \"3\"").await.status, 204);
    assert_eq!(delete("\"3\"").await.error(), (404, "not_found".into()));
}

#[tokio::test]
async fn a_destination_is_added_once_under_a_key() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    let add = |key: &'static str, body: Value| {
        let request = admin.request(Method::POST, PATH).header("idempotency-key", key);
        Answer::of(request.body(body.to_string()))
    };
    let body = http("SIEM", "http://127.0.0.1:9/in");
    let first = add("k1", body.clone()).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, None));
    let again = add("k1", body.clone()).await;
    assert_eq!(
        (again.status, again.header("idempotency-replayed")),
        (201, Some("true"))
    );
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.json()["id"], first.json()["id"]);
    let reused = add("k1", http("Other", "http://127.0.0.1:9/other")).await;
    assert_eq!(reused.error(), (422, "idempotency_key_reused".into()));
    assert_eq!(add("k2", body.clone()).await.refused_fields()[0].0, "name");
    admin.delete(first.header("location").unwrap()).await.expect(204);
    assert_eq!(add("k1", body).await.error(), (410, "gone".into()));
    assert_eq!(
        add("", http("x", "http://127.0.0.1:9/x")).await.error(),
        (400, "invalid_idempotency_key".into())
    );
}

#[tokio::test]
async fn no_more_than_fit_are_added() {
    let instance = Instance::start_with(|options| {
        options.engine.destination_limit = 1;
    })
    .await;
    let admin = Client::with_scope(&instance, "admin").await;
    admin
        .post(PATH, &http("SIEM", "http://127.0.0.1:9/in"))
        .await
        .expect(201);
    let refused = admin.post(PATH, &http("Other", "http://127.0.0.1:9/other")).await;
    assert_eq!(refused.error(), (422, "too_many_destinations".into()));
}

#[tokio::test]
async fn port_zero_is_no_place_to_send_to() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    for url in ["http://siem.example:0/", "https://127.0.0.1:0", "http://[::1]:00/in"] {
        let draft = json!({"name": "SIEM", "http": {"url": url}});
        let answer = admin.post("/api/v1/destinations", &draft).await;
        let message = "Destination url must have a port from 1 to 65535";
        assert_eq!(
            answer.refused_fields(),
            [("http.url".to_owned(), message.to_owned())],
            "{url}"
        );
    }
}
