//! Google Cloud Logging.
//!
//! Limits and messages are GitLab's: <https://docs.gitlab.com/administration/compliance/audit_event_streaming/>.

mod advice;
mod fields;
mod private_key;

pub use self::private_key::PrivateKey;
use self::{advice::advice, fields::FIELDS};
use super::{DeliveryLimits, FieldMap, GitlabModel, KindSpec, Taken, connection::ConnectionSettings, rules::TextRules};
use crate::{Field, FieldErrors};

const PROJECT_ID: TextRules = TextRules {
    field: Field::ProjectId,
    label: "Google project id name",
    min: 6,
    max: 30,
    is_valid: is_project_id,
    invalid: "Google project id name must only contain lowercase letters, digits, or hyphens, and must start with a \
              letter and end with a letter or a digit",
};

const CLIENT_EMAIL: TextRules = TextRules {
    field: Field::ClientEmail,
    label: "Client email",
    min: 1,
    max: 254,
    is_valid: is_email,
    invalid: "Client email is invalid",
};

const LOG_ID: TextRules = TextRules {
    field: Field::LogId,
    label: "Log id name",
    min: 1,
    max: 511,
    is_valid: is_log_id,
    invalid: "Log id name must only contain letters, digits, forward-slash, underscore, hyphen or period",
};

pub(super) const GOOGLE_CLOUD_LOGGING: KindSpec = KindSpec {
    name: "gcp",
    label: "Google Cloud Logging",
    badge: "Google Cloud Logging",
    description: "A log of Google Cloud Logging",
    fields: FIELDS,
    has_headers: false,
    identity: &[Field::ProjectId, Field::LogId],
    taken: Taken {
        field: Field::LogId,
        message: "Log id name has already been taken for this project",
        unified_message: "Config logIdName, googleProjectIdName already taken.",
    },
    gitlab: GitlabModel {
        class: "AuditEvents::Instance::GoogleCloudLoggingConfiguration",
        created: "instance_google_cloud_logging_configuration_created",
        updated: "instance_google_cloud_logging_configuration_updated",
        deleted: "instance_google_cloud_logging_configuration_deleted",
        noun: "Instance Google Cloud logging configuration",
        is_named: true,
        create_verb: "Created",
        delete_verb: "Deleted",
        place: |values| {
            let (project_id, log_id) = (values.text(Field::ProjectId), values.text(Field::LogId));
            format!("project id: {project_id} and log id: {log_id}")
        },
    },
    parse: |values| {
        let mut errors = FieldErrors::default();
        let settings = errors.collect_all(GoogleSettings::read(values));
        let connection = errors.collect_all(ConnectionSettings::parse(values));
        let limits = errors.collect_all(DeliveryLimits::parse(values, FIELDS));
        match (settings, connection, limits) {
            (Some(settings), Some(connection), Some(limits)) => Ok(settings
                .values()
                .with_all(connection.values(FIELDS))
                .with_all(limits.values())),
            _ => Err(errors),
        }
    },
    summary: |values| {
        [
            "projects/",
            values.text(Field::ProjectId),
            "/logs/",
            values.text(Field::LogId),
        ]
        .concat()
    },
    place: |values| log_name(values.text(Field::ProjectId), values.text(Field::LogId)),
    advice,
    accepted: "Cloud Logging wrote the test event as a log entry.",
    respondent: None,
};

/// Where entries are written, and as whom. Made by parsing alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoogleSettings {
    project_id: String,
    client_email: String,
    log_id: String,
}

impl GoogleSettings {
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub fn parse(project_id: &str, client_email: &str, log_id: &str) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let project_id = errors.collect(PROJECT_ID.parse(project_id));
        let client_email = errors.collect(CLIENT_EMAIL.parse(client_email));
        let log_id = errors.collect(LOG_ID.parse(log_id));
        match (project_id, client_email, log_id) {
            (Some(project_id), Some(client_email), Some(log_id)) => Ok(Self {
                project_id,
                client_email,
                log_id,
            }),
            _ => Err(errors),
        }
    }

    /// # Errors
    /// As [`Self::parse`].
    pub fn read(values: &FieldMap) -> Result<Self, FieldErrors> {
        Self::parse(
            values.text(Field::ProjectId),
            values.text(Field::ClientEmail),
            values.text(Field::LogId),
        )
    }

    fn values(&self) -> FieldMap {
        FieldMap::from([
            (Field::ProjectId, self.project_id()),
            (Field::ClientEmail, self.client_email()),
            (Field::LogId, self.log_id()),
        ])
    }

    /// Id of the project whose logs are written.
    pub fn project_id(&self) -> &str {
        &self.project_id
    }

    /// The e-mail address of the service account.
    pub fn client_email(&self) -> &str {
        &self.client_email
    }

    /// The id of the log in the project.
    pub fn log_id(&self) -> &str {
        &self.log_id
    }

    /// `projects/<project>/logs/<log id>`, the log id percent-encoded as Cloud Logging asks for.
    /// <https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry>
    pub fn log_name(&self) -> String {
        log_name(&self.project_id, &self.log_id)
    }
}

fn log_name(project_id: &str, log_id: &str) -> String {
    // The rules leave one character that has to be encoded.
    format!("projects/{project_id}/logs/{}", log_id.replace('/', "%2F"))
}

fn is_project_id(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
}

fn is_email(text: &str) -> bool {
    let is_allowed = |character: char| !character.is_whitespace() && !character.is_control();
    text.split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && text.chars().all(is_allowed)
}

fn is_log_id(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(project_id: &str, client_email: &str, log_id: &str) -> String {
        GoogleSettings::parse(project_id, client_email, log_id)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_service_account_is_accepted_and_names_its_log() {
        let settings = GoogleSettings::parse(
            " my-project ",
            "a@my-project.iam.gserviceaccount.com",
            "audit/events.v1",
        )
        .unwrap();
        assert_eq!(settings.project_id(), "my-project");
        assert_eq!(settings.log_name(), "projects/my-project/logs/audit%2Fevents.v1");
    }

    #[test]
    fn each_broken_rule_has_its_message() {
        let (project, email, log) = ("my-project", "a@b.example", "audit-events");
        for (project_id, client_email, log_id, start) in [
            ("", email, log, "Google project id name can't be blank"),
            ("short", email, log, "Google project id name is too short (minimum is 6"),
            (
                "p-1234567-1234567-1234567-12345",
                email,
                log,
                "Google project id name is too long (maximum is 30",
            ),
            ("My-project", email, log, "Google project id name must only contain"),
            ("1-project", email, log, "Google project id name must only contain"),
            ("project-", email, log, "Google project id name must only contain"),
            (project, "", log, "Client email can't be blank"),
            (project, "nobody", log, "Client email is invalid"),
            (project, "a@b@c", log, "Client email is invalid"),
            (project, "a b@c", log, "Client email is invalid"),
            (project, email, "", "Log id name can't be blank"),
            (project, email, "log id", "Log id name must only contain"),
        ] {
            let message = message(project_id, client_email, log_id);
            assert!(
                message.starts_with(start),
                "{project_id} {client_email} {log_id}: {message}"
            );
        }
        assert_eq!(message("", "", "").matches("can't be blank").count(), 3, "all at once");
    }

    #[test]
    fn a_key_is_taken_however_it_was_pasted() {
        let body = ["A".repeat(64), "B".repeat(64), "C".repeat(11) + "="].join("\n");
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY"] {
            let lines = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
            for text in [
                lines.clone(),
                lines.replace('\n', "\\n"),
                lines.replace('\n', "\\r\\n"),
                format!("\"{}\",", lines.replace('\n', "\\n")),
                lines.replace('\n', "\r\n"),
                lines.replace('\n', ""),
                lines.replace('\n', " "),
                lines.replace('\n', "\n\t    "),
                lines.replace('A', "A "),
                lines.replace(' ', "\u{a0}"),
                format!("\u{feff}{lines}\n\n"),
            ] {
                let key = PrivateKey::parse(&text).unwrap();
                assert_eq!(key.expose(), lines, "{text:?}");
                assert_eq!(PrivateKey::parse(key.expose()).as_ref(), Ok(&key));
                assert_eq!(format!("{key:?}"), "PrivateKey(..)");
            }
        }
    }

    #[test]
    fn white_space_does_not_make_a_key_too_long() {
        let body = "A\n        ".repeat(3_000);
        assert!(PrivateKey::parse(&format!("-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----")).is_ok());
    }

    #[test]
    fn an_encrypted_key_is_named_as_such() {
        for text in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIE\n-----END ENCRYPTED PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIE\n-----END RSA PRIVATE KEY-----",
        ] {
            let message = PrivateKey::parse(text).unwrap_err().message;
            assert!(message.starts_with("Private key is encrypted"), "{message}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_repeated() {
        let too_long = format!("-----BEGIN PRIVATE KEY-----{}", "A".repeat(4_096));
        for text in [
            "",
            "  ",
            "s3cret",
            "-----BEGIN EC PRIVATE KEY-----\nMIIE\n-----END EC PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nMIIE",
            "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\ns3cret!\n-----END PRIVATE KEY-----",
            too_long.as_str(),
        ] {
            let error = PrivateKey::parse(text).unwrap_err();
            assert_eq!(error.field, Field::PrivateKey);
            assert!(!error.message.contains("s3cret"), "{}", error.message);
        }
    }
}
