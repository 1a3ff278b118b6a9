//! Whether two events with one id say the same.

use std::cell::OnceCell;

use serde_json::value::RawValue;

use super::{
    body::{Members, decode},
    compact::compact,
};

/// The body of a stored event, with which others under the same id are compared.
#[derive(Debug)]
pub struct StoredBody {
    body: String,
    /// Made for the first comparison that needs it; `None` within if the body is damaged.
    content: OnceCell<Option<Content>>,
}

impl StoredBody {
    /// The body as it is stored.
    pub const fn new(body: String) -> Self {
        Self {
            body,
            content: OnceCell::new(),
        }
    }

    /// Whether a posted body says the same; `created_at` counts if the event brought it.
    pub(super) fn is_same(&self, posted: &str, is_dated: bool) -> bool {
        if self.body == posted {
            return true;
        }
        let stored = self.content.get_or_init(|| Content::of(&self.body)).as_ref();
        let (Some(stored), Some(posted)) = (stored, Content::of(posted)) else {
            return false;
        };
        stored.undated == posted.undated && (!is_dated || stored.created_at == posted.created_at)
    }
}

/// What a body says, as text that is the same for the same content.
#[derive(Debug)]
struct Content {
    undated: String,
    created_at: Option<String>,
}

impl Content {
    fn of(body: &str) -> Option<Self> {
        let members = Members::read(body).ok()?;
        Some(Self {
            undated: object(&members, |name| name != "id" && name != "created_at"),
            created_at: members.json("created_at").map(canonical),
        })
    }
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
        event::{AuditEvent, EventId, Received, StoredBody},
    };

    fn event(json: &str, received_at_ms: i64) -> AuditEvent {
        let received = Received {
            received_at: Timestamp::from_unix_ms(received_at_ms),
            fresh_id: || EventId::parse("fresh").unwrap(),
        };
        AuditEvent::parse(json, &received).unwrap()
    }

    #[test]
    fn a_repeat_has_the_same_content_however_it_is_written() {
        let stored = event(
            r#"{"id":7,"event_type":"x","details":{"a":[1,"\u00e9"],"b":null},"z":1.0}"#,
            5,
        );
        let stored = StoredBody::new(stored.body.into());
        for repeat in [
            r#"{"id":7,"event_type":"x","details":{"a":[1,"\u00e9"],"b":null},"z":1.0}"#,
            r#"{"id":"7","event_type":"x","details":{"a":[1,"\u00e9"],"b":null},"z":1.0}"#,
            r#"{ "z" : 1.0, "details":{ "b":null, "a":[ 1, "é" ] }, "event_type":"x", "id":7 }"#,
            r#"{"id":7,"event_type":"x","author_id":-1,"details":{"a":[1,"\u00e9"],"b":null},"z":1.0}"#,
        ] {
            assert!(event(repeat, 9).has_content_of(&stored), "{repeat}");
        }
    }

    #[test]
    fn whatever_else_differs_is_a_conflict() {
        let stored = event(
            r#"{"id":7,"event_type":"x","author_name":"Ada","details":{"a":[1,2]}}"#,
            5,
        );
        let stored = StoredBody::new(stored.body.into());
        for other in [
            r#"{"id":7,"event_type":"y","author_name":"Ada","details":{"a":[1,2]}}"#,
            r#"{"id":7,"event_type":"x","author_name":"Eve","details":{"a":[1,2]}}"#,
            r#"{"id":7,"event_type":"x","author_name":"Ada","details":{"a":[2,1]}}"#,
            r#"{"id":7,"event_type":"x","author_name":"Ada","details":{"a":["1",2]}}"#,
            r#"{"id":7,"event_type":"x","author_name":"Ada","details":{"a":[1,2],"a":[1,2]}}"#,
            r#"{"id":7,"event_type":"x","author_name":"Ada","details":{"a":[1,2]},"more":0}"#,
            r#"{"id":7,"event_type":"x","author_name":"Ada","details":{"a":[1,2]},"created_at":9}"#,
        ] {
            assert!(!event(other, 5).has_content_of(&stored), "{other}");
        }
        let damaged = StoredBody::new("damaged".into());
        assert!(!event(r#"{"id":7,"event_type":"x"}"#, 5).has_content_of(&damaged));
    }
}
