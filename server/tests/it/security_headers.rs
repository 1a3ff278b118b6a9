//! The headers that keep a browser from doing what no page asks for, in every kind of response.

use reqwest::Method;

use crate::{
    browser::Browser,
    instance::{Answer, Instance},
};

/// Headers of every response, whatever it is for.
fn assert_common(answer: &Answer, what: &str) {
    assert_eq!(
        answer.header("x-content-type-options"),
        Some("nosniff"),
        "{what}: {answer:?}"
    );
    assert_eq!(answer.header("server"), None, "{what}");
    assert_eq!(answer.header("access-control-allow-origin"), None, "{what}");
}

/// Headers of whatever a browser shows or could be made to show.
fn assert_guarded(answer: &Answer, what: &str) {
    assert_common(answer, what);
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{what}: {answer:?}");
    }
}

const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// The nonce of the only scripts and styles of the page that are not files.
fn nonce(answer: &Answer, what: &str) -> String {
    let policy = answer.header("content-security-policy").unwrap();
    let directives: Vec<&str> = policy.split("; ").collect();
    for directive in [
        "default-src 'none'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(directives.contains(&directive), "{what}: {policy}");
    }
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
        "{policy}"
    );
    let (_, nonce) = policy.split_once("'nonce-").unwrap();
    let (nonce, _) = nonce.split_once('\'').unwrap();
    nonce.to_owned()
}

/// The start tags of scripts and styles that are no files.
fn inline_elements(page: &str) -> Vec<&str> {
    let tags = page.split('<').filter_map(|part| part.split('>').next());
    let tags = tags.filter(|tag| tag.starts_with("script") || tag.starts_with("style"));
    tags.filter(|tag| !tag.contains(" src=")).collect()
}

#[tokio::test]
async fn every_page_has_a_policy_of_its_own() {
    let instance = Instance::start();
    let mut user = Browser::signed_in(&instance).await;
    let mut nonces = Vec::new();
    for path in [
        "/",
        "/",
        "/admin/audit_logs?tab=log",
        "/admin/audit_logs?tab=streams",
        "/admin/settings/tokens",
        "/profile",
        "/nowhere",
    ] {
        let answer = user.open(path).await;
        assert_guarded(&answer, path);
        let nonce = nonce(&answer, path);
        let inline = inline_elements(&answer.text);
        assert!(!inline.is_empty(), "{path}");
        for element in inline {
            assert!(element.contains(&format!("nonce=\"{nonce}\"")), "{path}: {element}");
        }
        nonces.push(nonce);
    }
    let sign_in = Browser::new(&instance).open("/sign_in").await;
    assert_guarded(&sign_in, "/sign_in");
    nonces.push(nonce(&sign_in, "/sign_in"));
    let count = nonces.len();
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), count, "no nonce is used twice");
}

#[tokio::test]
async fn everything_else_may_do_nothing_in_a_browser() {
    let instance = Instance::start();
    let mut user = Browser::signed_in(&instance).await;
    let cookie = user.cookie().unwrap().to_owned();
    let to_sign_in = Browser::new(&instance).open("/admin/settings/tokens").await;
    assert_eq!(to_sign_in.status, 303);
    let mut answers = vec![
        ("a redirect", to_sign_in),
        ("a server function", user.read("destinations/list").await),
        ("its refusal", Browser::new(&instance).read("destinations/list").await),
    ];
    for (what, method, path) in [
        ("REST", Method::GET, "/api/v1/destinations"),
        ("an unknown resource", Method::GET, "/api/v1/destinations/99"),
        ("GitLab's REST", Method::GET, "/api/v4/version"),
        ("a refused change", Method::POST, "/api/v1/tokens"),
        ("GraphQL", Method::POST, "/api/graphql"),
        ("an export", Method::GET, "/admin/audit_log_reports.csv"),
        ("an export over REST", Method::GET, "/api/v1/audit_events.jsonl"),
    ] {
        let request = instance.request(method, path).header("cookie", &cookie);
        answers.push((what, Answer::of(request).await));
    }
    for (what, answer) in &answers {
        assert_guarded(answer, what);
        assert_eq!(answer.header("content-security-policy"), Some(NOTHING), "{what}");
    }
}

#[tokio::test]
async fn no_response_is_taken_for_what_it_is_not() {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest", "read"]);
    let page = Browser::new(&instance).open("/sign_in").await.text;
    let files: Vec<&str> = page
        .split(['"', '\''])
        .filter(|part| part.starts_with("/pkg/") || part.starts_with("/fonts/") || part.starts_with("/favicon"))
        .collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let answer = instance.client().get(instance.url(file)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{file}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{file}");
    }
    for path in [
        "/healthz",
        "/readyz",
        "/api/openapi.json",
        "/help",
        "/api/none",
        "/api/v1/none",
        "/api/v4/none",
        "/pkg/none.js",
        "/metrics",
    ] {
        assert_common(&instance.get(path).await, path);
    }
    for body in [r#"{"event_type":"x"}"#, "<script>"] {
        let answer = Answer::of(instance.ingest(&token).body(body)).await;
        assert_common(&answer, body);
    }
    let put = Answer::of(instance.request(Method::PUT, "/api/v1/audit_events")).await;
    assert_common(&put, "PUT");
}
