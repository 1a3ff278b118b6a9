//! The command that sends the first event.

/// Posts an event, from anywhere that reaches the server. Without a token, it is taken from the variable `TOKEN`.
pub(super) fn post_event(public_url: &str, token: Option<&str>) -> String {
    let token = token.unwrap_or("$TOKEN");
    format!(
        "curl {public_url}/api/v1/audit_events \\\n  \
         -H \"Authorization: Bearer {token}\" \\\n  \
         -H \"Content-Type: application/json\" \\\n  \
         -d '{{\"event_type\":\"user_created\",\"author_name\":\"root\",\"target_details\":\"alice\"}}'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_pasted_as_it_is() {
        let command = post_event("https://audit.example", None);
        assert!(command.starts_with("curl https://audit.example/api/v1/audit_events \\\n  -H \"Authorization: Bearer"));
        assert!(
            command.contains("Bearer $TOKEN")
                && post_event("https://audit.example", Some("ast_1")).contains("Bearer ast_1")
        );
        assert_eq!(command.lines().count(), 4);
        let json = command.rsplit("-d ").next().unwrap().trim_matches('\'');
        assert!(serde_json::from_str::<serde_json::Value>(json).unwrap().is_object());
    }
}
