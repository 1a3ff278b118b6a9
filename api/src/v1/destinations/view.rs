//! A destination as it is answered. Private keys and secret access keys are never; the verification token and the values of
//! headers only to administrators, for who has them can pass for this server. Of a URL others see the origin: a path or a query
//! may hold a secret.

use axum::{http::StatusCode, response::Response};
use domain::{
    Field, Timestamp,
    destination::{DestinationKind, EventFilter, FilterKind, Input, ObjectLayout},
};
use engine::{
    DestinationState,
    admin::{Header, Target},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        answer::versioned,
        warning::{WarningView, warnings},
    },
    health::HealthView,
    object_options::{EncryptionName, LockModeName, PartitionsName},
};
use crate::{auth::Caller, destinations::visible_url};

/// A place that events are streamed to. Of `http`, `gcp` and `aws` the one of its kind is there.
#[derive(Serialize, ToSchema)]
pub(super) struct DestinationView {
    id: i64,
    /// Grows with every change; the entity tag.
    version: i64,
    #[schema(example = "SIEM")]
    name: String,
    kind: KindName,
    /// Inactive: nothing is sent, and what comes in meanwhile is not owed.
    active: bool,
    /// Paused: nothing is sent, and everything is kept until it is.
    paused: bool,
    /// An allowlist: only these event types are sent. Empty if there is none.
    #[schema(example = json!(["user_created"]))]
    event_types: Vec<String>,
    /// A denylist: every event type is sent except these. Empty if there is none. At most one of the two lists has event types;
    /// if neither has any, every event type is sent.
    #[schema(example = json!([]))]
    event_type_denylist: Vec<String>,
    /// Paths of the groups and projects whose events to send; all if there are none.
    #[schema(example = json!(["engineering/web"]))]
    namespaces: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    http: Option<HttpView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    gcp: Option<GcpView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    aws: Option<AwsView>,
    health: HealthView,
    /// What is probably not meant: event types in its filter that this instance does not know.
    warnings: Vec<WarningView>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The kinds, named as GitLab's API names its categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum KindName {
    /// An HTTP endpoint.
    Http,
    /// Google Cloud Logging.
    Gcp,
    /// AWS S3, or a service that speaks S3.
    Aws,
}

/// An HTTP endpoint.
#[derive(Serialize, ToSchema)]
pub(super) struct HttpView {
    /// Only its origin unless an administrator asks: a path or a query may hold a secret.
    #[schema(example = "https://siem.example.com/events")]
    url: String,
    /// Sent with every event. Absent unless an administrator asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "f3bQkVp9TzX2LdYw8HnRaC6s")]
    verification_token: Option<String>,
    headers: Vec<HeaderView>,
}

/// A custom header.
#[derive(Serialize, ToSchema)]
pub(super) struct HeaderView {
    id: i64,
    #[schema(example = "X-Team")]
    name: String,
    /// Absent unless an administrator asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "security")]
    value: Option<String>,
    /// Whether it is sent.
    active: bool,
}

/// A log of Google Cloud Logging.
#[derive(Serialize, ToSchema)]
pub(super) struct GcpView {
    #[schema(example = "my-google-project")]
    project_id: String,
    #[schema(example = "audit@my-google-project.iam.gserviceaccount.com")]
    client_email: String,
    #[schema(example = "audit-events")]
    log_id: String,
}

/// A bucket of AWS S3, or of a service that speaks S3.
#[derive(Serialize, ToSchema)]
pub(super) struct AwsView {
    #[schema(example = "AKIAIOSFODNN7EXAMPLE")]
    access_key_id: String,
    #[schema(example = "us-east-1")]
    region: String,
    #[schema(example = "audit-events")]
    bucket: String,
    /// Null for Amazon's own. Only its origin unless an administrator asks.
    endpoint_url: Option<String>,
    /// Null for none.
    key_prefix: Option<String>,
    layout: LayoutName,
    /// How the date of an object becomes folders of its key.
    partitions: PartitionsName,
    /// Whether checksum headers are left out.
    omit_checksums: bool,
    /// Null for the default of the bucket.
    encryption: Option<EncryptionName>,
    /// Null for the account's default key.
    kms_key_id: Option<String>,
    /// Null for no lock.
    lock_mode: Option<LockModeName>,
    /// Null without a lock.
    lock_days: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum LayoutName {
    /// One object an event, under GitLab's keys.
    #[default]
    Events,
    /// Many events an object: JSON Lines, gzip.
    Batches,
}

impl DestinationView {
    pub(super) fn new(state: DestinationState, for_admin: bool) -> Self {
        let DestinationState {
            destination,
            health,
            facts,
            unknown_types,
        } = state;
        let kind = destination.target.kind();
        let (mut http, mut gcp, mut aws) = (None, None, None);
        match kind {
            DestinationKind::Http => http = Some(HttpView::new(&destination.target, for_admin)),
            DestinationKind::GoogleCloudLogging => gcp = Some(GcpView::new(&destination.target)),
            DestinationKind::AmazonS3 => aws = Some(AwsView::new(&destination.target, for_admin)),
        }
        let namespaces = destination.namespaces.iter();
        Self {
            id: destination.id.get(),
            version: destination.version,
            name: destination.name.to_string(),
            kind: KindName::of(kind),
            active: destination.flow.active,
            paused: destination.flow.paused,
            event_types: names(&destination.filter, FilterKind::Allow),
            event_type_denylist: names(&destination.filter, FilterKind::Deny),
            namespaces: namespaces.map(|namespace| namespace.path.to_string()).collect(),
            http,
            gcp,
            aws,
            health: HealthView::new(kind, &health, &facts),
            warnings: warnings(&destination.filter, &unknown_types),
            created_at: destination.created_at,
            updated_at: destination.updated_at,
        }
    }
}

/// The destination, with its version as the entity tag.
pub(super) fn answer(status: StatusCode, state: DestinationState, caller: &Caller) -> Response {
    let version = state.destination.version;
    versioned(status, version, &DestinationView::new(state, caller.is_admin()))
}

/// The event types in the list of this kind.
fn names(filter: &EventFilter, list: FilterKind) -> Vec<String> {
    filter.list(list).map(ToString::to_string).collect()
}

impl KindName {
    pub(super) const fn of(kind: DestinationKind) -> Self {
        match kind {
            DestinationKind::Http => Self::Http,
            DestinationKind::GoogleCloudLogging => Self::Gcp,
            DestinationKind::AmazonS3 => Self::Aws,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Gcp => "gcp",
            Self::Aws => "aws",
        }
    }
}

impl LayoutName {
    pub(super) const fn layout(self) -> ObjectLayout {
        match self {
            Self::Events => ObjectLayout::Events,
            Self::Batches => ObjectLayout::Batches,
        }
    }
}

impl HttpView {
    fn new(target: &Target, for_admin: bool) -> Self {
        let header = |header: &Header| HeaderView {
            id: header.id.get(),
            name: header.name.as_str().to_owned(),
            value: for_admin.then(|| header.value.expose().to_owned()),
            active: header.active,
        };
        Self {
            url: visible_url(target.values.text(Field::Url), for_admin),
            verification_token: for_admin.then(|| target.values.text(Field::VerificationToken).to_owned()),
            headers: target.headers.iter().map(header).collect(),
        }
    }
}

impl GcpView {
    fn new(target: &Target) -> Self {
        Self {
            project_id: target.values.text(Field::ProjectId).to_owned(),
            client_email: target.values.text(Field::ClientEmail).to_owned(),
            log_id: target.values.text(Field::LogId).to_owned(),
        }
    }
}

impl AwsView {
    fn new(target: &Target, for_admin: bool) -> Self {
        let text = |field| target.values.text(field).to_owned();
        let optional = |field| target.values.get(field).map(str::to_owned);
        let url = target.values.get(Field::EndpointUrl);
        Self {
            access_key_id: text(Field::AccessKeyId),
            region: text(Field::Region),
            bucket: text(Field::Bucket),
            endpoint_url: url.map(|url| visible_url(url, for_admin)),
            key_prefix: optional(Field::KeyPrefix),
            layout: match target.values.text(Field::ObjectLayout) {
                "batches" => LayoutName::Batches,
                _ => LayoutName::Events,
            },
            partitions: PartitionsName::of(target.values.text(Field::Partitions)),
            omit_checksums: target.values.text(Field::Checksums) == Input::ON,
            encryption: target.values.get(Field::Encryption).map(EncryptionName::of),
            kms_key_id: optional(Field::KmsKeyId),
            lock_mode: target.values.get(Field::LockMode).map(LockModeName::of),
            lock_days: target.values.text(Field::LockDays).parse().ok(),
        }
    }
}
