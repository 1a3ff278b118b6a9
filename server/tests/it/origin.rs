//! Requests that other sites make with the browser's cookie.

use serde_json::json;

use crate::{
    browser::Browser,
    instance::{Answer, Instance},
};

#[tokio::test]
async fn nothing_is_changed_for_another_site() {
    let instance = Instance::start();
    let browser = Browser::signed_in(&instance).await;
    let own = format!("http://{}", instance.address());
    let create = |headers: Vec<(&'static str, String)>| {
        let request = instance.client().post(instance.url("/api/page/destinations/create"));
        let request = request
            .header("cookie", browser.cookie().unwrap())
            .header("content-type", "application/json");
        let request = headers
            .into_iter()
            .fold(request, |request, (name, value)| request.header(name, value));
        let draft = json!({"draft": {"name": "Evil", "target": {"http": {"url": "https://evil.example/"}}}});
        Answer::of(request.body(draft.to_string()))
    };
    for headers in [
        vec![],
        vec![("origin", "https://evil.example".to_owned())],
        vec![("origin", "null".to_owned())],
        vec![("sec-fetch-site", "cross-site".to_owned())],
        vec![("sec-fetch-site", "same-site".to_owned()), ("origin", own.clone())],
    ] {
        let answer = create(headers.clone()).await;
        assert_eq!(answer.error(), (403, "cross_origin".into()), "{headers:?}");
    }
    assert_eq!(
        create(vec![("sec-fetch-site", "same-origin".to_owned())]).await.status,
        200
    );
}

#[tokio::test]
async fn signing_in_for_somebody_else_is_a_change_too() {
    let instance = Instance::start();
    let request = instance
        .client()
        .post(instance.url("/api/page/session/sign_in"))
        .header("origin", "https://evil.example");
    let form = "username=root&password=correct+horse+battery&return_to=";
    let answer = Answer::of(
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form),
    )
    .await;
    assert_eq!(answer.error(), (403, "cross_origin".into()));
    assert!(answer.header("set-cookie").is_none());
}

#[tokio::test]
async fn a_web_socket_is_more_than_a_read() {
    let instance = Instance::start();
    let browser = Browser::signed_in(&instance).await;
    let request = instance.client().get(instance.url("/api/page/destinations/list"));
    let request = request
        .header("cookie", browser.cookie().unwrap())
        .header("origin", "https://evil.example");
    let request = request.header("connection", "upgrade").header("upgrade", "websocket");
    assert_eq!(Answer::of(request).await.error(), (403, "cross_origin".into()));
}

#[tokio::test]
async fn a_name_that_others_made_lead_here_is_not_this_server() {
    let instance = Instance::start();
    let browser = Browser::signed_in(&instance).await;
    let ask = |host: &'static str, path: &'static str| {
        let request = instance.client().get(instance.url(path)).header("host", host);
        let request = request
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-mode", "cors");
        Answer::of(request.header("cookie", browser.cookie().unwrap()))
    };
    for path in [
        "/",
        "/api/page/destinations/list",
        "/api/v1/destinations",
        "/admin/audit_logs.csv",
    ] {
        for host in ["evil.example", "localhost.evil.example:8080", "203.0.113.7"] {
            assert_eq!(
                ask(host, path).await.error(),
                (421, "wrong_host".into()),
                "{host} {path}"
            );
        }
        for host in ["localhost:8080", "127.0.0.1", "[::1]:80", "audit.localhost"] {
            assert_ne!(ask(host, path).await.status, 421, "{host} {path}");
        }
    }
    let sign_in = instance.client().post(instance.url("/api/page/session/sign_in"));
    let sign_in = sign_in
        .header("host", "evil.example")
        .header("origin", "http://evil.example");
    let form = "username=root&password=correct+horse+battery&return_to=";
    let form = sign_in
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    assert_eq!(Answer::of(form).await.error(), (421, "wrong_host".into()));
    // A token can't be had by such a page, so programs may use any name.
    let token = instance.token("reader", &["read", "ingest"]);
    instance
        .post(&token, "{\"event_type\":\"x\"}\n{\"event_type\":\"x\"}")
        .await;
    let request = instance
        .client()
        .get(instance.url("/api/v1/audit_events?per_page=1"))
        .bearer_auth(&token);
    let answer = Answer::of(request.header("host", "audit.internal:8080")).await;
    assert_eq!(answer.status, 200);
    let link = answer.header("link").unwrap();
    assert!(
        link.starts_with(&format!("<{}", instance.url("/api/v1/audit_events?"))),
        "{link}"
    );
}

#[tokio::test]
async fn a_trusted_proxy_may_change_the_host_and_the_public_url_is_a_name() {
    let url = ("AUDIT_STREAMS_PUBLIC_URL", "https://audit.example.com");
    let alone = Instance::start_with(&[url]);
    let proxied = Instance::start_with(&[url, ("AUDIT_STREAMS_TRUSTED_PROXIES", "127.0.0.1")]);
    let status = async |instance: &Instance, host: &'static str| {
        let request = instance.client().get(instance.url("/api/page/session/current_user"));
        Answer::of(request.header("host", host)).await.status
    };
    assert_eq!(status(&alone, "audit.example.com").await, 200);
    assert_eq!(status(&alone, "upstream:8080").await, 421);
    assert_eq!(status(&proxied, "upstream:8080").await, 200);
}

#[tokio::test]
async fn metrics_that_an_address_may_read_are_not_for_the_pages_of_others() {
    let instance = Instance::start_with(&[("AUDIT_STREAMS_METRICS_ALLOW", "127.0.0.1")]);
    let request = || {
        instance
            .client()
            .get(instance.url("/metrics"))
            .header("host", "evil.example")
    };
    assert_eq!(Answer::of(request()).await.status, 200, "Prometheus");
    let browser = request().header("sec-fetch-mode", "cors");
    assert_eq!(Answer::of(browser).await.error(), (421, "wrong_host".into()));
}

#[tokio::test]
async fn requests_of_nobody_do_not_fill_the_servers_log() {
    let folder = crate::instance::folder();
    let path = folder.path().join("log");
    let log = std::fs::File::create(&path).unwrap();
    let instance = Instance::start_logging_to(log, &[("AUDIT_STREAMS_LOG_LEVEL", "info")]);
    for number in 0..200 {
        let request = instance.client().post(instance.url("/api/v1/tokens"));
        assert_eq!(Answer::of(request).await.status, 401, "{number}");
        let missing = instance.client().get(instance.url(&format!("/none/{number}")));
        assert_eq!(Answer::of(missing).await.status, 404);
    }
    let lines = std::fs::read_to_string(&path).unwrap();
    let refusals = lines
        .lines()
        .filter(|line| line.contains("A request was rejected."))
        .count();
    // Ten of each status, and what a slow machine takes a minute and more for.
    assert!((2..=40).contains(&refusals), "{lines}");
}

#[tokio::test]
async fn the_public_url_counts_where_a_proxy_changes_the_host() {
    let instance = Instance::start_with(&[("AUDIT_STREAMS_PUBLIC_URL", "https://audit.example.com")]);
    let sign_in = |origin: &'static str| {
        let request = instance
            .client()
            .post(instance.url("/api/page/session/sign_in"))
            .header("origin", origin);
        let form = "username=root&password=correct+horse+battery&return_to=";
        Answer::of(
            request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form),
        )
    };
    assert_eq!(sign_in("https://audit.example.com").await.status, 200);
    assert_eq!(sign_in("https://other.example.com").await.status, 403);
}
