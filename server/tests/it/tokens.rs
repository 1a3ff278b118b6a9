//! API tokens: what each may do, and what a wrong one is told.

use std::time::Duration;

use crate::{
    browser::Browser,
    instance::{Answer, Instance, PATIENCE, last_line},
};

const EVENT: &str = r#"{"event_type":"user_created"}"#;

#[tokio::test]
async fn each_wrong_token_is_told_what_is_wrong_with_it() {
    let instance = Instance::start();
    let reader = instance.token("reader", &["read"]);
    let expires = [
        "token",
        "create",
        "--name",
        "short",
        "--scope",
        "ingest",
        "--expires-at",
    ];
    let soon = soon();
    let expiring = last_line(&instance.command(&[&expires[..], &[&soon]].concat()));
    let missing = Answer::of(instance.client().post(instance.url("/api/v1/audit_events")).body(EVENT)).await;
    assert_eq!(missing.error(), (401, "missing_token".into()));
    assert_eq!(
        missing.header("www-authenticate"),
        Some(r#"Bearer realm="audit-streams""#)
    );
    for unknown in ["x", &format!("ast_{}", "x".repeat(43))] {
        let answer = Answer::of(instance.ingest(unknown).body(EVENT)).await;
        assert_eq!(answer.error(), (401, "unknown_token".into()));
        assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));
    }
    let not_allowed = Answer::of(instance.ingest(&reader).body(EVENT)).await;
    assert_eq!(not_allowed.error(), (403, "insufficient_scope".into()));
    let expired = instance.post_until_refused(&expiring, EVENT).await;
    assert_eq!(expired.error(), (401, "expired_token".into()));
}

/// Two seconds from now, as `--expires-at` wants it.
fn soon() -> String {
    engine::clock::Clock::machine()
        .now()
        .plus(Duration::from_secs(2))
        .to_string()
}

#[tokio::test]
async fn a_revoked_token_is_refused_within_a_second_or_so() {
    let instance = Instance::start();
    let token = instance.token("leaked", &["ingest"]);
    instance.post(&token, EVENT).await;
    last_line(&instance.command(&["token", "revoke", "--name", "leaked"]));
    let revoked_at = std::time::Instant::now();
    let refused = loop {
        let answer = Answer::of(instance.ingest(&token).body(EVENT)).await;
        if answer.status != 201 {
            break answer;
        }
        assert!(revoked_at.elapsed() < PATIENCE);
    };
    assert_eq!(refused.error(), (401, "revoked_token".into()));
}

#[tokio::test]
async fn a_token_may_come_in_gitlabs_header_and_admin_may_do_everything() {
    let instance = Instance::start();
    let token = instance.token("admin", &["admin"]);
    let request = instance
        .client()
        .post(instance.url("/api/v1/audit_events"))
        .header("private-token", &token);
    assert_eq!(Answer::of(request.body(EVENT)).await.status, 201);
    let request = instance.client().post(instance.url("/api/v1/audit_events"));
    assert_eq!(
        Answer::of(request.header("authorization", format!("bearer {token}")).body(EVENT))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_session_is_no_token() {
    let instance = Instance::start();
    let browser = Browser::signed_in(&instance).await;
    let request = instance
        .client()
        .post(instance.url("/api/v1/audit_events"))
        .header("cookie", browser.cookie().unwrap());
    assert_eq!(
        Answer::of(request.body(EVENT)).await.error(),
        (401, "missing_token".into())
    );
}

#[tokio::test]
async fn many_bad_tokens_are_slowed_down_and_a_good_one_beside_them_is_not() {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let mut answers = Vec::new();
    for _ in 0..70 {
        answers.push(Answer::of(instance.ingest("guess").body(EVENT)).await);
    }
    assert!(answers.iter().take(60).all(|answer| answer.status == 401));
    let slowed = answers.last().unwrap();
    assert_eq!(slowed.error(), (429, "too_many_attempts".into()));
    assert!(slowed.header("retry-after").is_some());
    instance.post(&token, EVENT).await;
}

#[tokio::test]
async fn when_a_token_was_last_used_is_kept_at_the_end() {
    let mut instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let listed = |instance: &Instance| {
        let output = instance.command(&["token", "list"]);
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(listed(&instance).lines().last().unwrap().ends_with("never"));
    instance.post(&token, EVENT).await;
    assert!(instance.shut_down().await.success());
    assert!(
        !listed(&instance).lines().last().unwrap().ends_with("never"),
        "{}",
        listed(&instance)
    );
}

#[tokio::test]
async fn what_the_command_line_does_becomes_an_audit_event() {
    let instance = Instance::start();
    instance.token("app", &["ingest", "read"]);
    last_line(&instance.command(&["token", "revoke", "--name", "app"]));
    let mut browser = Browser::signed_in(&instance).await;
    let mut seen = String::new();
    let mut attempts = 0;
    while !(seen.contains("api_token_created") && seen.contains("api_token_revoked")) {
        seen = browser.read("events/list").await.text;
        attempts += 1;
        assert!(attempts < 10_000, "{seen}");
    }
    assert!(
        seen.contains("Created API token app with scopes ingest, read"),
        "{seen}"
    );
    assert!(seen.contains("command line"), "{seen}");
}
