//! An instance event as it is logged and streamed.

use serde_json::{Value, json};

use super::{Action, Author, InstanceEvent};
use crate::{
    Timestamp,
    destination::{DestinationKind, StartFrom},
    event::{AuditEvent, EventId, EventType, INSTANCE_SCOPE},
    ids::{ReplayId, UserId},
    replay::{ReplayProgress, ReplayRequest},
};

impl InstanceEvent {
    /// The event as it is logged and streamed. Texts that a person typed are kept as typed.
    pub fn into_audit_event(self, author: &Author, id: EventId, at: Timestamp) -> AuditEvent {
        let author_id = author.user_id.map_or(-1, UserId::get);
        let quote = |text: &str| Value::from(text).to_string();
        let body = format!(
            r#"{{"id":{id},"author_id":{author_id},"entity_id":1,"entity_type":{entity},"details":{details},"ip_address":{ip},"author_name":{name},"entity_path":"gitlab_instance","target_details":{target},"created_at":"{at}","target_type":{target_type},"target_id":{target_id},"event_type":{event_type}}}"#,
            id = quote(id.as_str()),
            entity = quote(INSTANCE_SCOPE),
            details = self.details(author),
            ip = quote(&author.ip_address),
            name = quote(&author.name),
            target = quote(self.subject.name()),
            target_type = quote(self.target_type()),
            target_id = Value::from(self.subject.target_id()),
            event_type = quote(self.event_type()),
        );
        AuditEvent {
            id,
            event_type: EventType::built_in(self.event_type()),
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

    fn details(&self, author: &Author) -> Value {
        let mut details = json!({
            "event_name": self.event_type(),
            "author_name": author.name,
            "author_class": author.class.as_str(),
            "target_id": self.subject.target_id(),
            "target_type": self.target_type(),
            "target_details": self.subject.name(),
            "custom_message": self.message(),
            "ip_address": author.ip_address,
            "entity_path": "gitlab_instance",
        });
        if let (Some(details), Value::Object(extra)) = (details.as_object_mut(), self.extra_details()) {
            details.extend(extra);
        }
        details
    }

    /// What the details hold besides what those of every event do.
    pub(super) fn extra_details(&self) -> Value {
        let mut extra = self.action_details();
        if self.is_of_unified_api() {
            extra["id"] = json!(self.subject.target_id());
            extra["category"] = json!(self.subject.kind().map(DestinationKind::as_str));
        }
        extra
    }

    fn action_details(&self) -> Value {
        match &self.action {
            Action::SignedIn => json!({"with": "standard"}),
            Action::SignInFailed => json!({"failed_login": "STANDARD"}),
            Action::DestinationCreated { start, .. } => start_details(*start),
            Action::DestinationChanged { field, from, to, .. } => json!({"change": field, "from": from, "to": to}),
            Action::DestinationSecretReplaced { secret, .. } => json!({"change": secret}),
            Action::SecretRotated {
                secret,
                previous_valid_until,
            } => json!({"change": secret.label(), "previous_valid_until": previous_valid_until.to_string()}),
            Action::RotationEnded { secret } => json!({"change": secret.label()}),
            Action::NamespaceAdmitted(path) | Action::NamespaceRemoved(path) => {
                json!({"destination_name": self.subject.name(), "namespace": path.as_str()})
            }
            Action::ReplayStarted { replay, request, total } => replay_details(*replay, request, *total),
            Action::ReplayCancelled { replay, progress } | Action::ReplayFinished { replay, progress } => {
                replay_counts(*replay, progress)
            }
            Action::ParkedEventsRetried { chosen, count }
            | Action::ParkedEventsDiscarded { chosen, count }
            | Action::RefusedEventsChanged { chosen, count, .. } => match chosen.as_slice() {
                [] => json!({"count": count}),
                chosen => json!({"count": count, "seqs": chosen}),
            },
            Action::SettingChanged { from, to } | Action::EncryptionKeyRotated { from, to } => {
                json!({"change": self.subject.name(), "from": from, "to": to})
            }
            Action::EventsUnreadable { first, last } => json!({"first_seq": first, "last_seq": last}),
            Action::Restored {
                created_at,
                last,
                previous_instance,
            } => json!({
                "backup_created_at": created_at.to_string(), "last_seq": last, "previous_instance": previous_instance,
            }),
            Action::Alert(news) => news.data(),
            _ => json!({}),
        }
    }
}

/// Empty where the stream starts as GitLab's do.
fn start_details(start: StartFrom) -> Value {
    match start {
        StartFrom::Now => json!({}),
        StartFrom::Beginning | StartFrom::At(_) => json!({"start_from": start.to_string()}),
    }
}

fn replay_details(replay: ReplayId, request: &ReplayRequest, total: u64) -> Value {
    let types: Vec<&str> = request.types.types().map(EventType::as_str).collect();
    json!({
        "replay_id": replay,
        "created_from": request.range.from().to_string(),
        "created_before": request.range.before().to_string(),
        "event_types": types,
        "events": total,
    })
}

fn replay_counts(replay: ReplayId, progress: &ReplayProgress) -> Value {
    let ReplayProgress { total, sent, refused } = progress;
    json!({"replay_id": replay, "events": total, "sent": sent, "refused": refused})
}
