//! What an event says was done, in one line.

use serde_json::Value;

/// The action of an event from its `details`, else its type in words. One line, without an ending full stop.
///
/// The order is GitLab's: its own message, then `add` / `remove` / `change`, then sign-ins.
pub fn describe_action(details: &Value, event_type: &str) -> String {
    let sentence = message(details.get("custom_message"))
        .or_else(|| membership(details))
        .or_else(|| change(details))
        .or_else(|| sign_in(details))
        .unwrap_or_else(|| humanise(event_type));
    one_line(&sentence)
}

fn message(message: Option<&Value>) -> Option<String> {
    match message? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Object(members) => {
            let action = members.get("action").and_then(Value::as_str)?;
            Some(match members.get("protocol").and_then(Value::as_str) {
                Some(protocol) => format!("{action} over {protocol}"),
                None => action.to_owned(),
            })
        }
        _ => None,
    }
}

fn membership(details: &Value) -> Option<String> {
    if let Some(added) = text(details, "add") {
        return Some(match text(details, "as") {
            Some(role) => format!("Added {added} as {role}"),
            None => format!("Added {added}"),
        });
    }
    text(details, "remove").map(|removed| format!("Removed {removed}"))
}

fn change(details: &Value) -> Option<String> {
    let changed = text(details, "change")?;
    let from = text(details, "from")
        .map(|from| format!(" from {from}"))
        .unwrap_or_default();
    let to = text(details, "to").map(|to| format!(" to {to}")).unwrap_or_default();
    Some(format!("Changed {changed}{from}{to}"))
}

fn sign_in(details: &Value) -> Option<String> {
    if let Some(method) = text(details, "failed_login") {
        return Some(format!("Failed to login with {method} authentication"));
    }
    text(details, "with").map(|method| format!("Signed in with {} authentication", method.to_uppercase()))
}

fn text(details: &Value, field: &str) -> Option<String> {
    match details.get(field)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Null | Value::String(_) => None,
        other => Some(other.to_string()),
    }
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
            (json!("free"), "User created"),
        ] {
            assert_eq!(describe_action(&details, "user_created"), expected, "{details}");
        }
    }
}
