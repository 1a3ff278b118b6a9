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
