//! What an instance event is about: the target of the audit event.

use crate::{
    destination::{DestinationKind, EventNames, GitlabModel},
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
    /// A user of this instance.
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

    /// An API token.
    pub fn token(id: TokenId, name: impl Into<String>) -> Self {
        Self::Token { id, name: name.into() }
    }

    /// A destination; `None` as its id if it is not stored.
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
            Self::Destination { kind, .. } => kind.spec().gitlab.class,
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
    pub(super) const fn model(&self, names: EventNames) -> &'static GitlabModel {
        match (names, self.kind()) {
            (EventNames::OfKind, Some(kind)) => &kind.spec().gitlab,
            (EventNames::Unified, _) | (EventNames::OfKind, None) => &UNIFIED,
        }
    }
}

/// Behind the unified API, for destinations of every kind.
const UNIFIED: GitlabModel = GitlabModel {
    class: "AuditEvents::Instance::ExternalStreamingDestination",
    created: "created_instance_audit_event_streaming_destination",
    updated: "updated_instance_audit_event_streaming_destination",
    deleted: "deleted_instance_audit_event_streaming_destination",
    noun: "audit event streaming destination for",
    is_named: false,
    create_verb: "Created",
    delete_verb: "Deleted",
    place: |_| String::new(),
};
