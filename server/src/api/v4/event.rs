//! An event as GitLab prints it.
//!
//! GitLab keeps who, where and at what in `details`, and what collects its events reads them there. An event that says so
//! beside its details alone is completed; what its details say already stays as it was posted.

use domain::event::body::Members;
use engine::log::BrowseRow;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::api::ApiError;

/// The members that GitLab's has, in their order; the last is an addition.
#[derive(Serialize)]
struct AuditEvent<'body> {
    id: i64,
    author_id: &'body RawValue,
    entity_id: &'body RawValue,
    entity_type: &'body RawValue,
    event_name: &'body str,
    details: Box<RawValue>,
    created_at: &'body RawValue,
    event_type: &'body str,
}

/// What is answered as it was posted: numbers stay numbers.
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

pub(super) fn print(row: &BrowseRow) -> Result<Box<RawValue>, ApiError> {
    print_body(row).map_err(|error| ApiError::internal("A stored event could not be printed.", &error))
}

fn print_body(row: &BrowseRow) -> serde_json::Result<Box<RawValue>> {
    let stored: Stored<'_> = serde_json::from_str(&row.body)?;
    to_raw_value(&AuditEvent {
        id: row.position.seq.get(),
        author_id: stored.author_id,
        entity_id: stored.entity_id,
        entity_type: stored.entity_type,
        event_name: &row.event_type,
        details: complete(&stored)?,
        created_at: stored.created_at,
        event_type: &row.event_type,
    })
}

/// The details, and at their end what they do not say. Details that are no object stay what they are.
fn complete(stored: &Stored<'_>) -> serde_json::Result<Box<RawValue>> {
    let given = stored.details.get();
    let (Some(open), Ok(members)) = (given.strip_suffix('}'), Members::read(given)) else {
        return Ok(stored.details.to_owned());
    };
    let beside = [
        ("author_name", stored.author_name),
        ("ip_address", stored.ip_address),
        ("entity_path", stored.entity_path),
        ("target_id", stored.target_id),
        ("target_type", stored.target_type),
        ("target_details", stored.target_details),
    ];
    let mut details = open.to_owned();
    let mut is_empty = members.is_empty();
    for (name, value) in beside.into_iter().filter(|(name, _)| members.json(name).is_none()) {
        if !is_empty {
            details.push(',');
        }
        is_empty = false;
        let value = value.map_or("null", RawValue::get);
        details.push_str(&format!("\"{name}\":{value}"));
    }
    details.push('}');
    RawValue::from_string(details)
}

#[cfg(test)]
mod tests {
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
            details(r#"{"ip_address":1.50,"author\u005fname":null,"n":{"target_id":3}}"#),
            format!(r#"{{"ip_address":1.50,"author\u005fname":null,"n":{{"target_id":3}},{rest}"#)
        );
        assert_eq!(
            details(r#"{"\ud83d":"\ud83d","ip_address":1e400}"#),
            format!(r#"{{"\ud83d":"\ud83d","ip_address":1e400,"author_name":"Ada",{rest}"#)
        );
        for other in ["[]", "null", "\"{}\"", "\"}\"", "7"] {
            assert_eq!(details(other), other);
        }
    }
}
