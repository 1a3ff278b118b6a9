//! The members of an event's body, in the order in which they came.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// A name and what stands under it, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: String,
    pub value: String,
}

/// What stands under `details`: one entry for each member of the object, or one for anything else; none without details.
pub fn details(body: &str) -> Vec<Member> {
    let Ok(Members(members)) = serde_json::from_str(body) else {
        return Vec::new();
    };
    let Some((_, details)) = members.into_iter().find(|(name, _)| name == "details") else {
        return Vec::new();
    };
    match serde_json::from_str::<Members>(details.get()) {
        Ok(Members(members)) => members
            .into_iter()
            .map(|(name, value)| Member {
                name: humanised(&name),
                value: plain(&value),
            })
            .collect(),
        Err(_) if details.get() == "null" => Vec::new(),
        Err(_) => vec![Member {
            name: "Details".to_owned(),
            value: plain(&details),
        }],
    }
}

/// A string without its quotes, nothing for null and the empty string, JSON text for the rest.
fn plain(value: &RawValue) -> String {
    serde_json::from_str::<Option<String>>(value.get())
        .map_or_else(|_| value.get().to_owned(), Option::unwrap_or_default)
}

/// `target_details` becomes `Target details`, `ip_address` becomes `IP address`.
fn humanised(name: &str) -> String {
    let word = |(position, word): (usize, &str)| match (word, position) {
        ("id" | "ip" | "url" | "ssh" | "http", _) => word.to_ascii_uppercase(),
        (_, 0) => capitalised(word),
        _ => word.to_owned(),
    };
    name.split('_').enumerate().map(word).collect::<Vec<_>>().join(" ")
}

/// Member names are ASCII in practice; the tables of Unicode would weigh more than this page needs.
fn capitalised(word: &str) -> String {
    let mut capitalised = word.to_owned();
    if let Some(first) = capitalised.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    capitalised
}

struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(body: &str) -> Vec<(String, String)> {
        details(body)
            .into_iter()
            .map(|member| (member.name, member.value))
            .collect()
    }

    #[test]
    fn details_keep_their_order_and_their_values() {
        let body =
            r#"{"id":1,"details":{"target_id":29,"author_name":"root","custom_message":{"action":"push"},"ip":null}}"#;
        let expected = [
            ("Target ID", "29"),
            ("Author name", "root"),
            ("Custom message", r#"{"action":"push"}"#),
            ("IP", ""),
        ];
        let expected: Vec<_> = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(pairs(body), expected);
    }

    #[test]
    fn details_may_be_anything_or_nothing() {
        assert_eq!(
            pairs(r#"{"details":"free text"}"#),
            [("Details".to_owned(), "free text".to_owned())]
        );
        assert_eq!(
            pairs(r#"{"details":[1, 2]}"#),
            [("Details".to_owned(), "[1, 2]".to_owned())]
        );
        for body in ["", "[]", "{}", r#"{"details":null}"#, r#"{"details":{}}"#] {
            assert!(pairs(body).is_empty(), "{body}");
        }
    }
}
