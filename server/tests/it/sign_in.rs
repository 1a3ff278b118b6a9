//! Signing in, out, and what stops others.

use serde_json::json;

use crate::{
    browser::Browser,
    instance::{Answer, Instance, PASSWORD},
    known_browsers::lock_out,
};

#[tokio::test]
async fn an_administrator_signs_in_and_out() {
    let instance = Instance::start();
    let mut browser = Browser::new(&instance);
    let answer = browser.sign_in("root", PASSWORD).await;
    assert_eq!((answer.status, answer.json()), (200, json!("/")));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("audit_streams_session_") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    assert_eq!(browser.read("session/current_user").await.json()["username"], "root");
    let stolen = browser.cookie().map(str::to_owned);
    let out = browser.submit("session/sign_out", &[]).await;
    assert_eq!(out.status, 200);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    let mut thief = Browser::with_cookie(&instance, stolen.as_deref());
    assert_eq!(
        thief.read("session/current_user").await.text,
        "null",
        "the key is of no use any more"
    );
    assert_eq!(thief.read("destinations/list").await.status, 401);
}

#[tokio::test]
async fn a_session_outlives_a_restart() {
    // The name of the cookie contains the port of the public URL, and a restarted server of the tests listens on another one.
    let mut instance = Instance::start_with(&[("AUDIT_STREAMS_PUBLIC_URL", "http://audit.example.com")]);
    let cookie = Browser::signed_in(&instance).await.cookie().map(str::to_owned);
    instance.kill();
    instance.restart();
    let mut browser = Browser::with_cookie(&instance, cookie.as_deref());
    assert_eq!(browser.read("session/current_user").await.json()["username"], "root");
}

#[tokio::test]
async fn over_https_the_cookie_belongs_to_this_host_alone() {
    let instance = Instance::start_with(&[("AUDIT_STREAMS_PUBLIC_URL", "https://audit.example.com")]);
    let mut browser = Browser::new(&instance);
    let answer = browser.sign_in("root", PASSWORD).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-audit_streams_session=") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    assert_eq!(browser.read("session/current_user").await.json()["username"], "root");
}

#[tokio::test]
async fn the_eleventh_failure_waits_and_so_does_the_right_password() {
    let instance = Instance::start();
    let mut browser = Browser::new(&instance);
    for attempt in 0..10 {
        let name = if attempt % 2 == 0 { "root" } else { "nobody" };
        let answer = browser.sign_in(name, "wrong password").await;
        assert_eq!(
            answer.error(),
            (403, "wrong_credentials".into()),
            "the same for who exists and who does not"
        );
        assert!(answer.header("set-cookie").is_none());
    }
    let answer = browser.sign_in("root", PASSWORD).await;
    assert_eq!(answer.error(), (429, "too_many_attempts".into()));
    let wait = answer.json()["too_many_attempts"]["retry_after_seconds"]
        .as_u64()
        .unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert_eq!(answer.header("retry-after"), Some(wait.to_string().as_str()));
}

#[tokio::test]
async fn right_passwords_are_not_limited() {
    let instance = Instance::start();
    for _ in 0..15 {
        Browser::signed_in(&instance).await;
    }
}

#[tokio::test]
async fn others_failures_keep_out_nobody_who_has_signed_in_from_this_browser() {
    let instance = Instance::start();
    let answer = Browser::new(&instance).sign_in("root", PASSWORD).await;
    let cookies = answer.headers.get_all("set-cookie").iter();
    let mut cookies = cookies.map(|cookie| cookie.to_str().unwrap());
    let known = cookies
        .find(|cookie| cookie.starts_with("audit_streams_browser_"))
        .unwrap();
    assert!(
        known.ends_with("; Max-Age=7776000; Path=/; HttpOnly; SameSite=Lax"),
        "{known}"
    );
    let known = known.split(';').next().unwrap();
    lock_out(&instance).await;
    let here = |cookie: &str| Browser::with_cookie(&instance, Some(cookie));
    assert_eq!(here("").sign_in("root", PASSWORD).await.status, 429);
    assert_eq!(here(known).sign_in("root", PASSWORD).await.status, 200);
    let forged = known.replacen('=', "=A", 1);
    assert_eq!(
        here(&forged).sign_in("root", PASSWORD).await.status,
        429,
        "not sealed here"
    );
    assert_eq!(
        here(known).sign_in("mallory", PASSWORD).await.status,
        429,
        "another user"
    );
    for _ in 0..10 {
        assert_eq!(here(known).sign_in("root", "wrong password").await.status, 403);
    }
    let answer = here(known).sign_in("root", "wrong password").await;
    assert_eq!(answer.status, 429, "it is no way around the limits");
}

#[tokio::test]
async fn the_id_of_a_session_is_never_given_again() {
    let instance = Instance::start();
    let newest = || {
        let database = rusqlite::Connection::open(instance.data_dir().join("audit-streams.db")).unwrap();
        let newest = database.query_row("SELECT max(id) FROM sessions", [], |row| row.get::<_, i64>(0));
        newest.unwrap()
    };
    let mut last = 0;
    for _ in 0..3 {
        let mut browser = Browser::signed_in(&instance).await;
        assert!(newest() > last, "{last}");
        last = newest();
        assert_eq!(browser.submit("session/sign_out", &[]).await.status, 200);
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_limit() {
    let instance = Instance::start_with(&[("AUDIT_STREAMS_TRUSTED_PROXIES", "127.0.0.1")]);
    let attempt = |client: &'static str, password: &'static str| {
        let request = instance.client().post(instance.url("/api/page/session/sign_in"));
        let request = request
            .header("sec-fetch-site", "same-origin")
            .header("x-forwarded-for", client);
        let form = format!("username=root&password={}&return_to=", password.replace(' ', "+"));
        Answer::of(
            request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form),
        )
    };
    for _ in 0..10 {
        assert_eq!(attempt("203.0.113.1", "wrong").await.status, 403);
    }
    assert_eq!(attempt("203.0.113.1", PASSWORD).await.status, 429);
    assert_eq!(attempt("203.0.113.2", PASSWORD).await.status, 200);
    let events = Browser::signed_in(&instance).await.read("events/list").await.text;
    assert!(
        events.contains("203.0.113.1") && events.contains("203.0.113.2"),
        "{events}"
    );
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let instance = Instance::start();
    let (mut here, mut elsewhere) = (Browser::signed_in(&instance).await, Browser::signed_in(&instance).await);
    let change = |current: &'static str, new: &'static str| [("current", current), ("new", new)];
    let wrong = here
        .submit(
            "profile/change_password",
            &change("not my password", "a much better one"),
        )
        .await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains(r#""field":"password""#), "{}", wrong.text);
    let short = here.submit("profile/change_password", &change(PASSWORD, "short")).await;
    assert!(short.text.contains(r#""field":"new_password""#), "{}", short.text);
    let changed = here
        .submit("profile/change_password", &change(PASSWORD, "a much better one"))
        .await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(here.read("destinations/list").await.status, 200);
    assert_eq!(elsewhere.read("destinations/list").await.status, 401);
    assert_eq!(elsewhere.sign_in("root", PASSWORD).await.status, 403);
    assert_eq!(elsewhere.sign_in("root", "a much better one").await.status, 200);
}

#[tokio::test]
async fn what_happens_at_the_door_is_an_audit_event() {
    let instance = Instance::start();
    let mut browser = Browser::new(&instance);
    browser.sign_in("mallory", "guess guess guess").await;
    browser.sign_in("root", PASSWORD).await;
    browser.submit("session/sign_out", &[]).await;
    let events = Browser::signed_in(&instance).await.read("events/list").await;
    for expected in [
        "login_failed_with_standard_authentication",
        "authenticated_with_password",
        "user_signed_out",
        "An unauthenticated user",
    ] {
        assert!(events.text.contains(expected), "{expected}: {}", events.text);
    }
    assert!(
        !events.text.contains("guess guess guess") && !events.text.contains("mallory"),
        "what is typed as a name may be a password"
    );
}

#[tokio::test]
async fn a_form_without_scripts_leads_on() {
    let instance = Instance::start();
    let request = instance.client().post(instance.url("/api/page/session/sign_in"));
    let request = request
        .header("origin", format!("http://{}", instance.address()))
        .header("accept", "text/html");
    let request = request.header(
        "referer",
        instance.url("/sign_in?return_to=%2Fadmin%2Faudit_logs%3Ftab%3Dstreams"),
    );
    let form = "username=root&password=correct+horse+battery&return_to=%2Fadmin%2Faudit_logs%3Ftab%3Dstreams";
    let answer = Answer::of(
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form),
    )
    .await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/admin/audit_logs?tab=streams"))
    );
    assert!(answer.header("set-cookie").is_some());
}
