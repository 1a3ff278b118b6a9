//! A destination that is to be added.

use domain::{
    Field,
    destination::{DestinationDraft, DestinationKind, FilterKind, Flow, HeaderDraft, NamespacePath, TargetDraft},
    event::EventType,
    ids::HeaderId,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::fields::{path_of, refuse_one},
    object_options::{EncryptionName, LockModeName, PartitionsName},
    view::{KindName, LayoutName},
};
use crate::{
    error::ApiError,
    input::{object_or_null, objects},
};

pub(super) const NOT_BOTH: &str = "Send event types in event_types or in event_type_denylist, not in both.";

const EVENT_TYPE_RULE: &str =
    "An event type has 1 to 255 printable ASCII characters, and no space at its start or end.";

/// A destination to be added: exactly one of `http`, `gcp` and `aws`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "SIEM",
    "http": {"url": "https://siem.example.com/events", "headers": [{"name": "X-Team", "value": "security"}]},
    "event_types": ["user_created"],
}))]
pub(super) struct NewDestinationInput {
    #[schema(min_length = 1, max_length = 72)]
    name: String,
    /// May be left out: what is configured tells the kind.
    #[serde(default)]
    kind: Option<KindName>,
    #[serde(default = "yes")]
    active: bool,
    #[serde(default)]
    paused: bool,
    /// An allowlist: only these event types are sent.
    #[serde(default)]
    event_types: Vec<String>,
    /// A denylist: every event type is sent except these. At most one of the two lists may have event types; if neither has any,
    /// every event type is sent.
    #[serde(default)]
    event_type_denylist: Vec<String>,
    /// Full paths of at most five groups and projects whose events to send; all if there are none.
    #[serde(default)]
    #[schema(max_items = 5)]
    namespaces: Vec<String>,
    /// Which events of the log it begins with: `now` for none of them, `beginning` for all, or those received at this time or
    /// later.
    #[serde(default = "from_now")]
    #[schema(default = "now", example = "2026-01-31T09:30:00Z")]
    start_from: String,
    #[serde(default, deserialize_with = "object_or_null")]
    http: Option<NewHttpInput>,
    #[serde(default, deserialize_with = "object_or_null")]
    gcp: Option<NewGcpInput>,
    #[serde(default, deserialize_with = "object_or_null")]
    aws: Option<NewAwsInput>,
}

/// An HTTP endpoint to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewHttpInput {
    #[schema(max_length = 255, example = "https://siem.example.com/events")]
    url: String,
    /// 16 to 24 characters, sent with every event; made if it is not given.
    #[serde(default)]
    verification_token: Option<String>,
    #[serde(default, deserialize_with = "objects")]
    #[schema(max_items = 20)]
    headers: Vec<HeaderInput>,
}

/// A custom header.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderInput {
    /// The stored header that this one replaces; none for a new one.
    #[serde(default)]
    pub(super) id: Option<i64>,
    #[schema(min_length = 1, max_length = 255, example = "X-Team")]
    pub(super) name: String,
    /// None keeps the value that is stored under `id`.
    #[serde(default)]
    #[schema(max_length = 2000, example = "security")]
    pub(super) value: Option<String>,
    /// Whether it is sent.
    #[serde(default = "yes")]
    pub(super) active: bool,
}

/// A log of Google Cloud Logging to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGcpInput {
    #[schema(example = "my-google-project")]
    project_id: String,
    #[schema(example = "audit@my-google-project.iam.gserviceaccount.com")]
    client_email: String,
    #[serde(default = "usual_log")]
    #[schema(default = "audit-events")]
    log_id: String,
    /// PEM, from the service account's key file. It is never answered.
    #[schema(write_only)]
    private_key: String,
}

/// A bucket of AWS S3, or of a service that speaks S3, to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAwsInput {
    #[schema(example = "AKIAIOSFODNN7EXAMPLE")]
    access_key_id: String,
    /// It is never answered.
    #[schema(write_only)]
    secret_access_key: String,
    #[schema(example = "us-east-1")]
    region: String,
    #[schema(example = "audit-events")]
    bucket: String,
    /// None for Amazon's own.
    #[serde(default)]
    endpoint_url: Option<String>,
    #[serde(default)]
    key_prefix: Option<String>,
    #[serde(default)]
    layout: LayoutName,
    /// How the date of an object becomes folders of its key.
    #[serde(default)]
    partitions: PartitionsName,
    /// Whether checksum headers are left out, for a service that refuses them.
    #[serde(default)]
    omit_checksums: bool,
    /// What the service encrypts objects with. None for the default of the bucket.
    #[serde(default)]
    encryption: Option<EncryptionName>,
    /// The key for `aws:kms`. None for the account's default key.
    #[serde(default)]
    kms_key_id: Option<String>,
    /// Locks each object for `lock_days`. The bucket must have Object Lock enabled.
    #[serde(default)]
    lock_mode: Option<LockModeName>,
    /// From when an object is put.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 36_500)]
    lock_days: Option<u32>,
}

impl NewDestinationInput {
    /// # Errors
    /// 422 if it is of no kind, or of several.
    pub(super) fn into_draft(self) -> Result<(DestinationDraft, Flow), ApiError> {
        let flow = Flow {
            active: self.active,
            paused: self.paused,
        };
        let (kind, target) = match (self.http, self.gcp, self.aws) {
            (Some(http), None, None) => (KindName::Http, http.into_draft()),
            (None, Some(gcp), None) => (KindName::Gcp, gcp.into_draft()),
            (None, None, Some(aws)) => (KindName::Aws, aws.into_draft()),
            _ => return Err(refuse_one("http", "http: configure exactly one of http, gcp and aws.")),
        };
        if self.kind.is_some_and(|given| given != kind) {
            let rule = format!(
                "kind: `{}`, or nothing, since that is what is configured.",
                kind.as_str()
            );
            return Err(refuse_one("kind", &rule));
        }
        let (filter_kind, event_types) = one_list(self.event_types, self.event_type_denylist)
            .ok_or_else(|| refuse_one(&path_of(FilterKind::Deny.field()), NOT_BOTH))?;
        check_event_types(filter_kind, &event_types)?;
        let draft = DestinationDraft {
            event_types,
            filter_kind,
            namespaces: namespaces(&self.namespaces)?,
            start_from: self.start_from,
            ..DestinationDraft::new(self.name, target)
        };
        Ok((draft, flow))
    }
}

impl NewHttpInput {
    fn into_draft(self) -> TargetDraft {
        let mut target = TargetDraft::new(DestinationKind::Http).with([(Field::Url, self.url)]);
        if let Some(token) = self.verification_token {
            target.set_text(Field::VerificationToken, token);
        }
        target.headers = self.headers.into_iter().map(HeaderInput::into_draft).collect();
        target
    }
}

impl HeaderInput {
    pub(super) fn into_draft(self) -> HeaderDraft {
        HeaderDraft {
            id: self.id.map(HeaderId::new),
            name: self.name,
            value: self.value,
            active: self.active,
        }
    }
}

impl NewGcpInput {
    fn into_draft(self) -> TargetDraft {
        TargetDraft::new(DestinationKind::GoogleCloudLogging).with([
            (Field::ProjectId, self.project_id),
            (Field::ClientEmail, self.client_email),
            (Field::LogId, self.log_id),
            (Field::PrivateKey, self.private_key),
        ])
    }
}

impl NewAwsInput {
    fn into_draft(self) -> TargetDraft {
        TargetDraft::new(DestinationKind::AmazonS3).with([
            (Field::AccessKeyId, self.access_key_id),
            (Field::SecretAccessKey, self.secret_access_key),
            (Field::Region, self.region),
            (Field::Bucket, self.bucket),
            (Field::EndpointUrl, self.endpoint_url.unwrap_or_default()),
            (Field::KeyPrefix, self.key_prefix.unwrap_or_default()),
            (Field::ObjectLayout, self.layout.layout().as_str().to_owned()),
            (Field::Partitions, self.partitions.text()),
            (Field::Checksums, self.omit_checksums.to_string()),
            (
                Field::Encryption,
                self.encryption.map(EncryptionName::text).unwrap_or_default(),
            ),
            (Field::KmsKeyId, self.kms_key_id.unwrap_or_default()),
            (
                Field::LockMode,
                self.lock_mode.map(LockModeName::text).unwrap_or_default(),
            ),
            (
                Field::LockDays,
                self.lock_days.map_or_else(String::new, |days| days.to_string()),
            ),
        ])
    }
}

/// The list that has event types, as a form has it; `None` if both have.
pub(super) fn one_list(allowed: Vec<String>, denied: Vec<String>) -> Option<(FilterKind, Vec<String>)> {
    match (allowed.is_empty(), denied.is_empty()) {
        (_, true) => Some((FilterKind::Allow, allowed)),
        (true, false) => Some((FilterKind::Deny, denied)),
        (false, false) => None,
    }
}

/// # Errors
/// 422 at the first that no event can have as its type.
pub(super) fn check_event_types(list: FilterKind, names: &[String]) -> Result<(), ApiError> {
    for (position, name) in names.iter().enumerate() {
        if EventType::parse(name).is_none() {
            let field = path_of(list.field());
            return Err(refuse_one(&format!("{field}[{position}]"), EVENT_TYPE_RULE));
        }
    }
    Ok(())
}

/// As a form has them: with commas, of which a path has none.
///
/// # Errors
/// 422 at the first that is no path.
pub(super) fn namespaces(paths: &[String]) -> Result<String, ApiError> {
    for (position, path) in paths.iter().enumerate() {
        NamespacePath::parse(path).map_err(|error| refuse_one(&format!("namespaces[{position}]"), &error.message))?;
    }
    Ok(paths.join(","))
}

const fn yes() -> bool {
    true
}

fn from_now() -> String {
    "now".to_owned()
}

fn usual_log() -> String {
    "audit-events".to_owned()
}
