//! What others choose, in the server's own log and in the output of commands: no line is theirs.

use std::fs::File;

use domain::Timestamp;
use reqwest::Method;
use serde_json::json;

use crate::{
    api_client::Client,
    instance::{Answer, Instance, folder},
};

/// Would be a line of its own, and would clear a terminal.
const HOSTILE: &str = "x\n2026-01-01T00:00:00.000000Z ERROR forged\r\u{1b}[2J\u{9b}1m";

/// The same in an address.
const IN_ADDRESS: &str = "x%0A2026-01-01T00:00:00.000000Z%20ERROR%20forged%0D%1B[2J";

#[tokio::test]
async fn each_line_of_the_log_is_the_servers_own() {
    let folder = folder();
    let path = folder.path().join("log");
    let settings = [
        ("AUDIT_STREAMS_LOG_LEVEL", "debug,hyper=info,h2=info"),
        ("AUDIT_STREAMS_TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let instance = Instance::start_logging_to(File::create(&path).unwrap(), &settings);
    let admin = Client::with_scope(&instance, "admin");
    let event =
        json!({"id": HOSTILE, "event_type": HOSTILE, "author_name": HOSTILE, "details": {"custom_message": HOSTILE}});
    let rejected = admin.post("/api/v1/audit_events", &event).await;
    assert_eq!(rejected.status, 422, "{}", rejected.text);
    for (path, body) in [
        ("/api/v1/tokens", json!({"name": HOSTILE, "scopes": [HOSTILE]})),
        ("/api/v1/users", json!({"username": HOSTILE})),
        (
            "/api/v1/destinations",
            json!({"name": HOSTILE, "http": {"url": HOSTILE, "headers": [{"name": HOSTILE, "value": HOSTILE}]}}),
        ),
        (
            "/api/graphql",
            json!({"query": HOSTILE, "variables": {HOSTILE: HOSTILE}}),
        ),
    ] {
        admin.post(path, &body).await;
    }
    for address in [
        format!("/{IN_ADDRESS}"),
        format!("/api/v1/destinations/{IN_ADDRESS}?{IN_ADDRESS}"),
    ] {
        let request = instance.request(Method::GET, &address);
        let request = request
            .header("x-forwarded-for", "x\t\u{9b}")
            .header("user-agent", "x\t\u{9b}");
        assert!((400..500).contains(&Answer::of(request).await.status));
    }
    let log = std::fs::read_to_string(&path).unwrap();
    assert!(log.contains("forged"), "something of it is logged: {log}");
    for line in log.lines() {
        let (time, _) = line.split_once(' ').unwrap_or_else(|| panic!("{line:?}"));
        assert!(Timestamp::parse(time).is_ok(), "{line:?}");
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(!line.contains(" ERROR "), "{line:?}");
    }
}
