//! Audit events of this instance itself: what administrators do here.

use serde_json::json;

use super::{AuditEvent, EventId, EventType};
use crate::{
    Timestamp,
    alerts::AlertNews,
    destination::{DestinationKind, EventNames, FilterKind, NamespacePath, StartFrom},
    ids::{DestinationId, ReplayId, Seq, TokenId, UserId},
    replay::{ReplayProgress, ReplayRequest},
};

/// The source of this instance's own events; no token may have this name.
pub const OWN_SOURCE: &str = "audit-streams";

/// `entity_type` of what concerns the instance as a whole.
pub const INSTANCE_SCOPE: &str = "Gitlab::Audit::InstanceScope";

/// Who did it, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// None for whoever is no user of this instance.
    pub user_id: Option<UserId>,
    pub class: AuthorClass,
    pub name: String,
    /// Empty when it did not come over the network.
    pub ip_address: String,
}

impl Author {
    /// Whoever runs commands on the host.
    pub fn command_line() -> Self {
        Self {
            user_id: None,
            class: AuthorClass::CommandLine,
            name: "command line".to_owned(),
            ip_address: String::new(),
        }
    }

    /// The instance itself, for what nobody did.
    pub fn system() -> Self {
        Self {
            user_id: None,
            class: AuthorClass::System,
            name: "Audit Streams".to_owned(),
            ip_address: String::new(),
        }
    }
}

/// What kind of author it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorClass {
    /// A user, or somebody who tried to sign in.
    User,
    /// A program with an API token; the author's name is the token's.
    ApiToken,
    /// Whoever runs commands on the host.
    CommandLine,
    /// This instance, of its own accord.
    System,
}

impl AuthorClass {
    /// As `details.author_class` has it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::ApiToken => "ApiToken",
            Self::CommandLine => "CommandLine",
            Self::System => "System",
        }
    }
}

/// What was done. Names are GitLab's where it has one; no variant holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnEvent {
    SignedIn {
        user: UserId,
        username: String,
    },
    /// The name is that of the user; if there is none, it does not repeat what was typed, which may be a password.
    SignInFailed {
        username: String,
    },
    SignedOut {
        user: UserId,
        username: String,
    },
    PasswordChanged {
        user: UserId,
        username: String,
    },
    PasswordReset {
        user: UserId,
        username: String,
    },
    TokenCreated {
        token: TokenId,
        name: String,
        scopes: String,
    },
    TokenRevoked {
        token: TokenId,
        name: String,
    },
    /// `place` is where its events go, without anything secret and as GitLab's message has it.
    DestinationCreated {
        destination: DestinationId,
        kind: DestinationKind,
        names: EventNames,
        name: String,
        place: String,
        start: StartFrom,
    },
    /// One of its fields, under GitLab's name of the column, and without anything secret. `name` is the one it has now.
    DestinationChanged {
        destination: DestinationId,
        kind: DestinationKind,
        names: EventNames,
        name: String,
        field: &'static str,
        from: String,
        to: String,
    },
    /// A secret that only its owner knows.
    DestinationSecretReplaced {
        destination: DestinationId,
        kind: DestinationKind,
        names: EventNames,
        name: String,
        secret: &'static str,
    },
    DestinationDeleted {
        destination: DestinationId,
        kind: DestinationKind,
        names: EventNames,
        name: String,
        place: String,
    },
    /// `name` is the destination's, `key` the header's, here and below.
    HeaderCreated {
        destination: DestinationId,
        name: String,
        key: String,
    },
    /// What is none has not changed.
    HeaderUpdated {
        destination: DestinationId,
        name: String,
        from_key: String,
        key: String,
        has_new_value: bool,
        activation: Option<bool>,
    },
    HeaderDeleted {
        destination: DestinationId,
        name: String,
        key: String,
    },
    /// Event types were added to the allowlist or denylist of a destination.
    EventTypesAdded {
        destination: DestinationId,
        kind: DestinationKind,
        name: String,
        list: FilterKind,
        types: Vec<EventType>,
    },
    /// Event types were removed from the allowlist or denylist of a destination.
    EventTypesRemoved {
        destination: DestinationId,
        kind: DestinationKind,
        name: String,
        list: FilterKind,
        types: Vec<EventType>,
    },
    NamespaceAdmitted {
        destination: DestinationId,
        kind: DestinationKind,
        name: String,
        path: NamespacePath,
    },
    NamespaceRemoved {
        destination: DestinationId,
        kind: DestinationKind,
        name: String,
        path: NamespacePath,
    },
    /// What comes in is kept for it meanwhile.
    StreamPaused {
        destination: DestinationId,
        kind: DestinationKind,
        name: String,
    },
    StreamResumed {
        destination: DestinationId,
        kind: DestinationKind,
        name: String,
    },
    ReplayStarted {
        destination: DestinationId,
        kind: DestinationKind,
        name: String,
        replay: ReplayId,
        request: ReplayRequest,
        total: u64,
    },
    ReplayCancelled {
        destination: DestinationId,
        kind: DestinationKind,
        name: String,
        replay: ReplayId,
        progress: ReplayProgress,
    },
    /// It has sent everything that there was to send.
    ReplayFinished {
        destination: DestinationId,
        kind: DestinationKind,
        name: String,
        replay: ReplayId,
        progress: ReplayProgress,
    },
    /// An event that requests failed with, while its stream was backing off.
    FailingEventParked {
        destination: DestinationId,
        kind: DestinationKind,
        name: String,
        event: Seq,
    },
    ParkedEventRetried {
        destination: DestinationId,
        kind: DestinationKind,
        name: String,
        event: Seq,
    },
    /// Every one of them.
    ParkedEventsRetried {
        destination: DestinationId,
        kind: DestinationKind,
        name: String,
        count: u64,
    },
    ParkedEventDiscarded {
        destination: DestinationId,
        kind: DestinationKind,
        name: String,
        event: Seq,
    },
    /// The test event itself: it is sent to one destination and stands in no log. None for one that is not stored.
    StreamTest {
        destination: Option<DestinationId>,
        kind: DestinationKind,
        name: String,
    },
    /// A test event is about to be sent to `place`.
    StreamTested {
        destination: Option<DestinationId>,
        kind: DestinationKind,
        name: String,
        place: String,
    },
    UserCreated {
        user: UserId,
        username: String,
    },
    UserDisabled {
        user: UserId,
        username: String,
    },
    UserEnabled {
        user: UserId,
        username: String,
    },
    /// Somebody ended sessions, their own or another user's, other than by signing out of one.
    SessionsEnded {
        user: UserId,
        username: String,
        count: u64,
    },
    /// A setting of the instance. The values are as people read them.
    SettingChanged {
        setting: &'static str,
        from: String,
        to: String,
    },
    /// A test of how alerts are told is about to be sent: `setting` says in which way, `place` where to, without anything
    /// secret.
    AlertTested {
        setting: &'static str,
        place: String,
    },
    /// These positions of the log hold events that can't be read any more.
    EventsUnreadable {
        first: Seq,
        last: Seq,
    },
    /// What the instance noticed by itself.
    Alert(AlertNews),
}

/// The parts of an own event's body that depend on what was done.
struct Parts {
    event_type: &'static str,
    message: String,
    target_type: &'static str,
    target_id: i64,
    target_details: String,
    extra: serde_json::Value,
}

/// Has no row; there is no `target_id` then.
const NOT_STORED: DestinationId = DestinationId::new(0);

const DESTINATION: &str = "AuditEvents::InstanceExternalAuditEventDestination";

impl OwnEvent {
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::SignedIn { .. } => "authenticated_with_password",
            Self::SignInFailed { .. } => "login_failed_with_standard_authentication",
            Self::SignedOut { .. } => "user_signed_out",
            Self::PasswordChanged { .. } => "user_password_updated",
            Self::PasswordReset { .. } => "user_password_reset",
            Self::TokenCreated { .. } => "api_token_created",
            Self::TokenRevoked { .. } => "api_token_revoked",
            Self::DestinationCreated { kind, names, .. } => match (names, kind) {
                (EventNames::Unified, _) => "created_instance_audit_event_streaming_destination",
                (EventNames::OfKind, DestinationKind::Http) => "create_instance_event_streaming_destination",
                (EventNames::OfKind, DestinationKind::GoogleCloudLogging) => {
                    "instance_google_cloud_logging_configuration_created"
                }
                (EventNames::OfKind, DestinationKind::AmazonS3) => "instance_amazon_s3_configuration_created",
            },
            Self::DestinationChanged { kind, names, .. } | Self::DestinationSecretReplaced { kind, names, .. } => {
                match (names, kind) {
                    (EventNames::Unified, _) => "updated_instance_audit_event_streaming_destination",
                    (EventNames::OfKind, DestinationKind::Http) => "update_instance_event_streaming_destination",
                    (EventNames::OfKind, DestinationKind::GoogleCloudLogging) => {
                        "instance_google_cloud_logging_configuration_updated"
                    }
                    (EventNames::OfKind, DestinationKind::AmazonS3) => "instance_amazon_s3_configuration_updated",
                }
            }
            Self::DestinationDeleted { kind, names, .. } => match (names, kind) {
                (EventNames::Unified, _) => "deleted_instance_audit_event_streaming_destination",
                (EventNames::OfKind, DestinationKind::Http) => "destroy_instance_event_streaming_destination",
                (EventNames::OfKind, DestinationKind::GoogleCloudLogging) => {
                    "instance_google_cloud_logging_configuration_deleted"
                }
                (EventNames::OfKind, DestinationKind::AmazonS3) => "instance_amazon_s3_configuration_deleted",
            },
            Self::HeaderCreated { .. } => "audit_events_streaming_instance_headers_create",
            Self::HeaderUpdated { .. } => "audit_events_streaming_instance_headers_update",
            Self::HeaderDeleted { .. } => "audit_events_streaming_instance_headers_destroy",
            Self::EventTypesAdded { .. } => "event_type_filters_created",
            Self::EventTypesRemoved { .. } => "event_type_filters_deleted",
            Self::NamespaceAdmitted { .. } => "created_instance_namespace_filter",
            Self::NamespaceRemoved { .. } => "deleted_instance_namespace_filter",
            Self::StreamPaused { .. } => "audit_event_stream_paused",
            Self::StreamResumed { .. } => "audit_event_stream_resumed",
            Self::ReplayStarted { .. } => "audit_event_replay_started",
            Self::ReplayCancelled { .. } => "audit_event_replay_cancelled",
            Self::ReplayFinished { .. } => "audit_event_replay_finished",
            Self::FailingEventParked { .. } => "failing_audit_event_parked",
            Self::ParkedEventRetried { .. } | Self::ParkedEventsRetried { .. } => "parked_audit_event_retried",
            Self::ParkedEventDiscarded { .. } => "parked_audit_event_discarded",
            Self::StreamTest { .. } => "audit_event_stream_test",
            Self::StreamTested { .. } => "audit_event_stream_tested",
            Self::UserCreated { .. } => "user_created",
            Self::UserDisabled { .. } => "user_blocked",
            Self::UserEnabled { .. } => "user_unblocked",
            Self::SessionsEnded { .. } => "user_sessions_ended",
            Self::SettingChanged { .. } => "application_setting_updated",
            Self::AlertTested { .. } => "audit_event_alert_tested",
            Self::EventsUnreadable { .. } => "audit_event_log_damaged",
            Self::Alert(news) => news.event_type(),
        }
    }

    fn parts(&self) -> Parts {
        let user = |message: &str, user: &UserId, username: &str, extra| Parts {
            event_type: self.event_type(),
            message: message.to_owned(),
            target_type: "User",
            target_id: user.get(),
            target_details: username.to_owned(),
            extra,
        };
        let token = |message: String, token: &TokenId, name: &str| Parts {
            event_type: self.event_type(),
            message,
            target_type: "ApiToken",
            target_id: token.get(),
            target_details: name.to_owned(),
            extra: json!({}),
        };
        let destination = |message: String, destination: &DestinationId, name: &str, extra| Parts {
            event_type: self.event_type(),
            message,
            target_type: DESTINATION,
            target_id: destination.get(),
            target_details: name.to_owned(),
            extra,
        };
        match self {
            Self::SignedIn { user: id, username } => user(
                "Signed in with STANDARD authentication",
                id,
                username,
                json!({"with": "standard"}),
            ),
            Self::SignInFailed { username } => Parts {
                event_type: self.event_type(),
                message: "Failed to login with STANDARD authentication".to_owned(),
                target_type: "User",
                target_id: 0,
                target_details: username.clone(),
                extra: json!({"failed_login": "STANDARD"}),
            },
            Self::SignedOut { user: id, username } => user("Signed out", id, username, json!({})),
            Self::PasswordChanged { user: id, username } => user("Changed password", id, username, json!({})),
            Self::PasswordReset { user: id, username } => user("Reset password", id, username, json!({})),
            Self::TokenCreated {
                token: id,
                name,
                scopes,
            } => token(format!("Created API token {name} with scopes {scopes}"), id, name),
            Self::TokenRevoked { token: id, name } => token(format!("Revoked API token {name}"), id, name),
            Self::DestinationCreated {
                destination: id,
                kind,
                names,
                name,
                place,
                start,
            } => Parts {
                target_type: named_type(*kind, *names),
                ..destination(
                    existence(["Create", "Created"], *kind, *names, name, place),
                    id,
                    name,
                    with_category(start_details(*start), *id, *kind, *names),
                )
            },
            Self::DestinationChanged {
                destination: id,
                kind,
                names,
                name,
                field,
                from,
                to,
            } => Parts {
                target_type: named_type(*kind, *names),
                ..destination(
                    change(field, from, to),
                    id,
                    name,
                    with_category(json!({"change": field, "from": from, "to": to}), *id, *kind, *names),
                )
            },
            Self::DestinationSecretReplaced {
                destination: id,
                kind,
                names,
                name,
                secret,
            } => Parts {
                target_type: named_type(*kind, *names),
                ..destination(
                    format!("Replaced the {secret}"),
                    id,
                    name,
                    with_category(json!({"change": secret}), *id, *kind, *names),
                )
            },
            Self::DestinationDeleted {
                destination: id,
                kind,
                names,
                name,
                place,
            } => Parts {
                target_type: named_type(*kind, *names),
                ..destination(
                    existence(["Destroy", "Deleted"], *kind, *names, name, place),
                    id,
                    name,
                    with_category(json!({}), *id, *kind, *names),
                )
            },
            Self::HeaderCreated {
                destination: id,
                name,
                key,
            } => destination(
                format!("Created custom HTTP header with key {key}."),
                id,
                name,
                json!({}),
            ),
            Self::HeaderUpdated {
                destination: id,
                name,
                from_key,
                key,
                has_new_value,
                activation,
            } => {
                let message = header_update(from_key, key, *has_new_value, *activation);
                destination(message, id, name, json!({}))
            }
            Self::HeaderDeleted {
                destination: id,
                name,
                key,
            } => destination(
                format!("Destroyed a custom HTTP header with key {key}."),
                id,
                name,
                json!({}),
            ),
            Self::EventTypesAdded {
                destination: id,
                kind,
                name,
                list,
                types,
            } => Parts {
                target_type: target_type(*kind),
                ..destination(
                    format!("Created audit event type {}: {}", filters(*list), listed(types)),
                    id,
                    name,
                    json!({}),
                )
            },
            Self::EventTypesRemoved {
                destination: id,
                kind,
                name,
                list,
                types,
            } => Parts {
                target_type: target_type(*kind),
                ..destination(
                    format!("Deleted audit event type {}: {}", filters(*list), listed(types)),
                    id,
                    name,
                    json!({}),
                )
            },
            Self::NamespaceAdmitted {
                destination: id,
                kind,
                name,
                path,
            } => Parts {
                target_type: target_type(*kind),
                ..destination(
                    "Created namespace filter for instance audit event streaming destination.".to_owned(),
                    id,
                    name,
                    json!({"destination_name": name, "namespace": path.as_str()}),
                )
            },
            Self::NamespaceRemoved {
                destination: id,
                kind,
                name,
                path,
            } => Parts {
                target_type: target_type(*kind),
                ..destination(
                    "Deleted namespace filter for instance audit event streaming destination.".to_owned(),
                    id,
                    name,
                    json!({"destination_name": name, "namespace": path.as_str()}),
                )
            },
            Self::StreamPaused {
                destination: id,
                kind,
                name,
            } => Parts {
                target_type: target_type(*kind),
                ..destination("Paused the stream".to_owned(), id, name, json!({}))
            },
            Self::StreamResumed {
                destination: id,
                kind,
                name,
            } => Parts {
                target_type: target_type(*kind),
                ..destination("Resumed the stream".to_owned(), id, name, json!({}))
            },
            Self::ReplayStarted {
                destination: id,
                kind,
                name,
                replay,
                request,
                total,
            } => Parts {
                target_type: target_type(*kind),
                ..destination(
                    replay_start(*replay, request, *total),
                    id,
                    name,
                    replay_details(*replay, request, *total),
                )
            },
            Self::ReplayCancelled {
                destination: id,
                kind,
                name,
                replay,
                progress,
            } => Parts {
                target_type: target_type(*kind),
                ..destination(
                    replay_end("Cancelled", *replay, progress),
                    id,
                    name,
                    replay_counts(*replay, progress),
                )
            },
            Self::ReplayFinished {
                destination: id,
                kind,
                name,
                replay,
                progress,
            } => Parts {
                target_type: target_type(*kind),
                ..destination(
                    replay_end("Finished", *replay, progress),
                    id,
                    name,
                    replay_counts(*replay, progress),
                )
            },
            Self::FailingEventParked {
                destination: id,
                kind,
                name,
                event,
            } => Parts {
                target_type: target_type(*kind),
                ..destination(
                    format!("Parked the failing audit event at position {event} of the log"),
                    id,
                    name,
                    json!({}),
                )
            },
            Self::ParkedEventRetried {
                destination: id,
                kind,
                name,
                event,
            } => Parts {
                target_type: target_type(*kind),
                ..destination(
                    format!("Retried the parked audit event at position {event} of the log"),
                    id,
                    name,
                    json!({}),
                )
            },
            Self::ParkedEventsRetried {
                destination: id,
                kind,
                name,
                count,
            } => Parts {
                target_type: target_type(*kind),
                ..destination(
                    format!("Retried all parked audit events ({count})"),
                    id,
                    name,
                    json!({"count": count}),
                )
            },
            Self::ParkedEventDiscarded {
                destination: id,
                kind,
                name,
                event,
            } => Parts {
                target_type: target_type(*kind),
                ..destination(
                    format!("Discarded the parked audit event at position {event} of the log"),
                    id,
                    name,
                    json!({}),
                )
            },
            Self::StreamTest {
                destination: id,
                kind,
                name,
            } => Parts {
                target_type: target_type(*kind),
                ..destination("Test event".to_owned(), &id.unwrap_or(NOT_STORED), name, json!({}))
            },
            Self::StreamTested {
                destination: id,
                kind,
                name,
                place,
            } => Parts {
                target_type: target_type(*kind),
                ..destination(
                    format!("Sent a test event to {place}"),
                    &id.unwrap_or(NOT_STORED),
                    name,
                    json!({}),
                )
            },
            Self::UserCreated { user: id, username } => {
                user(&format!("Created user {username}"), id, username, json!({}))
            }
            Self::UserDisabled { user: id, username } => {
                user(&format!("Disabled user {username}"), id, username, json!({}))
            }
            Self::UserEnabled { user: id, username } => {
                user(&format!("Enabled user {username}"), id, username, json!({}))
            }
            Self::SessionsEnded {
                user: id,
                username,
                count,
            } => {
                let ending = if *count == 1 { "" } else { "s" };
                user(&format!("Ended {count} session{ending}"), id, username, json!({}))
            }
            Self::SettingChanged { setting, from, to } => Parts {
                event_type: self.event_type(),
                message: format!("Changed {setting} from {from} to {to}"),
                target_type: "ApplicationSetting",
                target_id: 1,
                target_details: (*setting).to_owned(),
                extra: json!({"change": setting, "from": from, "to": to}),
            },
            Self::AlertTested { setting, place } => Parts {
                event_type: self.event_type(),
                message: format!("Sent a test alert to {place}"),
                target_type: "ApplicationSetting",
                target_id: 1,
                target_details: (*setting).to_owned(),
                extra: json!({}),
            },
            Self::EventsUnreadable { first, last } => Parts {
                event_type: self.event_type(),
                message: format!(
                    "Events at positions {first} to {last} of the audit log can't be read: the file is damaged there"
                ),
                target_type: "AuditLog",
                target_id: first.get(),
                target_details: "events.db".to_owned(),
                extra: json!({"first_seq": first, "last_seq": last}),
            },
            Self::Alert(news) => alert(news),
        }
    }

    /// The event as it is logged and streamed. Texts that a person typed are kept as typed.
    pub fn into_audit_event(self, author: &Author, id: EventId, at: Timestamp) -> AuditEvent {
        let parts = self.parts();
        let author_id = author.user_id.map_or(-1, UserId::get);
        let target_id = (parts.target_id != 0).then_some(parts.target_id);
        let details = details(&parts, author, target_id);
        let quote = |text: &str| serde_json::Value::from(text).to_string();
        let body = format!(
            r#"{{"id":{id},"author_id":{author_id},"entity_id":1,"entity_type":{entity},"details":{details},"ip_address":{ip},"author_name":{name},"entity_path":"gitlab_instance","target_details":{target},"created_at":"{at}","target_type":{target_type},"target_id":{target_id},"event_type":{event_type}}}"#,
            id = quote(id.as_str()),
            entity = quote(INSTANCE_SCOPE),
            ip = quote(&author.ip_address),
            name = quote(&author.name),
            target = quote(&parts.target_details),
            target_type = quote(parts.target_type),
            target_id = serde_json::Value::from(target_id),
            event_type = quote(parts.event_type),
        );
        AuditEvent {
            id,
            event_type: EventType(parts.event_type.to_owned()),
            author_id: author_id.to_string(),
            author_name: author.name.clone(),
            entity_id: "1".to_owned(),
            entity_type: INSTANCE_SCOPE.to_owned(),
            entity_path: "gitlab_instance".to_owned(),
            ip_address: author.ip_address.clone(),
            created_at: at,
            body: body.into_boxed_str(),
            is_dated: true,
        }
    }
}

fn alert(news: &AlertNews) -> Parts {
    let (target_type, target_id, target_details) = match news.stream() {
        Some(stream) => (target_type(stream.kind), stream.id.get(), stream.name.clone()),
        None => ("ApplicationSetting", 1, "log_size_limit".to_owned()),
    };
    Parts {
        event_type: news.event_type(),
        message: news.summary(),
        target_type,
        target_id,
        target_details,
        extra: news.data(),
    }
}

/// The class of GitLab's that such a destination has.
const fn target_type(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Http => DESTINATION,
        DestinationKind::GoogleCloudLogging => "AuditEvents::Instance::GoogleCloudLoggingConfiguration",
        DestinationKind::AmazonS3 => "AuditEvents::Instance::AmazonS3Configuration",
    }
}

/// The class of the model that GitLab has behind the API of this set of names.
const fn named_type(kind: DestinationKind, names: EventNames) -> &'static str {
    match names {
        EventNames::OfKind => target_type(kind),
        EventNames::Unified => "AuditEvents::Instance::ExternalStreamingDestination",
    }
}

/// GitLab's message about a new or deleted destination. `verbs` are those of HTTP destinations and of all others.
fn existence(verbs: [&str; 2], kind: DestinationKind, names: EventNames, name: &str, place: &str) -> String {
    let [http_verb, verb] = verbs;
    match (names, kind) {
        (EventNames::Unified, _) => {
            format!(
                "{verb} audit event streaming destination for {}",
                kind.as_str().to_ascii_uppercase()
            )
        }
        (EventNames::OfKind, DestinationKind::Http) => {
            format!("{http_verb} instance event streaming destination {place}")
        }
        (EventNames::OfKind, DestinationKind::GoogleCloudLogging) => {
            format!("{verb} Instance Google Cloud logging configuration with name: {name} {place}")
        }
        (EventNames::OfKind, DestinationKind::AmazonS3) => {
            format!("{verb} Instance Amazon S3 configuration with name: {name} {place}")
        }
    }
}

/// GitLab's message about a change; it leaves out values that are empty.
fn change(field: &str, from: &str, to: &str) -> String {
    let mut message = format!("Changed {field}");
    for (preposition, value) in [("from", from), ("to", to)] {
        if !value.is_empty() {
            message.push_str(&format!(" {preposition} {value}"));
        }
    }
    message
}

/// The details that GitLab adds to events of its unified API.
fn with_category(
    mut details: serde_json::Value,
    id: DestinationId,
    kind: DestinationKind,
    names: EventNames,
) -> serde_json::Value {
    if names == EventNames::Unified {
        details["id"] = json!(id);
        details["category"] = json!(kind.as_str());
    }
    details
}

/// What GitLab calls the entries of a list.
const fn filters(list: FilterKind) -> &'static str {
    match list {
        FilterKind::Allow => "filter(s)",
        FilterKind::Deny => "denylist filter(s)",
    }
}

/// What changed, in GitLab's words and order.
fn header_update(from_key: &str, key: &str, has_new_value: bool, activation: Option<bool>) -> String {
    let mut message = format!("Updated a custom HTTP header from key {from_key} to have");
    if from_key != key {
        message.push_str(&format!(" a key {key}"));
    }
    let parts = [
        (from_key != key && has_new_value).then(|| " to have a new value".to_owned()),
        (from_key == key && has_new_value).then(|| " a new value".to_owned()),
        activation.map(|active| format!(" activation status changed to {active}")),
    ];
    message.extend(parts.into_iter().flatten());
    message.push('.');
    message
}

/// Nothing for what GitLab's destinations do, too.
fn start_details(start: StartFrom) -> serde_json::Value {
    match start {
        StartFrom::Now => json!({}),
        StartFrom::Beginning | StartFrom::At(_) => json!({"start_from": start.to_string()}),
    }
}

fn replay_start(replay: ReplayId, request: &ReplayRequest, total: u64) -> String {
    let (from, before) = (request.range.from(), request.range.before());
    let types: Vec<&EventType> = request.types.types().collect();
    let of_types = match types.as_slice() {
        [] => String::new(),
        types => format!(" of type {}", listed(types)),
    };
    format!("Started replay {replay} of {total} event(s){of_types} created from {from} until before {before}")
}

fn replay_details(replay: ReplayId, request: &ReplayRequest, total: u64) -> serde_json::Value {
    let types: Vec<&str> = request.types.types().map(EventType::as_str).collect();
    json!({
        "replay_id": replay,
        "created_from": request.range.from().to_string(),
        "created_before": request.range.before().to_string(),
        "event_types": types,
        "events": total,
    })
}

fn replay_end(done: &str, replay: ReplayId, progress: &ReplayProgress) -> String {
    let ReplayProgress { total, sent, refused } = progress;
    format!("{done} replay {replay}: {sent} of {total} event(s) sent, {refused} refused")
}

fn replay_counts(replay: ReplayId, progress: &ReplayProgress) -> serde_json::Value {
    let ReplayProgress { total, sent, refused } = progress;
    json!({"replay_id": replay, "events": total, "sent": sent, "refused": refused})
}

/// `a, b, and c`.
fn listed(names: &[impl ToString]) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [most @ .., last] => format!("{}, and {last}", most.join(", ")),
    }
}

fn details(parts: &Parts, author: &Author, target_id: Option<i64>) -> serde_json::Value {
    let mut details = json!({
        "event_name": parts.event_type,
        "author_name": author.name,
        "author_class": author.class.as_str(),
        "target_id": target_id,
        "target_type": parts.target_type,
        "target_details": parts.target_details,
        "custom_message": parts.message,
        "ip_address": author.ip_address,
        "entity_path": "gitlab_instance",
    });
    if let (Some(details), Some(extra)) = (details.as_object_mut(), parts.extra.as_object()) {
        details.extend(extra.clone());
    }
    details
}

#[cfg(test)]
mod tests;
