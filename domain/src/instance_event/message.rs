//! The message of an instance event, as GitLab words it.

use super::{Action, InstanceEvent};
use crate::{
    delivery::RefusedChange,
    destination::{DestinationKind, EventNames, FilterKind, GitlabModel},
    event::EventType,
    ids::{ReplayId, Seq},
    replay::{ReplayProgress, ReplayRequest},
};

impl InstanceEvent {
    /// The `custom_message` of the details.
    pub(super) fn message(&self) -> String {
        let name = self.subject.name();
        match &self.action {
            Action::SignedIn => "Signed in with STANDARD authentication".to_owned(),
            Action::SignInFailed => "Failed to login with STANDARD authentication".to_owned(),
            Action::SignedOut => "Signed out".to_owned(),
            Action::PasswordChanged => "Changed password".to_owned(),
            Action::PasswordReset => "Reset password".to_owned(),
            Action::UserCreated => format!("Created user {name}"),
            Action::UserDisabled => format!("Disabled user {name}"),
            Action::UserEnabled => format!("Enabled user {name}"),
            Action::SessionsEnded { count } => {
                let ending = if *count == 1 { "" } else { "s" };
                format!("Ended {count} session{ending}")
            }
            Action::TokenCreated {
                scopes,
                client_certificate: None,
            } => format!("Created API token {name} with scopes {scopes}"),
            Action::TokenCreated {
                scopes,
                client_certificate: Some(certificate),
            } => format!("Created API token {name} with scopes {scopes} and client certificate {certificate}"),
            Action::TokenRevoked => format!("Revoked API token {name}"),
            Action::DestinationCreated { names, place, .. } => self.existence(|model| model.create_verb, *names, place),
            Action::DestinationChanged { field, from, to, .. } => change(field, from, to),
            Action::DestinationSecretReplaced { secret, .. } => format!("Replaced the {secret}"),
            Action::SecretRotated {
                secret,
                previous_valid_until,
            } => format!(
                "Rotated the {}; the previous one is valid until {previous_valid_until}",
                secret.label()
            ),
            Action::RotationEnded { secret } => format!("Ended the rotation of the {}", secret.label()),
            Action::DestinationDeleted { names, place } => self.existence(|model| model.delete_verb, *names, place),
            Action::HeaderCreated { key } => format!("Created custom HTTP header with key {key}."),
            Action::HeaderUpdated {
                from_key,
                key,
                has_new_value,
                activation,
            } => header_update(from_key, key, *has_new_value, *activation),
            Action::HeaderDeleted { key } => format!("Destroyed a custom HTTP header with key {key}."),
            Action::EventTypesAdded { list, types } => {
                format!("Created audit event type {}: {}", filters(*list), listed(types))
            }
            Action::EventTypesRemoved { list, types } => {
                format!("Deleted audit event type {}: {}", filters(*list), listed(types))
            }
            Action::NamespaceAdmitted(_) => {
                "Created namespace filter for instance audit event streaming destination.".to_owned()
            }
            Action::NamespaceRemoved(_) => {
                "Deleted namespace filter for instance audit event streaming destination.".to_owned()
            }
            Action::StreamPaused => "Paused the stream".to_owned(),
            Action::StreamResumed => "Resumed the stream".to_owned(),
            Action::ReplayStarted { replay, request, total } => replay_start(*replay, request, *total),
            Action::ReplayCancelled { replay, progress } => replay_end("Cancelled", *replay, progress),
            Action::ReplayFinished { replay, progress } => replay_end("Finished", *replay, progress),
            Action::FailingEventParked(event) => {
                format!("Parked the failing audit event at position {event} of the log")
            }
            Action::ParkedEventRetried(event) => {
                format!("Retried the parked audit event at position {event} of the log")
            }
            Action::ParkedEventsRetried { chosen, count } => list_change("Retried", "parked", chosen, *count),
            Action::ParkedEventsDiscarded { chosen, count } => list_change("Discarded", "parked", chosen, *count),
            Action::RefusedEventsChanged { change, chosen, count } => {
                list_change(past_tense(*change), "rejected", chosen, *count)
            }
            Action::ParkedEventDiscarded(event) => {
                format!("Discarded the parked audit event at position {event} of the log")
            }
            Action::EventSentAgain(event) => format!("Sent the audit event at position {event} of the log again"),
            Action::StreamTest => "Test event".to_owned(),
            Action::StreamTested { place, is_verified } => match is_verified {
                true => format!("Sent a test event to {place}"),
                false => format!("Sent a test event to {place} without certificate verification"),
            },
            Action::SettingChanged { from, to } => format!("Changed {name} from {from} to {to}"),
            Action::AlertTested { place } => format!("Sent a test alert to {place}"),
            Action::EventsUnreadable { first, last } => format!(
                "Events at positions {first} to {last} of the audit log can't be read: the file is damaged there"
            ),
            Action::EncryptionKeyRotated { from, to } => {
                format!("Encrypted all stored secrets again with the key {to} in place of the key {from}")
            }
            Action::Restored { created_at, .. } => {
                format!("Restored the instance from the backup of {created_at}; later events and changes are lost")
            }
            Action::Alert(news) => news.summary(),
        }
    }

    /// GitLab's message about a new or deleted destination.
    fn existence(&self, verb: impl Fn(&GitlabModel) -> &'static str, names: EventNames, place: &str) -> String {
        let model = self.subject.model(names);
        let (verb, noun) = (verb(model), model.noun);
        let place = match (names, self.subject.kind()) {
            (EventNames::OfKind, Some(_)) => place.to_owned(),
            (EventNames::Unified, kind) | (EventNames::OfKind, kind) => {
                kind.map_or("", DestinationKind::as_str).to_ascii_uppercase()
            }
        };
        if model.is_named {
            format!("{verb} {noun} with name: {} {place}", self.subject.name())
        } else {
            format!("{verb} {noun} {place}")
        }
    }
}

fn list_change(done: &str, list: &str, chosen: &[Seq], count: u64) -> String {
    match chosen {
        [] => format!("{done} all {list} audit events ({count})"),
        [event] => format!("{done} the {list} audit event at position {event} of the log"),
        chosen => format!(
            "{done} the {list} audit events at positions {} of the log",
            listed(chosen)
        ),
    }
}

const fn past_tense(change: RefusedChange) -> &'static str {
    match change {
        RefusedChange::Park => "Parked",
        RefusedChange::Retry => "Retried",
        RefusedChange::Discard => "Discarded",
    }
}

/// GitLab's message about a change; it leaves out values that are empty.
pub(super) fn change(field: &str, from: &str, to: &str) -> String {
    let mut message = format!("Changed {field}");
    for (preposition, value) in [("from", from), ("to", to)] {
        if !value.is_empty() {
            message.push_str(&format!(" {preposition} {value}"));
        }
    }
    message
}

/// What GitLab calls the entries of a list.
const fn filters(list: FilterKind) -> &'static str {
    match list {
        FilterKind::Allow => "filter(s)",
        FilterKind::Deny => "denylist filter(s)",
    }
}

/// What changed, in GitLab's wording and order.
pub(super) fn header_update(from_key: &str, key: &str, has_new_value: bool, activation: Option<bool>) -> String {
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

fn replay_start(replay: ReplayId, request: &ReplayRequest, total: u64) -> String {
    let (from, before) = (request.range.from(), request.range.before());
    let types: Vec<&EventType> = request.types.types().collect();
    let of_types = match types.as_slice() {
        [] => String::new(),
        types => format!(" of type {}", listed(types)),
    };
    format!("Started replay {replay} of {total} event(s){of_types} created from {from} until before {before}")
}

fn replay_end(done: &str, replay: ReplayId, progress: &ReplayProgress) -> String {
    let ReplayProgress { total, sent, refused } = progress;
    format!("{done} replay {replay}: {sent} of {total} event(s) sent, {refused} rejected")
}

/// `a, b, and c`.
pub(super) fn listed(names: &[impl ToString]) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [most @ .., last] => format!("{}, and {last}", most.join(", ")),
    }
}
