//! What an event says was done, in one line.

use super::body::{Members, decode, plain};

/// The action of an event from its `details`, else its type in words. One line, without an ending full stop.
///
/// The order is GitLab's: its own message, then `add` / `remove` / `change`, then sign-ins.
pub fn describe_action(details: &Members<'_>, event_type: &str) -> String {
    let sentence = message(details)
        .or_else(|| membership(details))
        .or_else(|| change(details))
        .or_else(|| sign_in(details))
        .unwrap_or_else(|| humanise(event_type));
    one_line(&sentence)
}

fn message(details: &Members<'_>) -> Option<String> {
    let message = details.json("custom_message")?;
    if let Some(text) = decode(message) {
        return (!text.trim().is_empty()).then(|| text.into_owned());
    }
    let members = details.object("custom_message")?;
    let action = members.string("action")?;
    Some(match members.string("protocol") {
        Some(protocol) => format!("{action} over {protocol}"),
        None => action.into_owned(),
    })
}

fn membership(details: &Members<'_>) -> Option<String> {
    if let Some(added) = text(details, "add") {
        return Some(match text(details, "as") {
            Some(role) => format!("Added {added} as {role}"),
            None => format!("Added {added}"),
        });
    }
    text(details, "remove").map(|removed| format!("Removed {removed}"))
}

fn change(details: &Members<'_>) -> Option<String> {
    let changed = text(details, "change")?;
    let mut sentence = format!("Changed {changed}");
    for (word, value) in [("from", text(details, "from")), ("to", text(details, "to"))] {
        if let Some(value) = value {
            sentence.push_str(&format!(" {word} {value}"));
        }
    }
    Some(sentence)
}

fn sign_in(details: &Members<'_>) -> Option<String> {
    if let Some(method) = text(details, "failed_login") {
        return Some(format!("Failed to login with {method} authentication"));
    }
    text(details, "with").map(|method| format!("Signed in with {} authentication", method.to_uppercase()))
}

fn text(details: &Members<'_>, field: &str) -> Option<String> {
    details.json(field).map(plain).filter(|text| !text.is_empty())
}

/// `user_created` becomes `User created`.
fn humanise(event_type: &str) -> String {
    let words = event_type.replace('_', " ");
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => words,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_shape_of_details_has_its_words() {
        for (details, expected) in [
            (json!({"custom_message": "Added merge request"}), "Added merge request"),
            (json!({"custom_message": "two\n  lines"}), "two lines"),
            (
                json!({"custom_message": {"protocol": "ssh", "action": "git-upload-pack"}}),
                "git-upload-pack over ssh",
            ),
            (
                json!({"add": "user_access", "as": "Developer"}),
                "Added user_access as Developer",
            ),
            (json!({"add": "group"}), "Added group"),
            (json!({"remove": "user_access"}), "Removed user_access"),
            (
                json!({"change": "visibility", "from": "Private", "to": "Public"}),
                "Changed visibility from Private to Public",
            ),
            (
                json!({"change": "email address", "to": "a@b.example"}),
                "Changed email address to a@b.example",
            ),
            (
                json!({"change": "limit", "from": 1, "to": null}),
                "Changed limit from 1",
            ),
            (json!({"with": "standard"}), "Signed in with STANDARD authentication"),
            (
                json!({"failed_login": "STANDARD"}),
                "Failed to login with STANDARD authentication",
            ),
            (json!({"custom_message": ""}), "User created"),
            (json!({}), "User created"),
        ] {
            assert_eq!(describe(&details.to_string()), expected, "{details}");
        }
    }

    #[test]
    fn details_that_a_value_can_not_hold_are_described_too() {
        for (details, expected) in [
            (
                r#"{"change":"limit","from":1e400,"to":[ 1 ]}"#,
                "Changed limit from 1e400 to [1]",
            ),
            (r#"{"add":"\ud83d","as":"Owner"}"#, "Added \u{fffd} as Owner"),
            (r#"{"\ud83d":1,"custom_message":"Said"}"#, "Said"),
            (r#"{"custom_message":{"action":"push","x":1e400}}"#, "push"),
            (r#"{"custom_message":"first","custom_message":"last"}"#, "last"),
        ] {
            assert_eq!(describe(details), expected, "{details}");
        }
    }

    fn describe(details: &str) -> String {
        describe_action(&Members::read(details).unwrap(), "user_created")
    }
}
