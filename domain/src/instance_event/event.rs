//! An instance event: a subject and an action.

use super::{Action, Subject};
use crate::{Timestamp, alerts::AlertNews, delivery::RefusedChange, destination::EventNames, ids::Seq};

/// What happened to what. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceEvent {
    /// What the event is about.
    pub subject: Subject,
    /// What happened to it.
    pub action: Action,
}

impl InstanceEvent {
    /// An event about a subject.
    pub const fn new(subject: Subject, action: Action) -> Self {
        Self { subject, action }
    }

    /// The events at these positions of the log can't be read any more.
    pub const fn events_unreadable(first: Seq, last: Seq) -> Self {
        Self::new(Subject::Log { first }, Action::EventsUnreadable { first, last })
    }

    /// The data folder was restored from a backup of this time and instance, whose log ends at this position.
    pub const fn restored(created_at: Timestamp, last: Seq, previous_instance: String) -> Self {
        let action = Action::Restored {
            created_at,
            last,
            previous_instance,
        };
        Self::new(Subject::Log { first: last.next() }, action)
    }

    /// What the instance noticed by itself: about a stream, the size of the log, or a certificate.
    pub fn alert(news: AlertNews) -> Self {
        let subject = match news.stream() {
            Some(stream) => Subject::destination(stream.id, stream.kind, &stream.name),
            None => Subject::Setting(news.setting()),
        };
        Self::new(subject, Action::Alert(news))
    }

    /// The event type: GitLab's where it has one.
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
            Action::SecretRotated { .. } => "audit_event_destination_secret_rotated",
            Action::RotationEnded { .. } => "audit_event_destination_rotation_ended",
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
            Action::ParkedEventDiscarded(_) | Action::ParkedEventsDiscarded { .. } => "parked_audit_event_discarded",
            Action::EventSentAgain(_) => "audit_event_sent_again",
            Action::RefusedEventsChanged { change, .. } => match change {
                RefusedChange::Park => "refused_audit_event_parked",
                RefusedChange::Retry => "refused_audit_event_retried",
                RefusedChange::Discard => "refused_audit_event_discarded",
            },
            Action::StreamTest => "audit_event_stream_test",
            Action::StreamTested { .. } => "audit_event_stream_tested",
            Action::SettingChanged { .. } => "application_setting_updated",
            Action::AlertTested { .. } => "audit_event_alert_tested",
            Action::EventsUnreadable { .. } => "audit_event_log_damaged",
            Action::EncryptionKeyRotated { .. } => "encryption_key_rotated",
            Action::Restored { .. } => "audit_event_instance_restored",
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
