//! What happened to the subject of an instance event.

use crate::{
    Timestamp,
    alerts::AlertNews,
    delivery::RefusedChange,
    destination::{EventNames, FilterKind, NamespacePath, RotatedSecret, StartFrom},
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
        client_certificate: Option<String>,
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
    /// A secret was replaced by one that the server made; the previous one is valid for a while.
    SecretRotated {
        secret: RotatedSecret,
        previous_valid_until: Timestamp,
    },
    /// An administrator ended the time in which the previous secret is valid beside the new one.
    RotationEnded {
        secret: RotatedSecret,
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
    /// Several parked events, or every one of them if `chosen` is empty.
    ParkedEventsRetried {
        chosen: Vec<Seq>,
        count: u64,
    },
    ParkedEventDiscarded(Seq),
    /// An event was sent to one destination once more.
    EventSentAgain(Seq),
    /// Something was done with refused events that were being retried: with those at these positions, or with every one of them if
    /// `chosen` is empty.
    RefusedEventsChanged {
        change: RefusedChange,
        chosen: Vec<Seq>,
        count: u64,
    },
    /// Several parked events, or every one of them if `chosen` is empty.
    ParkedEventsDiscarded {
        chosen: Vec<Seq>,
        count: u64,
    },
    /// The test event itself: it is sent to one destination and is not in the log.
    StreamTest,
    /// A test event is about to be sent to `place`.
    StreamTested {
        place: String,
        /// Whether the certificate of the server was verified, if it has one.
        is_verified: bool,
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
    /// All stored secrets were encrypted again, with a new key. The keys are named by their ids.
    EncryptionKeyRotated {
        from: String,
        to: String,
    },
    /// The data folder was restored from a backup of this time. The log continues after `last`, and the instance has a new id.
    Restored {
        created_at: Timestamp,
        last: Seq,
        previous_instance: String,
    },
    /// What the instance noticed by itself.
    Alert(AlertNews),
}

impl Action {
    /// `None` unless it is a change of the destination itself, which GitLab names by the API that made it.
    pub(super) const fn names(&self) -> Option<EventNames> {
        match self {
            Self::DestinationCreated { names, .. }
            | Self::DestinationChanged { names, .. }
            | Self::DestinationSecretReplaced { names, .. }
            | Self::DestinationDeleted { names, .. } => Some(*names),
            _ => None,
        }
    }
}
