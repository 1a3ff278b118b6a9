//! What an instance event is about: the target of the audit event.

use crate::{
    destination::{DestinationKind, EventNames},
    ids::{DestinationId, Seq, TokenId, UserId},
};

/// What an instance event is about, under the name that it has afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `id` is `None` if a sign-in failed.
    User {
        id: Option<UserId>,
        username: String,
    },
    Token {
        id: TokenId,
        name: String,
    },
    /// `id` is `None` for settings that are only tested.
    Destination {
        id: Option<DestinationId>,
        kind: DestinationKind,
        name: String,
    },
    /// A setting of the instance.
    Setting(&'static str),
    /// The log, from this position on.
    Log {
        first: Seq,
    },
}

impl Subject {
    pub fn user(id: UserId, username: impl Into<String>) -> Self {
        Self::User {
            id: Some(id),
            username: username.into(),
        }
    }

    /// Whoever failed to sign in. `username` is that of an existing user, never text that was typed: it may be a password.
    pub fn visitor(username: impl Into<String>) -> Self {
        Self::User {
            id: None,
            username: username.into(),
        }
    }

    pub fn token(id: TokenId, name: impl Into<String>) -> Self {
        Self::Token { id, name: name.into() }
    }

    pub fn destination(id: impl Into<Option<DestinationId>>, kind: DestinationKind, name: impl Into<String>) -> Self {
        Self::Destination {
            id: id.into(),
            kind,
            name: name.into(),
        }
    }

    /// The `target_details` of the audit event.
    pub fn name(&self) -> &str {
        match self {
            Self::User { username: name, .. } | Self::Token { name, .. } | Self::Destination { name, .. } => name,
            Self::Setting(name) => name,
            Self::Log { .. } => "events.db",
        }
    }

    pub(super) fn target_id(&self) -> Option<i64> {
        match self {
            Self::User { id, .. } => id.map(UserId::get),
            Self::Token { id, .. } => Some(id.get()),
            Self::Destination { id, .. } => id.map(DestinationId::get),
            Self::Setting(_) => Some(1),
            Self::Log { first } => Some(first.get()),
        }
    }

    pub(super) const fn target_type(&self) -> &'static str {
        match self {
            Self::User { .. } => "User",
            Self::Token { .. } => "ApiToken",
            Self::Destination { kind, .. } => Model::of_kind(*kind).class,
            Self::Setting(_) => "ApplicationSetting",
            Self::Log { .. } => "AuditLog",
        }
    }

    /// `None` unless it is a destination.
    pub(super) const fn kind(&self) -> Option<DestinationKind> {
        match self {
            Self::Destination { kind, .. } => Some(*kind),
            Self::User { .. } | Self::Token { .. } | Self::Setting(_) | Self::Log { .. } => None,
        }
    }

    /// The model that GitLab has behind the API of these names.
    pub(super) const fn model(&self, names: EventNames) -> &'static Model {
        match (names, self.kind()) {
            (EventNames::OfKind, Some(kind)) => Model::of_kind(kind),
            (EventNames::Unified, _) | (EventNames::OfKind, None) => &UNIFIED,
        }
    }
}

/// A model of GitLab's: its class, and the event types of its changes.
pub(super) struct Model {
    pub(super) class: &'static str,
    pub(super) created: &'static str,
    pub(super) updated: &'static str,
    pub(super) deleted: &'static str,
}

impl Model {
    const fn of_kind(kind: DestinationKind) -> &'static Self {
        match kind {
            DestinationKind::Http => &HTTP,
            DestinationKind::GoogleCloudLogging => &GOOGLE_CLOUD_LOGGING,
            DestinationKind::AmazonS3 => &AMAZON_S3,
        }
    }
}

const HTTP: Model = Model {
    class: "AuditEvents::InstanceExternalAuditEventDestination",
    created: "create_instance_event_streaming_destination",
    updated: "update_instance_event_streaming_destination",
    deleted: "destroy_instance_event_streaming_destination",
};

const GOOGLE_CLOUD_LOGGING: Model = Model {
    class: "AuditEvents::Instance::GoogleCloudLoggingConfiguration",
    created: "instance_google_cloud_logging_configuration_created",
    updated: "instance_google_cloud_logging_configuration_updated",
    deleted: "instance_google_cloud_logging_configuration_deleted",
};

const AMAZON_S3: Model = Model {
    class: "AuditEvents::Instance::AmazonS3Configuration",
    created: "instance_amazon_s3_configuration_created",
    updated: "instance_amazon_s3_configuration_updated",
    deleted: "instance_amazon_s3_configuration_deleted",
};

/// Behind the unified API, for destinations of every kind.
const UNIFIED: Model = Model {
    class: "AuditEvents::Instance::ExternalStreamingDestination",
    created: "created_instance_audit_event_streaming_destination",
    updated: "updated_instance_audit_event_streaming_destination",
    deleted: "deleted_instance_audit_event_streaming_destination",
};
