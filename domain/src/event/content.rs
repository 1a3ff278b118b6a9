//! Whether two events with one id say the same.

use serde_json::value::RawValue;

use super::{
    body::{Members, decode},
    compact::compact,
};

/// Compares two bodies; `created_at` counts if the event that was posted brought it.
pub(super) fn is_same(posted: &str, stored: &str, is_dated: bool) -> bool {
    let (Ok(posted), Ok(stored)) = (Members::read(posted), Members::read(stored)) else {
        return false;
    };
    let is_content = |name: &str| name != "id" && (is_dated || name != "created_at");
    object(&posted, is_content) == object(&stored, is_content)
}

/// JSON text that is the same for the same value.
fn canonical(json: &str) -> String {
    if let Some(text) = decode(json) {
        return quoted(&text);
    }
    if let Ok(members) = Members::read(json) {
        return object(&members, |_| true);
    }
    if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(json) {
        let elements: Vec<String> = elements.iter().map(|element| canonical(element.get())).collect();
        return format!("[{}]", elements.join(","));
    }
    let mut text = String::new();
    compact(json, &mut text);
    text
}

fn object(members: &Members<'_>, is_content: impl Fn(&str) -> bool) -> String {
    let content = members.iter().filter(|member| is_content(&member.name));
    let mut content: Vec<String> = content
        .map(|member| format!("{}:{}", quoted(&member.name), canonical(member.value)))
        .collect();
    content.sort_unstable();
    format!("{{{}}}", content.join(","))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use crate::{
        Timestamp,
        event::{AuditEvent, EventId, Received},
    };

    fn event(json: &str, received_at_ms: i64) -> AuditEvent {
        let received = Received {
            received_at: Timestamp::from_unix_ms(received_at_ms),
            fresh_id: || EventId("fresh".into()),
        };
        AuditEvent::parse(json, &received).unwrap()
    }

    #[test]
    fn a_repeat_has_the_same_content_however_it_is_written() {
        let stored = event(
            r#"{"id":7,"event_type":"x","details":{"a":[1,"\u00e9"],"b":null},"z":1.0}"#,
            5,
        );
        for repeat in [
            r#"{"id":7,"event_type":"x","details":{"a":[1,"\u00e9"],"b":null},"z":1.0}"#,
            r#"{"id":"7","event_type":"x","details":{"a":[1,"\u00e9"],"b":null},"z":1.0}"#,
            r#"{ "z" : 1.0, "details":{ "b":null, "a":[ 1, "é" ] }, "event_type":"x", "id":7 }"#,
            r#"{"id":7,"event_type":"x","author_id":-1,"details":{"a":[1,"\u00e9"],"b":null},"z":1.0}"#,
        ] {
            assert!(event(repeat, 9).has_content_of(&stored.body), "{repeat}");
        }
    }

    #[test]
    fn whatever_else_differs_is_a_conflict() {
        let stored = event(
            r#"{"id":7,"event_type":"x","author_name":"Ada","details":{"a":[1,2]}}"#,
            5,
        );
        for other in [
            r#"{"id":7,"event_type":"y","author_name":"Ada","details":{"a":[1,2]}}"#,
            r#"{"id":7,"event_type":"x","author_name":"Eve","details":{"a":[1,2]}}"#,
            r#"{"id":7,"event_type":"x","author_name":"Ada","details":{"a":[2,1]}}"#,
            r#"{"id":7,"event_type":"x","author_name":"Ada","details":{"a":["1",2]}}"#,
            r#"{"id":7,"event_type":"x","author_name":"Ada","details":{"a":[1,2],"a":[1,2]}}"#,
            r#"{"id":7,"event_type":"x","author_name":"Ada","details":{"a":[1,2]},"more":0}"#,
            r#"{"id":7,"event_type":"x","author_name":"Ada","details":{"a":[1,2]},"created_at":9}"#,
        ] {
            assert!(!event(other, 5).has_content_of(&stored.body), "{other}");
        }
        assert!(!event(r#"{"id":7,"event_type":"x"}"#, 5).has_content_of("damaged"));
    }
}
