//! Bodies and addresses that nest without end, at every door that parses them. A parser that recurses as deep as its input asks
//! would end the process, and with it every stream.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use reqwest::Method;

use crate::{
    api_client::Client,
    browser::Browser,
    instance::{Answer, Instance},
};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Texts that open something again and again, and mostly close it.
fn nested() -> impl Strategy<Value = String> {
    let parts = [
        ("[", "", "]"),
        ("{\"a\":", "1", "}"),
        ("[{\"details\":", "null", "}]"),
        ("{\"query\":\"{a}\",\"variables\":{\"a\":", "1", "}}"),
        ("username[", "", "]"),
        ("[a]", "=1", ""),
        ("a[b]=1&a[b]", "", "=1&"),
        ("%5Ba%5D", "=1", ""),
        ("draft[name][", "0", "]"),
        ("\"", "", "\""),
        ("(", "", ")"),
    ];
    let part = (prop::sample::select(parts.to_vec()), 1_usize..8_000, any::<bool>());
    prop::collection::vec(part, 1..3).prop_map(|parts| {
        let (mut start, mut end) = (String::new(), String::new());
        for ((open, inner, close), depth, is_closed) in parts {
            start.push_str(&open.repeat(depth));
            start.push_str(inner);
            if is_closed {
                end.insert_str(0, &close.repeat(depth));
            }
        }
        start + &end
    })
}

/// The same texts in every run.
fn texts(count: u32) -> Vec<String> {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha),
    );
    let strategy = nested();
    let texts = (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current());
    texts.collect()
}

#[tokio::test]
async fn nothing_that_nests_without_end_ends_the_server() {
    let instance = Instance::start_with(&[("AUDIT_STREAMS_API_RATE", "0")]);
    let (admin, ingest) = (
        Client::with_scope(&instance, "admin"),
        Client::with_scope(&instance, "ingest"),
    );
    let unknown = Client::with_token(&instance, "nothing");
    let browser = Browser::signed_in(&instance).await;
    let page = |function: &str| {
        let request = instance.client().post(instance.url(&format!("/api/page/{function}")));
        let request = request.header("origin", format!("http://{}", instance.address()));
        request.header("cookie", browser.cookie().unwrap())
    };
    for text in texts(60) {
        let wrapped = format!("{{\"query\":\"{{a}}\",\"variables\":{{\"a\":{text}}}}}");
        let address = format!("/api/page/events/list?query={text}");
        for request in [
            admin.request(Method::POST, "/api/graphql").body(text.clone()),
            admin.request(Method::POST, "/api/graphql").body(wrapped.clone()),
            unknown.request(Method::POST, "/api/graphql").body(wrapped),
            admin.request(Method::POST, "/api/v1/destinations").body(text.clone()),
            ingest.request(Method::POST, "/api/v1/audit_events").body(text.clone()),
        ] {
            let answer = Answer::of(request).await;
            assert!((200..500).contains(&answer.status), "{answer:?} for {text:.200}");
        }
        for request in [
            page("session/sign_in").header("content-type", FORM).body(text.clone()),
            page("users/add").header("content-type", FORM).body(text.clone()),
            page("destinations/create")
                .header("content-type", JSON)
                .body(text.clone()),
            instance
                .client()
                .get(instance.url(address.get(..30_000).unwrap_or(&address))),
        ] {
            let answer = Answer::of(request).await;
            assert!((200..500).contains(&answer.status), "{answer:?} for {text:.200}");
        }
    }
    assert_eq!(instance.get("/readyz").await.status, 200);
}
