//! Events that are valid JSON and yet hard to read: whatever is accepted is readable everywhere.

use crate::{api_client::Client, browser::Browser, instance::Instance};

/// Details that have no counterpart in most programs' memory, each beside the same identity.
const ODD_DETAILS: [(&str, &str); 8] = [
    ("half of a surrogate pair", r#"{"a":"\ud83d"}"#),
    ("a name with half of one", r#"{"\ude00":1}"#),
    ("a number beyond f64", r#"{"a":1e400}"#),
    (
        "a huge integer",
        r#"{"a":123456789012345678901234567890123456789012345678901234567890}"#,
    ),
    ("a member twice", r#"{"a":1,"a":{"b":2}}"#),
    ("NUL", r#"{"custom_message":"a\u0000b"}"#),
    ("no object", r#""free \ud83d text""#),
    ("an action with half of one", r#"{"custom_message":"Did \ud83d it"}"#),
];

fn event(id: usize, details: &str) -> String {
    format!(
        r#"{{"id":"odd {id}","event_type":"odd_event","author_id":41,"author_name":"Eve","entity_id":7,"entity_type":"Group","entity_path":"g","ip_address":"203.0.113.9","target_type":"User","target_details":"Grace","target_id":51,"details":{details},"extra":1e400}}"#
    )
}

async fn with_odd_events() -> Instance {
    let instance = Instance::start();
    let token = instance.token("app", &["ingest"]);
    let mut all: Vec<String> = (0..)
        .zip(ODD_DETAILS)
        .map(|(id, (_, details))| event(id, details))
        .collect();
    let deep = format!("{}1e400{}", "[".repeat(60), "]".repeat(60));
    all.push(event(all.len(), &format!(r#"{{"a":{deep}}}"#)));
    instance.post(&token, all.join("\n")).await;
    instance
}

#[tokio::test]
async fn the_log_page_and_both_apis_show_who_did_it() {
    let instance = with_odd_events().await;
    let mut browser = Browser::signed_in(&instance).await;
    let page = browser.read("events/list?query=event_type%3Dodd_event").await.json();
    let rows = page["rows"].as_array().unwrap();
    assert_eq!(rows.len(), ODD_DETAILS.len() + 1);
    for row in rows {
        let shown = [
            "author_id",
            "author_name",
            "entity_path",
            "ip_address",
            "target_details",
        ]
        .map(|name| &row["summary"][name]);
        assert_eq!(shown, ["41", "Eve", "g", "203.0.113.9", "Grace"], "{row}");
        assert!(!row["summary"]["action"].as_str().unwrap().is_empty());
    }
    let client = Client::with_scope(&instance, "read");
    for filter in ["author=Eve", "ip_address=203.0.113.9", "entity_type=Group&entity=g"] {
        let page = client.get(&format!("/api/v1/audit_events?{filter}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert_eq!(
            page.text.matches(r#""author_name":"Eve""#).count(),
            rows.len(),
            "{filter}"
        );
        assert!(
            page.text.contains(r#"{"a":1e400}"#) && page.text.contains(r#"{"\ude00":1}"#),
            "as it was sent"
        );
    }
    let page = client.get("/api/v4/audit_events?entity_type=Group").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(page.text.matches(r#""author_id":41,"#).count(), rows.len());
    assert_eq!(page.text.matches(r#""author_name":"Eve""#).count(), rows.len());
}
