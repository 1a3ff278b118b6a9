//! Streaming destinations: as filled in (`DestinationDraft`) and as accepted (`DestinationSettings`).
//!
//! What is known of each kind stands in the folder of its name, above all a table of its fields (`FieldSpec`). Forms, APIs,
//! audit events and the store loop over these tables; `kind` lists the kinds.

mod connection;
mod event_filter;
mod field_json;
mod field_map;
mod google;
mod header;
mod http;
mod kind;
mod limits;
mod messages;
mod name;
mod namespace_filter;
mod rotation;
mod rules;
mod s3;
mod spec;
mod start;
mod stream_state;
mod target;
mod target_json;
mod tls;
mod url;
mod verification_token;

use serde::{Deserialize, Serialize};

pub use self::{
    event_filter::{EventFilter, FilterKind, unknown_type_warning},
    field_map::FieldMap,
    google::{GoogleSettings, PrivateKey},
    header::{HeaderDraft, HeaderName, HeaderText, MAX_HEADERS, NewHeader},
    http::{BatchSettings, Compression, RequestFormat, RequestSettings},
    kind::DestinationKind,
    limits::DeliveryLimits,
    messages::labelled_message,
    name::DestinationName,
    namespace_filter::{MAX_NAMESPACES, NamespaceFilter, NamespacePath},
    rotation::{ROTATION_OVERLAP, RotatedSecret},
    s3::{Encryption, LockMode, ObjectLayout, ObjectLock, ObjectOptions, Partitions, S3Settings, SecretAccessKey},
    spec::{Choice, Dependency, FieldSpec, GitlabModel, Input, KindSpec, Made, Needed, SecretSpec, Taken},
    start::StartFrom,
    stream_state::{StreamCommand, StreamState},
    target::{TargetDraft, TargetSettings},
    target_json::{FieldsSeed, HEADERS, Reading, SentFields, unknown_field},
    tls::{Certificates, TlsSettings},
    url::DestinationUrl,
    verification_token::VerificationToken,
};
use crate::{Field, FieldError, FieldErrors};

/// A form as it was filled in: all of it, whether it adds a destination or edits one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationDraft {
    /// As typed.
    pub name: String,
    /// Where events are sent.
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

/// A destination as accepted, apart from the rules that only the store can check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationSettings {
    /// Name of the destination; no other destination has it.
    pub name: DestinationName,
    /// Where events are sent.
    pub target: TargetSettings,
    /// Which event types are sent.
    pub filter: EventFilter,
    /// Events of which groups and projects are sent.
    pub namespaces: NamespaceFilter,
    /// `None` leaves it as it is; a new destination is active.
    pub stream_state: Option<StreamState>,
    /// Has no meaning for a destination that is stored.
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

impl DestinationDraft {
    /// A form with this name, and nothing else but what belongs to the kind.
    pub fn new(name: impl Into<String>, target: TargetDraft) -> Self {
        Self {
            name: name.into(),
            target,
            event_types: Vec::new(),
            filter_kind: FilterKind::default(),
            namespaces: String::new(),
            start_from: String::new(),
        }
    }

    /// A form in which the two fields of an HTTP destination that can't be left out are filled in.
    pub fn http(name: impl Into<String>, url: impl Into<String>) -> Self {
        let target = TargetDraft::new(DestinationKind::Http);
        Self::new(name, target.with([(Field::Url, url)]))
    }

    /// The kind of the destination.
    pub const fn kind(&self) -> DestinationKind {
        self.target.kind
    }

    /// Every field that breaks a rule. `is_stored` says whether the form edits a destination, whose secrets may stay as they
    /// are.
    pub fn mistakes(&self, is_stored: bool) -> FieldErrors {
        self.parse(is_stored).err().unwrap_or_default()
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
        let filter = errors.collect_all(EventFilter::parse(self.filter_kind, &self.event_types));
        let namespaces = errors.collect(NamespaceFilter::parse(&self.namespaces));
        let start_from = errors.collect(StartFrom::parse(&self.start_from));
        match (name, target, filter, namespaces, start_from) {
            (Some(name), Some(target), Some(filter), Some(namespaces), Some(start_from)) => Ok(DestinationSettings {
                name,
                target,
                filter,
                namespaces,
                stream_state: None,
                start_from,
                event_names: EventNames::default(),
            }),
            _ => Err(errors),
        }
    }
}

/// The rule that only the store can check: no two destinations of this kind share this field.
pub fn already_taken(kind: DestinationKind, field: Field) -> FieldError {
    let taken = &kind.spec().taken;
    let message = match taken.field == field {
        true => taken.message,
        false => "Name has already been taken",
    };
    FieldError::new(field, message)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn http() -> DestinationDraft {
        DestinationDraft::http("SIEM", "https://siem.example/in")
    }

    fn google() -> DestinationDraft {
        let target = TargetDraft::new(DestinationKind::GoogleCloudLogging);
        let values = [
            (Field::ProjectId, "my-project"),
            (Field::ClientEmail, "a@my-project.example"),
        ];
        DestinationDraft::new("Cloud", target.with(values))
    }

    fn s3() -> DestinationDraft {
        let target = TargetDraft::new(DestinationKind::AmazonS3);
        let values = [
            (Field::AccessKeyId, "AKIAIOSFODNN7EXAMPLE"),
            (Field::Region, "us-east-1"),
            (Field::Bucket, "audit"),
        ];
        DestinationDraft::new("Bucket", target.with(values))
    }

    fn fields(errors: &FieldErrors) -> Vec<Field> {
        errors.iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_full_draft_becomes_a_destination() {
        let new = http().parse_new().unwrap();
        assert_eq!(
            (new.name.as_str(), new.target.values().text(Field::Url)),
            ("SIEM", "https://siem.example/in")
        );
        assert_eq!(new.target.values().get(Field::VerificationToken), None);
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let mut bad = DestinationDraft::http("", "ftp://x");
        bad.target.set_text(Field::VerificationToken, "short".into());
        bad.target.headers.push(HeaderDraft::new());
        bad.event_types.push(String::new());
        bad.namespaces = "a//b".into();
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
        let new = blank.parse_new().unwrap();
        assert_eq!(new.target.values().get(Field::VerificationToken), None);
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
            assert!(
                !draft.target.set_text(Field::SigningSecret, "x".into()),
                "made here alone"
            );
        }
    }

    #[test]
    fn a_draft_travels_as_json() {
        let mut http = http();
        http.target.headers.push(HeaderDraft::new());
        let mut s3 = s3();
        // As typed: neither a number nor a switch, and a secret that was opened and left empty.
        for (field, text) in [
            (Field::LockDays, "thirty"),
            (Field::Checksums, Input::ON),
            (Field::SecretAccessKey, ""),
        ] {
            s3.target.set_text(field, text.into());
        }
        for draft in [http, google(), s3] {
            let text = serde_json::to_string(&draft).unwrap();
            assert_eq!(
                serde_json::from_str::<DestinationDraft>(&text).unwrap(),
                draft,
                "{text}"
            );
        }
        let natural =
            r#"{"name":"b","target":{"aws":{"bucket":"b","omit_checksums":true,"lock_days":30,"key_prefix":null}}}"#;
        let draft: DestinationDraft = serde_json::from_str(natural).unwrap();
        assert_eq!(draft.target.text(Field::LockDays), "30");
        assert_eq!(draft.target.text(Field::Checksums), "true");
        for (target, message) in [
            (r#"{}"#, "unknown field ``"),
            (
                r#"{"ftp":{}}"#,
                "unknown field `ftp`, expected one of `http`, `gcp`, `aws`",
            ),
            (
                r#"{"gcp":{"bucket":"b"}}"#,
                "unknown field `bucket`, expected one of `project_id`",
            ),
            (r#"{"gcp":{"headers":[]}}"#, "unknown field `headers`"),
            (r#"{"http":{"headers":[["X-A","1"]]}}"#, "expected an object"),
            (r#"{"http":{"url":"a","url":"b"}}"#, "duplicate field `url`"),
            (r#"{"http":{},"aws":{}}"#, "unknown field `aws`"),
            (r#"{"http":{"url":[]}}"#, "expected a text"),
        ] {
            let error = serde_json::from_str::<TargetDraft>(target).unwrap_err().to_string();
            assert!(
                error.starts_with(message) || error.contains(message),
                "{target}: {error}"
            );
        }
    }

    #[test]
    fn each_kind_says_where_its_events_go() {
        let http = DestinationDraft::http("SIEM", "https://siem.example/in?token=s3cret&x=?");
        let mut google = google();
        google.target.set_text(Field::LogId, "audit/events".into());
        for (draft, line) in [
            (http, "https://siem.example/in?***"),
            (google, "projects/my-project/logs/audit/events"),
            (s3(), "s3://audit"),
        ] {
            assert_eq!(draft.target.summary(), line);
        }
    }

    /// Every loop over the tables takes this for granted.
    #[test]
    fn the_tables_hold_together() {
        let (mut names, mut tables) = (std::collections::HashSet::new(), HashMap::new());
        for kind in DestinationKind::ALL {
            let spec = kind.spec();
            assert!(names.insert(spec.name), "{kind:?}");
            let (mut keys, mut fields) = (std::collections::HashSet::new(), std::collections::HashSet::new());
            for field in spec.fields {
                assert!(fields.insert(field.field), "{kind:?} has {:?} twice", field.field);
                assert!(keys.insert(field.api_key), "{kind:?}: {}", field.api_key);
                // Whatever a field is called in one kind, it is called in the others that have it.
                let name = (field.api_key, field.gitlab_key, field.column, field.label);
                let shape = (name, field.secret.is_some(), format!("{:?}", field.input));
                let elsewhere = tables.entry(field.field).or_insert_with(|| shape.clone());
                assert_eq!(*elsewhere, shape, "{kind:?} and another kind have {:?}", field.field);
                assert!(!field.is_addition || !field.is_required, "{kind:?}: {}", field.api_key);
                let prefilled = field.prefilled.unwrap_or_default();
                for value in [field.default, prefilled] {
                    let is_known = field.choices().iter().any(|choice| choice.value == value);
                    assert!(value.is_empty() || field.choices().is_empty() || is_known, "{value}");
                }
                let parent = field.depends_on.map(|dependency| dependency.field);
                assert!(parent.is_none_or(|parent| spec.field(parent).is_some()));
            }
            let of_identity = spec.identity.iter().chain([&spec.taken.field]);
            assert!(
                of_identity.copied().all(|field| spec.field(field).is_some()),
                "{kind:?}"
            );
            assert_eq!(already_taken(kind, spec.taken.field).message, spec.taken.message);
            assert_eq!(already_taken(kind, Field::Name).message, "Name has already been taken");
        }
    }

    #[test]
    fn what_is_parsed_is_in_its_normal_form() {
        let url = DestinationDraft::http("SIEM", " https://siem.example/in ");
        for draft in [url, google(), s3()] {
            let parsed = draft.parse_change().unwrap().target;
            assert!(
                parsed
                    .values()
                    .iter()
                    .all(|(_, text)| text.trim() == text && !text.is_empty())
            );
            let normal = TargetDraft {
                values: parsed.values().clone(),
                ..draft.target
            };
            assert_eq!(normal.parse(true).unwrap(), parsed);
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
