//! An event in GitLab's format.
//!
//! GitLab stores author, entity and target in `details`, and programs that collect its events read them there. If an event has them
//! only outside its details, they are added; details that are present stay as they were posted.
//!
//! Clients with fixed types fail on a whole page if one member has another type. So `author_id` and `entity_id` are integers or
//! null, and members of `details` that are strings in GitLab are strings: other values are returned as their JSON text.

use domain::event::body::{Member, Members};
use engine::log::BrowseRow;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::error::ApiError;

/// Members of `details` that are always strings in GitLab.
const TEXTS: [&str; 3] = ["from", "to", "custom_message"];

/// Members of `details` that are strings or null in GitLab.
const TEXTS_OR_NULL: [&str; 13] = [
    "add",
    "as",
    "author_class",
    "author_email",
    "author_name",
    "change",
    "entity_path",
    "event_name",
    "ip_address",
    "remove",
    "target_details",
    "target_type",
    "with",
];

/// GitLab's members, in their order; the last one is an addition.
#[derive(Serialize)]
struct AuditEvent<'body> {
    id: i64,
    author_id: Option<i64>,
    entity_id: Option<i64>,
    entity_type: &'body RawValue,
    event_name: &'body str,
    details: Box<RawValue>,
    created_at: &'body RawValue,
    event_type: &'body str,
}

/// Returned as posted: numbers stay numbers.
#[derive(Deserialize)]
struct Stored<'body> {
    #[serde(borrow)]
    author_id: &'body RawValue,
    #[serde(borrow)]
    entity_id: &'body RawValue,
    #[serde(borrow)]
    entity_type: &'body RawValue,
    #[serde(borrow)]
    details: &'body RawValue,
    #[serde(borrow)]
    created_at: &'body RawValue,
    #[serde(borrow, default)]
    author_name: Option<&'body RawValue>,
    #[serde(borrow, default)]
    ip_address: Option<&'body RawValue>,
    #[serde(borrow, default)]
    entity_path: Option<&'body RawValue>,
    #[serde(borrow, default)]
    target_id: Option<&'body RawValue>,
    #[serde(borrow, default)]
    target_type: Option<&'body RawValue>,
    #[serde(borrow, default)]
    target_details: Option<&'body RawValue>,
}

/// The event as JSON.
pub(super) fn print(row: &BrowseRow) -> Result<Box<RawValue>, ApiError> {
    print_body(row).map_err(|error| ApiError::internal("A stored event could not be printed.", &error))
}

fn print_body(row: &BrowseRow) -> serde_json::Result<Box<RawValue>> {
    let stored: Stored<'_> = serde_json::from_str(&row.body)?;
    to_raw_value(&AuditEvent {
        id: row.position.seq.get(),
        author_id: integer(stored.author_id),
        entity_id: integer(stored.entity_id),
        entity_type: stored.entity_type,
        event_name: &row.event_type,
        details: complete(&stored)?,
        created_at: stored.created_at,
        event_type: &row.event_type,
    })
}

/// The id as an integer, even if it was posted as a string; `None` for any other id.
fn integer(id: &RawValue) -> Option<i64> {
    let text = id.get().trim_matches('"');
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The details, with missing members appended. Details that are not an object become the message of one.
fn complete(stored: &Stored<'_>) -> serde_json::Result<Box<RawValue>> {
    let given = stored.details.get();
    let mut details = String::with_capacity(given.len() + 256);
    let members = if given.starts_with('{') {
        serde_json::from_str(given)?
    } else {
        if given != "null" {
            append(&mut details, "\"custom_message\"", &text(given));
        }
        Members::default()
    };
    for member in members.iter() {
        append(&mut details, member.raw_name, &printed(member));
    }
    let beside = [
        ("author_name", stored.author_name),
        ("ip_address", stored.ip_address),
        ("entity_path", stored.entity_path),
        ("target_id", stored.target_id),
        ("target_type", stored.target_type),
        ("target_details", stored.target_details),
    ];
    let beside = beside.map(|(name, value)| (name, value.map_or("null", RawValue::get)));
    let ids = [("author_id", stored.author_id), ("entity_id", stored.entity_id)];
    // Ids that are not integers are here.
    let ids = ids
        .into_iter()
        .filter(|(_, id)| integer(id).is_none() && id.get() != "null");
    for (name, value) in beside.into_iter().chain(ids.map(|(name, id)| (name, id.get()))) {
        if members.json(name).is_none() {
            append(&mut details, &format!("\"{name}\""), value);
        }
    }
    if details.is_empty() {
        details.push('{');
    }
    details.push('}');
    RawValue::from_string(details)
}

/// A value as a string: its JSON text, unless it is a string.
fn text(value: &str) -> String {
    if value.starts_with('"') {
        value.to_owned()
    } else {
        serde_json::Value::from(value).to_string()
    }
}

fn append(details: &mut String, quoted_name: &str, value: &str) {
    details.push(if details.is_empty() { '{' } else { ',' });
    details.push_str(quoted_name);
    details.push(':');
    details.push_str(value);
}

/// The value of a member of `details` in the response.
fn printed(member: &Member<'_>) -> String {
    let (name, value) = (member.name.as_ref(), member.value);
    match value {
        "null" if TEXTS.contains(&name) => "\"\"".to_owned(),
        "null" => value.to_owned(),
        _ if TEXTS.contains(&name) || TEXTS_OR_NULL.contains(&name) => text(value),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn details(details: &str) -> String {
        let body = format!(
            r#"{{"author_id":1,"entity_id":2,"entity_type":"Group","details":{details},"created_at":"x","author_name":"Ada","target_id":1e400}}"#
        );
        complete(&serde_json::from_str(&body).unwrap())
            .unwrap()
            .get()
            .to_owned()
    }

    #[test]
    fn what_the_details_do_not_say_is_added_and_what_they_say_stays() {
        let rest = r#""entity_path":null,"target_id":1e400,"target_type":null,"target_details":null}"#;
        assert_eq!(
            details("{}"),
            format!(r#"{{"author_name":"Ada","ip_address":null,{rest}"#)
        );
        assert_eq!(
            details(r#"{"number":1.50,"author\u005fname":null,"n":{"target_id":3}}"#),
            format!(r#"{{"number":1.50,"author\u005fname":null,"n":{{"target_id":3}},"ip_address":null,{rest}"#)
        );
        assert_eq!(
            details(r#"{"\ud83d":"\ud83d","number":1e400}"#),
            format!(r#"{{"\ud83d":"\ud83d","number":1e400,"author_name":"Ada","ip_address":null,{rest}"#)
        );
        for (other, message) in [
            ("[1]", r#""custom_message":"[1]","#),
            ("null", ""),
            ("\"{}\"", r#""custom_message":"{}","#),
            ("\"}\"", r#""custom_message":"}","#),
            ("7", r#""custom_message":"7","#),
        ] {
            assert_eq!(
                details(other),
                format!(r#"{{{message}"author_name":"Ada","ip_address":null,{rest}"#)
            );
        }
    }

    #[test]
    fn what_is_a_text_in_gitlab_is_always_one() {
        let shown = |given: &str| -> Value {
            let body =
                format!(r#"{{"author_id":1,"entity_id":2,"entity_type":"Group","details":{given},"created_at":"x"}}"#);
            let stored = serde_json::from_str(&body).unwrap();
            serde_json::from_str(complete(&stored).unwrap().get()).unwrap()
        };
        for (given, from) in [
            (r#""a""#, "a"),
            (r#""""#, ""),
            ("null", ""),
            ("true", "true"),
            ("1.50", "1.50"),
            (r#"{"b":[1,"\ud83d"]}"#, r#"{"b":[1,"\ud83d"]}"#),
            (r#"["a"]"#, r#"["a"]"#),
        ] {
            let shown = shown(&format!(
                r#"{{"from":{given},"t\u006f":{given},"custom_message":{given}}}"#
            ));
            for member in ["from", "to", "custom_message"] {
                assert_eq!(shown[member], from, "{given}");
            }
        }
        let shown = shown(r#"{"with":{"a":1},"add":null,"change":7,"target_id":{"a":1},"other":[1]}"#);
        assert_eq!((&shown["with"], &shown["change"]), (&json!(r#"{"a":1}"#), &json!("7")));
        assert_eq!(
            (&shown["add"], &shown["target_id"], &shown["other"]),
            (&json!(null), &json!({"a": 1}), &json!([1]))
        );
    }

    #[test]
    fn ids_are_integers_or_null() {
        let read = |id: &str| integer(&RawValue::from_string(id.to_owned()).unwrap());
        for (id, expected) in [
            ("7", Some(7)),
            ("-1", Some(-1)),
            ("\"42\"", Some(42)),
            ("\"042\"", None),
            ("\"+7\"", None),
            ("\"user-7\"", None),
            ("\"\"", None),
            ("null", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(read(id), expected, "{id}");
        }
    }

    #[test]
    fn an_id_that_is_no_integer_is_found_in_the_details() {
        let body = r#"{"author_id":"ada@example.com","entity_id":99999999999999999999,"entity_type":"Group","details":{"a":1},"created_at":"x"}"#;
        let stored = serde_json::from_str(body).unwrap();
        let details = complete(&stored).unwrap();
        let start = r#"{"a":1,"author_name":null,"#;
        let end = r#","author_id":"ada@example.com","entity_id":99999999999999999999}"#;
        assert!(
            details.get().starts_with(start) && details.get().ends_with(end),
            "{details}"
        );
    }
}
