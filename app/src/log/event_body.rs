//! The members of an event's body, in the order in which they came.

use domain::event::body::{Members, plain};

/// A name and what stands under it, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: String,
    pub value: String,
}

/// What stands under `details`: one entry for each member of the object, or one for anything else; none without details.
pub fn details(body: &str) -> Vec<Member> {
    let members = Members::read(body);
    let Some(details) = members.ok().and_then(|members| members.json("details")) else {
        return Vec::new();
    };
    match Members::read(details) {
        Ok(members) => members
            .iter()
            .map(|member| Member {
                name: humanised(&member.name),
                value: plain(member.value),
            })
            .collect(),
        Err(_) if details == "null" => Vec::new(),
        Err(_) => vec![Member {
            name: "Details".to_owned(),
            value: plain(details),
        }],
    }
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
    fn one_odd_value_hides_no_other() {
        let body = r#"{"n":1e400,"details":{"\ud83d":1,"a":"x\ud83d","b":1e400,"b":2}}"#;
        let expected = [("\u{fffd}", "1"), ("A", "x\u{fffd}"), ("B", "1e400"), ("B", "2")];
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
            [("Details".to_owned(), "[1,2]".to_owned())]
        );
        for body in ["", "[]", "{}", r#"{"details":null}"#, r#"{"details":{}}"#] {
            assert!(pairs(body).is_empty(), "{body}");
        }
    }
}
