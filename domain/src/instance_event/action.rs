//! What happened to the subject of an instance event.

use super::InstanceEvent;
use crate::{
    alerts::AlertNews,
    destination::{EventNames, FilterKind, NamespacePath, StartFrom},
    event::EventType,
    ids::{ReplayId, Seq},
    replay::{ReplayProgress, ReplayRequest},
};

/// What happened. Names are GitLab's where it has one; no variant holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    SignedIn,
    SignInFailed,
    SignedOut,
    PasswordChanged,
    PasswordReset,
    UserCreated,
    UserDisabled,
    UserEnabled,
    /// Somebody ended sessions, their own or another user's, other than by signing out of one.
    SessionsEnded {
        count: u64,
    },
    TokenCreated {
        scopes: String,
    },
    TokenRevoked,
    /// `place` is where its events go, without anything secret and as GitLab's message has it.
    DestinationCreated {
        names: EventNames,
        place: String,
        start: StartFrom,
    },
    /// One of its fields, under GitLab's name of the column, and without anything secret.
    DestinationChanged {
        names: EventNames,
        field: &'static str,
        from: String,
        to: String,
    },
    /// A secret that only its owner knows.
    DestinationSecretReplaced {
        names: EventNames,
        secret: &'static str,
    },
    DestinationDeleted {
        names: EventNames,
        place: String,
    },
    /// `key` is the name of the header, here and below.
    HeaderCreated {
        key: String,
    },
    /// What is `None` has not changed.
    HeaderUpdated {
        from_key: String,
        key: String,
        has_new_value: bool,
        activation: Option<bool>,
    },
    HeaderDeleted {
        key: String,
    },
    /// Event types were added to the allowlist or denylist of a destination.
    EventTypesAdded {
        list: FilterKind,
        types: Vec<EventType>,
    },
    /// Event types were removed from the allowlist or denylist of a destination.
    EventTypesRemoved {
        list: FilterKind,
        types: Vec<EventType>,
    },
    NamespaceAdmitted(NamespacePath),
    NamespaceRemoved(NamespacePath),
    /// Events that arrive are kept for it meanwhile.
    StreamPaused,
    StreamResumed,
    ReplayStarted {
        replay: ReplayId,
        request: ReplayRequest,
        total: u64,
    },
    ReplayCancelled {
        replay: ReplayId,
        progress: ReplayProgress,
    },
    /// It has sent everything that there was to send.
    ReplayFinished {
        replay: ReplayId,
        progress: ReplayProgress,
    },
    /// An event that requests failed with, while its stream was backing off.
    FailingEventParked(Seq),
    ParkedEventRetried(Seq),
    /// Every one of them.
    ParkedEventsRetried {
        count: u64,
    },
    ParkedEventDiscarded(Seq),
    /// The test event itself: it is sent to one destination and is not in the log.
    StreamTest,
    /// A test event is about to be sent to `place`.
    StreamTested {
        place: String,
    },
    /// The values are as people read them.
    SettingChanged {
        from: String,
        to: String,
    },
    /// A test alert is about to be sent by the channel that the setting names. `place` is where to, without anything secret.
    AlertTested {
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

impl Action {
    /// `None` unless it is a change of the destination itself, which GitLab names by the API that made it.
    const fn names(&self) -> Option<EventNames> {
        match self {
            Self::DestinationCreated { names, .. }
            | Self::DestinationChanged { names, .. }
            | Self::DestinationSecretReplaced { names, .. }
            | Self::DestinationDeleted { names, .. } => Some(*names),
            _ => None,
        }
    }
}

impl InstanceEvent {
    pub const fn event_type(&self) -> &'static str {
        match &self.action {
            Action::SignedIn => "authenticated_with_password",
            Action::SignInFailed => "login_failed_with_standard_authentication",
            Action::SignedOut => "user_signed_out",
            Action::PasswordChanged => "user_password_updated",
            Action::PasswordReset => "user_password_reset",
            Action::UserCreated => "user_created",
            Action::UserDisabled => "user_blocked",
            Action::UserEnabled => "user_unblocked",
            Action::SessionsEnded { .. } => "user_sessions_ended",
            Action::TokenCreated { .. } => "api_token_created",
            Action::TokenRevoked => "api_token_revoked",
            Action::DestinationCreated { names, .. } => self.subject.model(*names).created,
            Action::DestinationChanged { names, .. } | Action::DestinationSecretReplaced { names, .. } => {
                self.subject.model(*names).updated
            }
            Action::DestinationDeleted { names, .. } => self.subject.model(*names).deleted,
            Action::HeaderCreated { .. } => "audit_events_streaming_instance_headers_create",
            Action::HeaderUpdated { .. } => "audit_events_streaming_instance_headers_update",
            Action::HeaderDeleted { .. } => "audit_events_streaming_instance_headers_destroy",
            Action::EventTypesAdded { .. } => "event_type_filters_created",
            Action::EventTypesRemoved { .. } => "event_type_filters_deleted",
            Action::NamespaceAdmitted(_) => "created_instance_namespace_filter",
            Action::NamespaceRemoved(_) => "deleted_instance_namespace_filter",
            Action::StreamPaused => "audit_event_stream_paused",
            Action::StreamResumed => "audit_event_stream_resumed",
            Action::ReplayStarted { .. } => "audit_event_replay_started",
            Action::ReplayCancelled { .. } => "audit_event_replay_cancelled",
            Action::ReplayFinished { .. } => "audit_event_replay_finished",
            Action::FailingEventParked(_) => "failing_audit_event_parked",
            Action::ParkedEventRetried(_) | Action::ParkedEventsRetried { .. } => "parked_audit_event_retried",
            Action::ParkedEventDiscarded(_) => "parked_audit_event_discarded",
            Action::StreamTest => "audit_event_stream_test",
            Action::StreamTested { .. } => "audit_event_stream_tested",
            Action::SettingChanged { .. } => "application_setting_updated",
            Action::AlertTested { .. } => "audit_event_alert_tested",
            Action::EventsUnreadable { .. } => "audit_event_log_damaged",
            Action::Alert(news) => news.event_type(),
        }
    }

    pub(super) const fn target_type(&self) -> &'static str {
        match self.action.names() {
            Some(names) => self.subject.model(names).class,
            None => self.subject.target_type(),
        }
    }

    /// Whether GitLab adds the id and category of the destination to it.
    pub(super) const fn is_of_unified_api(&self) -> bool {
        matches!(self.action.names(), Some(EventNames::Unified))
    }
}
