//! Browsers from which a user has signed in before: until when they are known, and what a limited sign-in costs.

use serde_json::json;

use crate::{
    api_client::Client,
    browser::Browser,
    instance::{Answer, Instance, PASSWORD, last_line},
};

const NEW_PASSWORD: &str = "a much better one";

/// Signs in without any cookie and returns the one by which the browser is known.
async fn known_cookie(instance: &Instance, password: &str) -> String {
    let answer = Browser::new(instance).sign_in("root", password).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    known_cookie_of(&answer)
}

fn known_cookie_of(answer: &Answer) -> String {
    let cookies = answer.headers.get_all("set-cookie").iter();
    let mut cookies = cookies.map(|cookie| cookie.to_str().unwrap());
    let known = cookies.find(|cookie| cookie.starts_with("audit_streams_browser_"));
    known.unwrap().split(';').next().unwrap().to_owned()
}

/// Fails to sign in from a browser that is not known, until the limit is reached.
pub(crate) async fn lock_out(instance: &Instance) {
    let mut stranger = Browser::new(instance);
    for _ in 0..100 {
        if stranger.sign_in("root", "wrong password").await.status == 429 {
            return;
        }
    }
    panic!("a hundred wrong passwords lock nobody out");
}

async fn status_with(instance: &Instance, cookie: &str, password: &str) -> u16 {
    let mut browser = Browser::with_cookie(instance, Some(cookie));
    browser.sign_in("root", password).await.status
}

fn store(instance: &Instance) -> rusqlite::Connection {
    rusqlite::Connection::open(instance.data_dir().join("audit-streams.db")).unwrap()
}

/// What revokes the known browsers of a user. Returns the password that holds afterwards.
#[derive(Clone, Copy, Debug)]
enum Revocation {
    PasswordChanged,
    PasswordReset,
    PasswordResetOnTheHost,
    SessionsEnded,
    SessionsEndedOverTheApi,
    SessionsEndedThoughNoneIsLeft,
    UserDisabled,
}

async fn revoke(instance: &Instance, by: Revocation) -> String {
    let mut browser = Browser::signed_in(instance).await;
    let admin = Client::with_scope(instance, "admin");
    match by {
        Revocation::PasswordChanged => {
            let form = [("current", PASSWORD), ("new", NEW_PASSWORD)];
            let changed = browser.submit("profile/change_password", &form).await;
            assert_eq!(changed.status, 200, "{}", changed.text);
            return NEW_PASSWORD.to_owned();
        }
        Revocation::PasswordReset => {
            let new = json!({"password": NEW_PASSWORD});
            admin.post("/api/v1/users/1/reset_password", &new).await.expect(200);
            return NEW_PASSWORD.to_owned();
        }
        Revocation::PasswordResetOnTheHost => return last_line(&instance.command(&["admin", "reset-password"])),
        Revocation::SessionsEnded => {
            assert_eq!(browser.submit("sessions/end_all", &[]).await.status, 200);
        }
        Revocation::SessionsEndedOverTheApi => {
            admin.delete("/api/v1/users/1/sessions").await.expect(204);
        }
        Revocation::SessionsEndedThoughNoneIsLeft => {
            store(instance).execute("DELETE FROM sessions", []).unwrap();
            admin.delete("/api/v1/users/1/sessions").await.expect(204);
        }
        Revocation::UserDisabled => {
            admin
                .post("/api/v1/users", &json!({"username": "ada"}))
                .await
                .expect(201);
            for is_enabled in [false, true] {
                let change = json!({"enabled": is_enabled});
                admin.patch("/api/v1/users/1", &change).await.expect(200);
            }
        }
    }
    PASSWORD.to_owned()
}

#[tokio::test]
async fn a_known_browser_is_revoked_with_what_it_rests_on() {
    for by in [
        Revocation::PasswordChanged,
        Revocation::PasswordReset,
        Revocation::PasswordResetOnTheHost,
        Revocation::SessionsEnded,
        Revocation::SessionsEndedOverTheApi,
        Revocation::SessionsEndedThoughNoneIsLeft,
        Revocation::UserDisabled,
    ] {
        let instance = Instance::start();
        let before = known_cookie(&instance, PASSWORD).await;
        let password = revoke(&instance, by).await;
        let after = known_cookie(&instance, &password).await;
        lock_out(&instance).await;
        assert_eq!(status_with(&instance, &before, &password).await, 429, "{by:?}");
        assert_eq!(status_with(&instance, &after, &password).await, 200, "{by:?}");
    }
}

/// Others' failed attempts must not lock out who has just changed the password.
#[tokio::test]
async fn the_browser_in_which_the_password_is_changed_stays_known_and_no_other_does() {
    let instance = Instance::start();
    let elsewhere = known_cookie(&instance, PASSWORD).await;
    let mut browser = Browser::new(&instance);
    let before = known_cookie_of(&browser.sign_in("root", PASSWORD).await);
    let change = |current, new| [("current", current), ("new", new)];
    let wrong = change("not my password", NEW_PASSWORD);
    let wrong = browser.submit("profile/change_password", &wrong).await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (422, None));
    let right = change(PASSWORD, NEW_PASSWORD);
    let changed = browser.submit("profile/change_password", &right).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let after = known_cookie_of(&changed);
    lock_out(&instance).await;
    for (cookie, status) in [(&elsewhere, 429), (&before, 429), (&after, 200)] {
        assert_eq!(status_with(&instance, cookie, NEW_PASSWORD).await, status, "{cookie}");
    }
}

#[tokio::test]
async fn signing_out_leaves_the_browser_known() {
    let instance = Instance::start();
    let known = known_cookie(&instance, PASSWORD).await;
    let mut browser = Browser::signed_in(&instance).await;
    assert_eq!(browser.submit("session/sign_out", &[]).await.status, 200);
    lock_out(&instance).await;
    assert_eq!(status_with(&instance, &known, PASSWORD).await, 200);
}

#[tokio::test]
async fn a_known_browser_expires_ninety_days_after_its_last_use() {
    let instance = Instance::start();
    let known = known_cookie(&instance, PASSWORD).await;
    lock_out(&instance).await;
    let age = |days: i64| {
        let aged = store(&instance).execute(
            "UPDATE known_browsers SET last_used_at = last_used_at - ?",
            [days * 24 * 60 * 60 * 1_000],
        );
        assert_eq!(aged.unwrap(), 1);
    };
    age(89);
    assert_eq!(status_with(&instance, &known, PASSWORD).await, 200, "used again");
    age(89);
    assert_eq!(status_with(&instance, &known, PASSWORD).await, 200, "and again");
    age(90);
    assert_eq!(status_with(&instance, &known, PASSWORD).await, 429);
}

#[tokio::test]
async fn only_the_twenty_browsers_used_last_are_known() {
    let instance = Instance::start();
    let mut known = Vec::new();
    for _ in 0..20 {
        known.push(known_cookie(&instance, PASSWORD).await);
    }
    assert_eq!(status_with(&instance, &known[0], PASSWORD).await, 200, "used last");
    known.push(known_cookie(&instance, PASSWORD).await);
    let stored = store(&instance).query_row("SELECT count(*) FROM known_browsers", [], |row| row.get::<_, i64>(0));
    assert_eq!(stored.unwrap(), 20);
    lock_out(&instance).await;
    for (browser, expected) in [(0, 200), (1, 429), (2, 200), (20, 200)] {
        assert_eq!(
            status_with(&instance, &known[browser], PASSWORD).await,
            expected,
            "{browser}"
        );
    }
}

#[tokio::test]
async fn a_sign_in_beyond_the_limit_reads_nothing_from_the_store() {
    let instance = Instance::start();
    let revoked = known_cookie(&instance, PASSWORD).await;
    store(&instance).execute("DELETE FROM known_browsers", []).unwrap();
    let known = known_cookie(&instance, PASSWORD).await;
    let unused = known_cookie(&instance, PASSWORD).await;
    for cookie in [&known, &revoked] {
        for _ in 0..=10 {
            status_with(&instance, cookie, "wrong password").await;
        }
    }
    lock_out(&instance).await;
    let users_away = "ALTER TABLE users RENAME TO users_elsewhere";
    store(&instance).execute_batch(users_away).unwrap();
    assert_eq!(
        status_with(&instance, &unused, PASSWORD).await,
        500,
        "it reads the user"
    );
    for cookie in ["", &known, &revoked] {
        for username in ["root", "nobody"] {
            let mut browser = Browser::with_cookie(&instance, Some(cookie));
            let answer = browser.sign_in(username, PASSWORD).await;
            assert_eq!(answer.status, 429, "{username} with {cookie}: {}", answer.text);
        }
    }
}
