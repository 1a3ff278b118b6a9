//! Settings of alerts, and test alerts.

use domain::{
    instance_event::Author,
    settings::{AlertChange, EmailDraft},
};
use receivers::{Answer, Fault, Receiver};
use serde_json::{Value, json};

use crate::{
    admin::AdminError,
    it::{
        alerts::{SECRET, assert_signed, email, pending, webhook, world},
        world::author,
    },
    store::Channel,
};

#[tokio::test]
async fn settings_are_changed_under_their_version_and_told_without_secrets() {
    let (world, ops) = (world().await, Receiver::start().await);
    world.change_alerts(email("smtp.example.com")).await;
    world.change_alerts(webhook(&ops)).await;
    let without_password = EmailDraft {
        host: "smtp.example.com".into(),
        username: "audit".into(),
        from: "audit@example.com".into(),
        to: "ops@example.com, sec@example.com".into(),
        ..EmailDraft::default()
    };
    world
        .change_alerts(AlertChange {
            email: Some(without_password.parse().unwrap()),
            ..AlertChange::default()
        })
        .await;
    let settings = world.engine.alert_settings().await.unwrap();
    let email = settings.email.unwrap();
    assert_eq!(email.to.len(), 2);
    assert_eq!(email.login.unwrap().password.expose(), "s3cret-word", "it was kept");
    assert_eq!(settings.webhook.unwrap().secret.unwrap().expose(), SECRET);
    let stale = world
        .engine
        .update_alert_settings(&author(), 1, AlertChange::default())
        .await;
    assert!(matches!(stale, Err(AdminError::ChangedMeanwhile)));

    let told = world.told("application_setting_updated").await;
    let messages: Vec<&str> = told
        .iter()
        .map(|event| event["details"]["custom_message"].as_str().unwrap())
        .collect();
    assert_eq!(
        messages,
        [
            "Changed alert_email from off to from audit@example.com to ops@example.com by smtp.example.com:587 (starttls, user audit)",
            "Changed alert_email_password from none to one",
            &format!(
                "Changed alert_webhook from off to {}",
                ops.url().trim_end_matches("/in")
            ),
            "Changed alert_webhook_secret from none to one",
            "Changed alert_email from from audit@example.com to ops@example.com by smtp.example.com:587 (starttls, user audit) to from audit@example.com to ops@example.com, sec@example.com by smtp.example.com:587 (starttls, user audit)",
        ]
    );
    for event in told {
        let text = event.to_string();
        assert!(
            !text.contains("s3cret") && !text.contains("MfKQ") && !text.contains("/in"),
            "{text}"
        );
    }
    let database = std::fs::read(world.folder().join("audit-streams.db")).unwrap();
    let holds = |text: &str| database.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(!holds("s3cret-word") && !holds("MfKQ9r8G"), "secrets are sealed");
}

#[tokio::test]
async fn a_test_tells_why_it_did_not_arrive() {
    let (world, ops) = (world().await, Receiver::start().await);
    let send = async || world.engine.send_test_alert(&author(), Channel::Webhook).await;
    assert_eq!(send().await.unwrap_err().to_string(), "No webhook is set up.");
    world.change_alerts(webhook(&ops)).await;
    send().await.unwrap();
    let requests = ops.requests();
    assert_signed(&requests[0]);
    let body: Value = serde_json::from_str(requests[0].text()).unwrap();
    assert_eq!(
        (&body["type"], &body["data"]),
        (
            &json!("test"),
            &json!({"message": "Test alert", "url": "https://audit.example/admin/settings/alerts"})
        )
    );
    for (answer, words) in [
        (Fault::from(404), "The webhook answered 404 Not Found."),
        (Answer::redirect(307, ops.url()).into(), "Redirects are not followed."),
    ] {
        ops.answer_all(answer);
        let reason = send().await.unwrap_err().to_string();
        assert!(reason.contains(words), "{reason}");
    }
    assert_eq!(pending(&world).await, 0, "a test is not tried again");
    let told = world.told("audit_event_alert_tested").await;
    assert_eq!(told.len(), 3, "what is not set up is not tested");
    assert!(!told[0].to_string().contains("/in"), "{}", told[0]);
    assert_eq!(Author::system().name, "Audit Streams");
}
