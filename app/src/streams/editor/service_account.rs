//! The JSON key of a Google service account, as the Google Cloud console saves it.

use serde::Deserialize;

/// What a destination needs of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    pub project_id: String,
    pub client_email: String,
    pub private_key: String,
}

/// Other members are passed over.
#[derive(Deserialize)]
struct Key {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    project_id: String,
    #[serde(default)]
    client_email: String,
    #[serde(default)]
    private_key: String,
}

impl ServiceAccount {
    /// Whether the text is meant to be such a key, rather than the private key alone.
    pub fn is_meant_by(text: &str) -> bool {
        text.trim_start().starts_with('{')
    }

    /// # Errors
    /// Why the text is not the key of a service account, as a sentence that repeats nothing of it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let Ok(key) = serde_json::from_slice::<Key>(text.trim().as_bytes()) else {
            return Err("This is not a whole JSON key. Paste everything from the first { to the last }.");
        };
        if key.kind != "service_account" {
            return Err("This JSON is not the key of a service account: its type is not service_account.");
        }
        for (member, message) in [
            (&key.project_id, "This key has no project_id."),
            (&key.client_email, "This key has no client_email."),
            (&key.private_key, "This key has no private_key."),
        ] {
            if member.is_empty() {
                return Err(message);
            }
        }
        Ok(Self {
            project_id: key.project_id,
            client_email: key.client_email,
            private_key: key.private_key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = r#" {
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "0123",
        "private_key": "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n",
        "client_email": "audit@my-project.iam.gserviceaccount.com",
        "client_id": "1234",
        "universe_domain": "googleapis.com"
    }
"#;

    #[test]
    fn a_key_file_gives_three_fields() {
        assert!(ServiceAccount::is_meant_by(KEY));
        let account = ServiceAccount::parse(KEY).ok().unwrap();
        assert_eq!(account.project_id, "my-project");
        assert_eq!(account.client_email, "audit@my-project.iam.gserviceaccount.com");
        assert_eq!(
            account.private_key,
            "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"
        );
    }

    #[test]
    fn a_private_key_alone_is_not_taken_for_one() {
        assert!(!ServiceAccount::is_meant_by("-----BEGIN PRIVATE KEY-----\nMIIE"));
        assert!(!ServiceAccount::is_meant_by(""));
    }

    #[test]
    fn what_is_no_such_key_is_refused_in_words() {
        for (text, start) in [
            ("{".to_owned(), "This is not a whole JSON key."),
            (
                KEY.replace("\"project_id\"", "project_id"),
                "This is not a whole JSON key.",
            ),
            (KEY.replace("\"my-project\"", "7"), "This is not a whole JSON key."),
            ("{}".to_owned(), "This JSON is not the key of a service account"),
            (
                KEY.replace("service_account", "authorized_user"),
                "This JSON is not the key of a service account",
            ),
            (
                r#"{"installed":{"client_id":"x"}}"#.to_owned(),
                "This JSON is not the key of a service account",
            ),
            (
                KEY.replace("\"project_id\"", "\"project\""),
                "This key has no project_id.",
            ),
            (
                KEY.replace("audit@my-project.iam.gserviceaccount.com", ""),
                "This key has no client_email.",
            ),
            (
                KEY.replace("\"private_key\"", "\"key\""),
                "This key has no private_key.",
            ),
        ] {
            let message = ServiceAccount::parse(&text).err().unwrap();
            assert!(message.starts_with(start), "{text}: {message}");
        }
    }
}
