//! Streaming destinations: what a person types (`DestinationDraft`), what is accepted (`DestinationSettings`).

mod event_filter;
mod flow;
mod google;
mod header;
mod http;
mod name;
mod namespace_filter;
mod rules;
mod s3;
mod s3_options;
mod start;
mod url;
mod verification_token;

use serde::{Deserialize, Serialize};

pub use self::{
    event_filter::{EventFilter, FilterKind, unknown_type_warning},
    flow::Flow,
    google::{GoogleDraft, GoogleSettings, PrivateKey},
    header::{HeaderDraft, HeaderName, HeaderText, MAX_HEADERS, NewHeader},
    http::{HttpDraft, HttpSettings},
    name::DestinationName,
    namespace_filter::{MAX_NAMESPACES, NamespaceFilter, NamespacePath},
    s3::{ObjectLayout, S3Draft, S3Settings, SecretAccessKey},
    s3_options::{Encryption, LockMode, ObjectLock, ObjectOptions, Partitions},
    start::StartFrom,
    url::DestinationUrl,
    verification_token::VerificationToken,
};
use crate::{Field, FieldError, FieldErrors};

/// The service behind a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationKind {
    Http,
    GoogleCloudLogging,
    AmazonS3,
}

impl DestinationKind {
    /// Every kind, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Http, Self::GoogleCloudLogging, Self::AmazonS3];

    /// As GitLab's API names its categories.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::GoogleCloudLogging => "gcp",
            Self::AmazonS3 => "aws",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A form as it was filled in: all of it, whether it adds a destination or edits one. A secret that is none is made by the
/// server, or stays as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationDraft {
    pub name: String,
    pub target: TargetDraft,
    /// Names of event types; without any, every event is sent.
    #[serde(default)]
    pub event_types: Vec<String>,
    /// Whether only these types are sent, or all types except these.
    #[serde(default)]
    pub filter_kind: FilterKind,
    /// Paths of the groups and projects to admit, separated by commas; none admits every event.
    #[serde(default)]
    pub namespaces: String,
    /// Of a new destination, as [`StartFrom::parse`] takes it; empty otherwise.
    #[serde(default)]
    pub start_from: String,
}

/// The part of a form that belongs to one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetDraft {
    Http(HttpDraft),
    GoogleCloudLogging(GoogleDraft),
    AmazonS3(S3Draft),
}

/// What a destination is to be, apart from the rules that only the store can check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationSettings {
    pub name: DestinationName,
    pub target: TargetSettings,
    pub filter: EventFilter,
    pub namespaces: NamespaceFilter,
    /// None leaves it as it is; a new destination is active.
    pub flow: Option<Flow>,
    /// Means nothing for a destination that is stored.
    pub start_from: StartFrom,
    /// How the audit events of this change are named.
    pub event_names: EventNames,
}

/// Which of GitLab's names the audit events of a change have: GitLab has a set for each kind of destination, and one for its
/// unified API, whatever the kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventNames {
    #[default]
    OfKind,
    Unified,
}

/// What belongs to one kind. Secrets that are none stay as they are stored; a new destination has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetSettings {
    Http(HttpSettings),
    GoogleCloudLogging {
        settings: GoogleSettings,
        private_key: Option<PrivateKey>,
    },
    AmazonS3 {
        settings: S3Settings,
        secret_access_key: Option<SecretAccessKey>,
    },
}

impl TargetSettings {
    pub const fn kind(&self) -> DestinationKind {
        match self {
            Self::Http(_) => DestinationKind::Http,
            Self::GoogleCloudLogging { .. } => DestinationKind::GoogleCloudLogging,
            Self::AmazonS3 { .. } => DestinationKind::AmazonS3,
        }
    }
}

impl DestinationDraft {
    /// An empty form.
    pub fn new(kind: DestinationKind) -> Self {
        let target = match kind {
            DestinationKind::Http => TargetDraft::Http(HttpDraft::default()),
            DestinationKind::GoogleCloudLogging => TargetDraft::GoogleCloudLogging(GoogleDraft::default()),
            DestinationKind::AmazonS3 => TargetDraft::AmazonS3(S3Draft::default()),
        };
        Self {
            name: String::new(),
            target,
            event_types: Vec::new(),
            filter_kind: FilterKind::default(),
            namespaces: String::new(),
            start_from: String::new(),
        }
    }

    /// A form in which the two fields of an HTTP destination that can't be left out are filled in.
    pub fn http(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            target: TargetDraft::Http(HttpDraft {
                url: url.into(),
                ..HttpDraft::default()
            }),
            event_types: Vec::new(),
            filter_kind: FilterKind::default(),
            namespaces: String::new(),
            start_from: String::new(),
        }
    }

    /// Without what is never shown, or only on request: private key, secret access key, values of headers.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        match &mut self.target {
            TargetDraft::Http(draft) => draft.headers.iter_mut().for_each(|header| header.value = None),
            TargetDraft::GoogleCloudLogging(draft) => draft.private_key = None,
            TargetDraft::AmazonS3(draft) => draft.secret_access_key = None,
        }
        self
    }

    /// Whether some events are left out.
    pub fn is_filtered(&self) -> bool {
        !self.event_types.is_empty() || !self.namespaces.is_empty()
    }

    pub const fn kind(&self) -> DestinationKind {
        match self.target {
            TargetDraft::Http(_) => DestinationKind::Http,
            TargetDraft::GoogleCloudLogging(_) => DestinationKind::GoogleCloudLogging,
            TargetDraft::AmazonS3(_) => DestinationKind::AmazonS3,
        }
    }

    /// What can be told to be wrong while the form is filled in; parsing has the last word. `is_stored` says whether the
    /// form edits a destination, whose secrets may stay as they are.
    pub fn mistakes(&self, is_stored: bool) -> FieldErrors {
        let mut errors = FieldErrors::default();
        errors.collect(DestinationName::parse(&self.name));
        match &self.target {
            TargetDraft::Http(draft) => errors.extend(draft.mistakes(is_stored)),
            TargetDraft::GoogleCloudLogging(draft) => {
                errors.collect_all(parse_google(draft, is_stored));
            }
            TargetDraft::AmazonS3(draft) => {
                errors.extend(S3Settings::mistakes(draft));
                errors.collect(parse_secret_access_key(draft, is_stored));
            }
        }
        errors.collect(EventFilter::parse(self.filter_kind, &self.event_types));
        errors.collect(NamespaceFilter::parse(&self.namespaces));
        errors
    }

    /// For a new destination: every secret that only its owner knows has to be there.
    ///
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub fn parse_new(&self) -> Result<DestinationSettings, FieldErrors> {
        self.parse(false)
    }

    /// For a stored destination.
    ///
    /// # Errors
    /// Every field that breaks a rule, each with its message.
    pub fn parse_change(&self) -> Result<DestinationSettings, FieldErrors> {
        self.parse(true)
    }

    fn parse(&self, is_stored: bool) -> Result<DestinationSettings, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.collect(DestinationName::parse(&self.name));
        let target = errors.collect_all(self.target.parse(is_stored));
        let filter = errors.collect(EventFilter::parse(self.filter_kind, &self.event_types));
        let namespaces = errors.collect(NamespaceFilter::parse(&self.namespaces));
        // Told by the server alone: the browser offers nothing else, and need not know how times are read.
        let start_from = errors.collect(StartFrom::parse(&self.start_from));
        match (name, target, filter, namespaces, start_from) {
            (Some(name), Some(target), Some(filter), Some(namespaces), Some(start_from)) => Ok(DestinationSettings {
                name,
                target,
                filter,
                namespaces,
                flow: None,
                start_from,
                event_names: EventNames::default(),
            }),
            _ => Err(errors),
        }
    }
}

impl TargetDraft {
    /// The text of [`Field::Checksums`] where checksum headers are left out; it is empty where they are sent.
    pub const OMITTED: &str = "omitted";

    fn parse(&self, is_stored: bool) -> Result<TargetSettings, FieldErrors> {
        match self {
            Self::Http(draft) => draft.parse(is_stored).map(TargetSettings::Http),
            Self::GoogleCloudLogging(draft) => parse_google(draft, is_stored),
            Self::AmazonS3(draft) => {
                let mut errors = FieldErrors::default();
                let settings = errors.collect_all(S3Settings::parse(draft));
                let secret_access_key = errors.collect(parse_secret_access_key(draft, is_stored));
                match (settings, secret_access_key) {
                    (Some(settings), Some(secret_access_key)) => Ok(TargetSettings::AmazonS3 {
                        settings,
                        secret_access_key,
                    }),
                    _ => Err(errors),
                }
            }
        }
    }

    /// What was typed into a field; empty for one that this kind does not have.
    pub fn text(&self, field: Field) -> &str {
        let text = match (self, field) {
            (Self::Http(draft), Field::Url) => Some(&draft.url),
            (Self::Http(draft), Field::VerificationToken) => draft.verification_token.as_ref(),
            (Self::GoogleCloudLogging(draft), Field::ProjectId) => Some(&draft.project_id),
            (Self::GoogleCloudLogging(draft), Field::ClientEmail) => Some(&draft.client_email),
            (Self::GoogleCloudLogging(draft), Field::LogId) => Some(&draft.log_id),
            (Self::GoogleCloudLogging(draft), Field::PrivateKey) => draft.private_key.as_ref(),
            (Self::AmazonS3(draft), Field::AccessKeyId) => Some(&draft.access_key_id),
            (Self::AmazonS3(draft), Field::SecretAccessKey) => draft.secret_access_key.as_ref(),
            (Self::AmazonS3(draft), Field::Region) => Some(&draft.region),
            (Self::AmazonS3(draft), Field::Bucket) => Some(&draft.bucket),
            (Self::AmazonS3(draft), Field::EndpointUrl) => Some(&draft.endpoint_url),
            (Self::AmazonS3(draft), Field::KeyPrefix) => Some(&draft.key_prefix),
            (Self::AmazonS3(draft), Field::Partitions) => Some(&draft.partitions),
            (Self::AmazonS3(draft), Field::Checksums) if draft.omit_checksums => return Self::OMITTED,
            (Self::AmazonS3(draft), Field::Encryption) => Some(&draft.encryption),
            (Self::AmazonS3(draft), Field::KmsKeyId) => Some(&draft.kms_key_id),
            (Self::AmazonS3(draft), Field::LockMode) => Some(&draft.lock_mode),
            (Self::AmazonS3(draft), Field::LockDays) => Some(&draft.lock_days),
            _ => None,
        };
        text.map_or("", String::as_str)
    }

    /// Takes what was typed. False, and nothing done, for a field that this kind does not have.
    pub fn set_text(&mut self, field: Field, text: String) -> bool {
        match (self, field) {
            (Self::Http(draft), Field::Url) => draft.url = text,
            (Self::Http(draft), Field::VerificationToken) => draft.verification_token = Some(text),
            (Self::GoogleCloudLogging(draft), Field::ProjectId) => draft.project_id = text,
            (Self::GoogleCloudLogging(draft), Field::ClientEmail) => draft.client_email = text,
            (Self::GoogleCloudLogging(draft), Field::LogId) => draft.log_id = text,
            (Self::GoogleCloudLogging(draft), Field::PrivateKey) => draft.private_key = Some(text),
            (Self::AmazonS3(draft), Field::AccessKeyId) => draft.access_key_id = text,
            (Self::AmazonS3(draft), Field::SecretAccessKey) => draft.secret_access_key = Some(text),
            (Self::AmazonS3(draft), Field::Region) => draft.region = text,
            (Self::AmazonS3(draft), Field::Bucket) => draft.bucket = text,
            (Self::AmazonS3(draft), Field::EndpointUrl) => draft.endpoint_url = text,
            (Self::AmazonS3(draft), Field::KeyPrefix) => draft.key_prefix = text,
            (Self::AmazonS3(draft), Field::Partitions) => draft.partitions = text,
            (Self::AmazonS3(draft), Field::Checksums) => draft.omit_checksums = text == Self::OMITTED,
            (Self::AmazonS3(draft), Field::Encryption) => draft.encryption = text,
            (Self::AmazonS3(draft), Field::KmsKeyId) => draft.kms_key_id = text,
            (Self::AmazonS3(draft), Field::LockMode) => draft.lock_mode = text,
            (Self::AmazonS3(draft), Field::LockDays) => draft.lock_days = text,
            _ => return false,
        }
        true
    }
}

fn parse_google(draft: &GoogleDraft, is_stored: bool) -> Result<TargetSettings, FieldErrors> {
    let mut errors = FieldErrors::default();
    let settings = errors.collect_all(GoogleSettings::parse(
        &draft.project_id,
        &draft.client_email,
        &draft.log_id,
    ));
    let private_key = match &draft.private_key {
        None if is_stored => Some(None),
        key => errors
            .collect(PrivateKey::parse(key.as_deref().unwrap_or_default()))
            .map(Some),
    };
    match (settings, private_key) {
        (Some(settings), Some(private_key)) => Ok(TargetSettings::GoogleCloudLogging { settings, private_key }),
        _ => Err(errors),
    }
}

fn parse_secret_access_key(draft: &S3Draft, is_stored: bool) -> Result<Option<SecretAccessKey>, FieldError> {
    match &draft.secret_access_key {
        None if is_stored => Ok(None),
        secret => SecretAccessKey::parse(secret.as_deref().unwrap_or_default()).map(Some),
    }
}

/// The rule that only the store can check: no two destinations of a kind share this field.
pub fn already_taken(field: Field) -> FieldError {
    let message = match field {
        Field::Url => "Destination url has already been taken",
        Field::LogId => "Log id name has already been taken for this project",
        Field::Bucket => "Bucket name has already been taken",
        _ => "Name has already been taken",
    };
    FieldError::new(field, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http() -> DestinationDraft {
        DestinationDraft::http("SIEM", "https://siem.example/in")
    }

    fn google() -> DestinationDraft {
        DestinationDraft {
            name: "Cloud".into(),
            target: TargetDraft::GoogleCloudLogging(GoogleDraft {
                project_id: "my-project".into(),
                client_email: "a@my-project.example".into(),
                log_id: "audit-events".into(),
                private_key: None,
            }),
            event_types: Vec::new(),
            filter_kind: FilterKind::default(),
            namespaces: String::new(),
            start_from: String::new(),
        }
    }

    fn s3() -> DestinationDraft {
        DestinationDraft {
            name: "Bucket".into(),
            target: TargetDraft::AmazonS3(S3Draft {
                access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
                region: "us-east-1".into(),
                bucket: "audit".into(),
                ..S3Draft::default()
            }),
            event_types: Vec::new(),
            filter_kind: FilterKind::default(),
            namespaces: String::new(),
            start_from: String::new(),
        }
    }

    fn fields(errors: &FieldErrors) -> Vec<Field> {
        errors.iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_full_draft_becomes_a_destination() {
        let new = http().parse_new().unwrap();
        let TargetSettings::Http(target) = new.target else {
            panic!("another kind")
        };
        assert_eq!(
            (new.name.as_str(), target.url.as_str()),
            ("SIEM", "https://siem.example/in")
        );
        assert_eq!(target.verification_token, None);
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let bad = DestinationDraft {
            name: String::new(),
            target: TargetDraft::Http(HttpDraft {
                url: "ftp://x".into(),
                verification_token: Some("short".into()),
                headers: vec![HeaderDraft::new()],
            }),
            event_types: vec![String::new()],
            filter_kind: FilterKind::default(),
            namespaces: "a//b".into(),
            start_from: String::new(),
        };
        let errors = bad.parse_new().unwrap_err();
        let header = [
            Field::HeaderName(0),
            Field::HeaderValue(0),
            Field::EventTypes,
            Field::Namespaces,
        ];
        assert_eq!(
            fields(&errors),
            [&[Field::Name, Field::Url, Field::VerificationToken], header.as_slice()].concat()
        );
        assert_eq!(bad.mistakes(false), errors);
    }

    #[test]
    fn a_blank_token_means_make_one() {
        let mut blank = http();
        assert!(blank.target.set_text(Field::VerificationToken, String::new()));
        let TargetSettings::Http(target) = blank.parse_new().unwrap().target else {
            panic!("another kind")
        };
        assert_eq!(target.verification_token, None);
    }

    #[test]
    fn a_stored_destination_keeps_a_secret_that_is_not_given_and_a_new_one_needs_it() {
        for (draft, secret) in [(google(), Field::PrivateKey), (s3(), Field::SecretAccessKey)] {
            assert!(draft.parse_change().is_ok());
            assert!(draft.mistakes(true).is_empty());
            assert_eq!(fields(&draft.parse_new().unwrap_err()), [secret]);
            assert_eq!(fields(&draft.mistakes(false)), [secret]);
            let mut blank = draft;
            assert!(blank.target.set_text(secret, String::new()));
            assert_eq!(
                fields(&blank.parse_change().unwrap_err()),
                [secret],
                "opened and left empty"
            );
        }
    }

    #[test]
    fn each_kind_has_its_own_fields() {
        for mut draft in [http(), google(), s3()] {
            let kind = draft.kind();
            assert_eq!(DestinationKind::parse(kind.as_str()), Some(kind));
            assert_eq!(
                draft.target.set_text(Field::Url, "x".into()),
                kind == DestinationKind::Http
            );
            assert_eq!(
                draft.target.set_text(Field::Bucket, "x".into()),
                kind == DestinationKind::AmazonS3
            );
            assert_eq!(
                draft.target.text(Field::Bucket) == "x",
                kind == DestinationKind::AmazonS3
            );
            assert!(!draft.target.set_text(Field::Username, "x".into()));
        }
    }

    #[test]
    fn what_is_shown_holds_no_secret() {
        let mut with_header = http();
        if let TargetDraft::Http(draft) = &mut with_header.target {
            draft.headers.push(HeaderDraft {
                value: Some("s3cret".into()),
                ..HeaderDraft::new()
            });
        }
        let (mut google, mut s3) = (google(), s3());
        google.target.set_text(Field::PrivateKey, "s3cret".into());
        s3.target.set_text(Field::SecretAccessKey, "s3cret".into());
        for draft in [with_header, google, s3] {
            let shown = serde_json::to_string(&draft.clone().without_secrets()).unwrap();
            assert!(serde_json::to_string(&draft).unwrap().contains("s3cret"));
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }

    #[test]
    fn a_draft_shows_no_secret_when_it_is_printed() {
        for (mut draft, secret) in [
            (http(), Field::VerificationToken),
            (google(), Field::PrivateKey),
            (s3(), Field::SecretAccessKey),
        ] {
            draft.target.set_text(secret, "s3cret".into());
            assert!(!format!("{draft:?}").contains("s3cret"));
        }
    }
}
