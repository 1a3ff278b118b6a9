//! Alerts over REST and on the page: settings, what is refused, and what is open.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    api_client::Client,
    instance::{Answer, Instance},
};

const SETTINGS: &str = "/api/v1/settings/alerts";

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn email() -> Value {
    json!({"email": {
        "host": "smtp.example.com", "username": "audit", "password": "s3cret word",
        "from": "audit@example.com", "to": ["ops@example.com"],
    }})
}

#[tokio::test]
async fn settings_are_changed_a_part_at_a_time_and_secrets_stay_inside() {
    let instance = Instance::start().await;
    let admin = Client::with_scope(&instance, "admin").await;
    let shown = admin.get(SETTINGS).await;
    assert_eq!(shown.header("etag"), Some("\"1\""));
    let default = json!({"version": 1, "failing_minutes": 10, "log_share": 80, "email": null, "webhook": null});
    assert_eq!(shown.expect(200), default);
    let set_up = admin.patch(SETTINGS, &email()).await.expect(200);
    assert_eq!(
        set_up["email"],
        json!({
            "host": "smtp.example.com", "port": 587, "security": "starttls", "username": "audit",
            "from": "audit@example.com", "to": ["ops@example.com"],
        })
    );
    let kept = admin
        .patch(SETTINGS, &json!({"email": {"port": 2525}, "failing_minutes": 5}))
        .await
        .expect(200);
    assert_eq!(
        (&kept["email"]["port"], &kept["failing_minutes"]),
        (&json!(2525), &json!(5))
    );
    let url = "https://ops.example/hook/s3cret?key=s3cret";
    let hooked = admin
        .patch(
            SETTINGS,
            &json!({"webhook": {"url": url, "secret": SECRET}, "failing_minutes": null}),
        )
        .await
        .expect(200);
    assert_eq!(hooked["webhook"], json!({"url": url, "signed": true}));
    assert_eq!(hooked["failing_minutes"], 10);
    let reader = Client::with_scope(&instance, "read").await;
    let seen = reader.get(SETTINGS).await.expect(200);
    assert_eq!(seen["webhook"], json!({"url": "https://ops.example", "signed": true}));
    let unsigned = admin
        .patch(SETTINGS, &json!({"webhook": {"secret": null}}))
        .await
        .expect(200);
    assert_eq!(unsigned["webhook"]["signed"], false);
    let old = admin
        .request(Method::PATCH, SETTINGS)
        .header("if-match", "\"1\"")
        .body("{}");
    assert_eq!(Answer::of(old).await.error(), (412, "version_mismatch".into()));
    let off = admin
        .patch(SETTINGS, &json!({"email": null, "webhook": null}))
        .await
        .expect(200);
    assert_eq!((&off["email"], &off["webhook"]), (&Value::Null, &Value::Null));
    let events = admin
        .get("/api/v1/audit_events?event_type=application_setting_updated")
        .await;
    assert!(events.text.contains("alert_email_password"), "{}", events.text);
    assert!(
        !events.text.contains("s3cret") && !events.text.contains("MfKQ"),
        "{}",
        events.text
    );
    assert_eq!(admin.get("/api/v1/alerts").await.expect(200), json!({"items": []}));
}

#[tokio::test]
async fn each_mistake_is_told_at_its_field() {
    let instance = Instance::start_with(|options| {
        options.engine.fixed.allow_local_network = None;
    })
    .await;
    let admin = Client::with_scope(&instance, "admin").await;
    let changed = |field: &str, value: Value| {
        let mut body = email();
        body["email"][field] = value;
        body
    };
    for (change, field) in [
        (json!({"failing_minutes": 0}), "failing_minutes"),
        (json!({"log_share": 100}), "log_share"),
        (json!({"email": {"port": 25}}), "email.host"),
        (changed("host", json!("127.0.0.1")), "email.host"),
        (changed("port", json!(0)), "email.port"),
        (changed("security", json!("none")), "email.security"),
        (changed("username", Value::Null), "email.username"),
        (changed("password", json!("p".repeat(256))), "email.password"),
        (changed("from", json!("audit")), "email.from"),
        (changed("to", json!([])), "email.to"),
        (json!({"webhook": {"url": "http://localhost/"}}), "webhook.url"),
        (json!({"webhook": {"secret": SECRET}}), "webhook.url"),
        (
            json!({"webhook": {"url": "https://ops.example", "secret": "x"}}),
            "webhook.secret",
        ),
        (json!({"sms": true}), "sms"),
    ] {
        let fields = admin.patch(SETTINGS, &change).await.refused_fields();
        assert_eq!(fields[0].0, field, "{change}: {fields:?}");
    }
    assert_eq!(admin.get(SETTINGS).await.expect(200)["version"], 1);
}
