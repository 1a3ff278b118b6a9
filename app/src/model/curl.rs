//! The commands that send the first event.

/// Makes a token, on the host.
pub const CREATE_TOKEN: &str = "audit-streams token create --name first --scope ingest --data-dir DIR";

/// Posts an event, from anywhere that reaches the server.
pub fn post_event(public_url: &str) -> String {
    format!(
        "curl {public_url}/api/v1/audit_events \\\n  \
         -H \"Authorization: Bearer $TOKEN\" \\\n  \
         -H \"Content-Type: application/json\" \\\n  \
         -d '{{\"event_type\":\"user_created\",\"author_name\":\"root\",\"target_details\":\"alice\"}}'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_pasted_as_it_is() {
        let command = post_event("https://audit.example");
        assert!(command.starts_with("curl https://audit.example/api/v1/audit_events \\\n  -H \"Authorization: Bearer"));
        assert_eq!(command.lines().count(), 4);
        let json = command.rsplit("-d ").next().unwrap().trim_matches('\'');
        assert!(serde_json::from_str::<serde_json::Value>(json).unwrap().is_object());
    }
}
