//! Alerts over REST and on the page: settings, what is refused, and what is open.

use receivers::Receiver;

use crate::{browser::Browser, instance::Instance};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[tokio::test]
async fn the_page_changes_one_card_at_a_time_and_tries_what_is_saved() {
    let (instance, receiver) = (Instance::start(), Receiver::start().await);
    let mut browser = Browser::signed_in(&instance).await;
    let untried = browser.submit("alerts/webhook/test", &[]).await;
    assert_eq!(untried.status, 422);
    assert!(untried.text.contains("No webhook is set up."), "{}", untried.text);
    let url = receiver.url();
    let form = [
        ("version", "1"),
        ("draft[url]", url.as_str()),
        ("draft[secret]", SECRET),
    ];
    assert_eq!(browser.submit("alerts/webhook", &form).await.status, 200);
    let form = [("version", "2"), ("failing_minutes", "30"), ("log_share", "90")];
    assert_eq!(browser.submit("alerts/thresholds", &form).await.status, 200);
    let stale = browser.submit("alerts/thresholds", &form).await;
    assert_eq!(stale.status, 409, "{}", stale.text);
    let form = [
        ("version", "3"),
        ("draft[host]", "smtp.example.com"),
        ("draft[security]", "tls"),
        ("draft[username]", "audit"),
        ("draft[password]", "s3cret word"),
        ("draft[from]", "audit@example.com"),
        ("draft[to]", "ops@example.com"),
    ];
    assert_eq!(browser.submit("alerts/email", &form).await.status, 200);
    let tried = browser.submit("alerts/webhook/test", &[]).await;
    assert_eq!(tried.status, 200, "{}", tried.text);
    receiver
        .wait_for("the test arrives", |requests| !requests.is_empty())
        .await;
    let shown = browser.read("alerts/settings").await.text;
    assert!(
        shown.contains("smtp.example.com") && shown.contains(&url) && shown.contains(":30,"),
        "{shown}"
    );
    assert!(!shown.contains("s3cret") && !shown.contains("MfKQ"), "{shown}");
}

#[tokio::test]
async fn strangers_change_and_try_nothing() {
    let instance = Instance::start();
    let mut stranger = Browser::new(&instance);
    for function in [
        "alerts/thresholds",
        "alerts/email",
        "alerts/webhook",
        "alerts/email/test",
        "alerts/webhook/test",
    ] {
        let refused = stranger.submit(function, &[("version", "1")]).await;
        assert_eq!(refused.status, 401, "{function}: {}", refused.text);
    }
}
