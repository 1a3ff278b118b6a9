//! Sessions that others would like to choose, keep or see.

use crate::{
    browser::Browser,
    instance::{Instance, PASSWORD},
};

/// The name of the cookie of a session, as the browser of a user who is signed in has it.
async fn name_of_cookie(instance: &Instance) -> String {
    let browser = Browser::signed_in(instance).await;
    let (name, _) = browser.cookie().unwrap().split_once('=').unwrap();
    name.to_owned()
}

#[tokio::test]
async fn a_session_that_an_attacker_chose_is_never_the_users() {
    let instance = Instance::start();
    let name = name_of_cookie(&instance).await;
    let mut attacker = Browser::new(&instance);
    assert_eq!(attacker.sign_in("root", PASSWORD).await.status, 200);
    let of_attacker = attacker.cookie().unwrap().to_owned();
    for planted in [format!("{name}=chosen-by-an-attacker"), of_attacker.clone()] {
        let mut user = Browser::with_cookie(&instance, Some(&planted));
        let answer = user.sign_in("root", PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_ne!(user.cookie(), Some(planted.as_str()), "the key is new");
        let mut chosen = Browser::with_cookie(&instance, Some(&format!("{name}=chosen-by-an-attacker")));
        assert_eq!(chosen.read("destinations/list").await.status, 401);
        assert_eq!(user.read("destinations/list").await.status, 200);
    }
}

#[tokio::test]
async fn every_cookie_is_for_this_host_and_no_script_and_over_https_for_nothing_else() {
    for (url, is_secure) in [("http://audit.example.com", false), ("https://audit.example.com", true)] {
        let instance = Instance::start_with(&[("AUDIT_STREAMS_PUBLIC_URL", url)]);
        let mut browser = Browser::new(&instance);
        let answers = [
            browser.sign_in("root", PASSWORD).await,
            browser.submit("session/sign_out", &[]).await,
        ];
        let cookies: Vec<&str> = answers
            .iter()
            .flat_map(|answer| answer.headers.get_all("set-cookie"))
            .map(|cookie| cookie.to_str().unwrap())
            .collect();
        assert_eq!(
            cookies.len(),
            3,
            "session, browser, and the end of the session: {cookies:?}"
        );
        for cookie in cookies {
            let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
            for required in ["Path=/", "HttpOnly", "SameSite=Lax"] {
                assert!(attributes.contains(&required), "{cookie}");
            }
            assert!(!cookie.contains("Domain="), "{cookie}");
            assert_eq!(attributes.contains(&"Secure"), is_secure, "{cookie}");
            assert_eq!(cookie.starts_with("__Host-"), is_secure, "{cookie}");
        }
    }
}

#[tokio::test]
async fn no_page_or_address_contains_the_key_of_a_session() {
    let instance = Instance::start();
    let mut browser = Browser::signed_in(&instance).await;
    let (_, key) = browser.cookie().unwrap().split_once('=').unwrap();
    let key = key.to_owned();
    for (page, status) in [
        ("/", 200),
        ("/profile", 200),
        ("/admin/audit_logs?tab=log", 200),
        ("/admin/settings/users", 200),
        ("/sign_in?return_to=%2Fprofile", 303),
    ] {
        let answer = browser.open(page).await;
        assert_eq!(answer.status, status, "{page}");
        assert!(!answer.text.contains(&key), "{page}");
        let location = answer.header("location");
        assert_eq!(location, (status == 303).then_some("/profile"), "{page}");
    }
    let sessions = browser.read("sessions/list").await;
    assert!(sessions.status == 200 && !sessions.text.contains(&key));
}
