//! Sending a test event: by the very sink that the destination's stream has or would have, over traced clients.
//!
//! A test event stands in no log, and a test touches nothing of a stream: no cursor, no hold, no attempts, no counters. That
//! one is sent is recorded before it is: it may carry stored secrets to a host that is not stored.

use std::sync::Arc;

use bytes::Bytes;
use domain::{
    Field,
    destination::{DestinationSettings, HttpSettings, ObjectLayout, TargetSettings},
    ids::{DestinationId, HeaderId, Seq},
    instance_event::{Action, Author, INSTANCE_SOURCE, InstanceEvent, Subject},
    probe::TestReport,
};

use super::{super::AdminError, fresh_secrets, test_report::Tested};
use crate::{
    Engine,
    instance_events::fresh_id,
    log::LoggedEvent,
    sink::{check_private_key, sink_to},
    store::{GoogleTarget, Header, HttpTarget, S3Target, Target},
};

impl Engine {
    /// Sends one test event to what these settings describe and tells how it went, which takes as long as an attempt may.
    /// Secrets that the settings leave out are those of `stored`; a new HTTP destination has fresh ones.
    ///
    /// What the network rules forbid is found by the test, not refused beforehand.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was sent.
    pub async fn test_destination(
        &self,
        author: &Author,
        settings: DestinationSettings,
        stored: Option<DestinationId>,
    ) -> Result<TestReport, AdminError> {
        let _place = self.tests().try_acquire().map_err(|_| AdminError::Busy)?;
        let before = match stored {
            Some(id) => {
                let found = self.database().find_destination(id).await?;
                Some(found.ok_or(AdminError::NotFound)?.target)
            }
            None => None,
        };
        let layout_is_other =
            matches!(&settings.target, TargetSettings::AmazonS3 { settings, .. } if settings.layout() != LAYOUT);
        let target = target_of(settings.target, before.as_ref())?;
        let (clients, trace) = self.clients().traced();
        let sink = sink_to(&target, &clients, self.services(), self.clock())?;
        let subject = Subject::destination(stored, target.kind(), settings.name.as_str());
        let place = target.place();
        let tested = InstanceEvent::new(subject.clone(), Action::StreamTested { place });
        self.database().record(&self.recorded(tested, author)).await?;
        let test = InstanceEvent::new(subject, Action::StreamTest);
        let event = Arc::new(self.unlogged(test, author));
        let mut sent = sink.send(&[Arc::clone(&event)], None).await;
        let tested = Tested {
            target: &target,
            layout_is_other,
            event: &event,
            report: sent.parts.remove(&0).unwrap_or(sent.whole),
            took_us: trace.now_us(),
            requests: trace.requests(),
        };
        let report = tested.into_report();
        self.relay_instance_events().await;
        Ok(report)
    }

    /// An event as a stream would read it, had it been logged.
    fn unlogged(&self, event: InstanceEvent, author: &Author) -> LoggedEvent {
        let now = self.clock().now();
        let event = event.into_audit_event(author, fresh_id(), now);
        LoggedEvent {
            seq: Seq::START,
            source: INSTANCE_SOURCE.into(),
            id: event.id,
            event_type: event.event_type,
            entity_type: event.entity_type,
            entity_id: event.entity_id,
            entity_path: event.entity_path,
            created_at: event.created_at,
            received_at: now,
            body: Bytes::from(event.body.into_string()),
        }
    }
}

/// A batch of one event would leave an object that looks like a stretch of the log.
const LAYOUT: ObjectLayout = ObjectLayout::Events;

/// Where the event goes, with the secrets that the settings leave out.
fn target_of(wanted: TargetSettings, stored: Option<&Target>) -> Result<Target, AdminError> {
    match (wanted, stored) {
        (TargetSettings::Http(wanted), Some(Target::Http(stored))) => http_target(wanted, Some(stored)),
        (TargetSettings::Http(wanted), None) => http_target(wanted, None),
        (
            TargetSettings::GoogleCloudLogging { settings, private_key },
            stored @ (None | Some(Target::GoogleCloudLogging(_))),
        ) => {
            let kept = match stored {
                Some(Target::GoogleCloudLogging(stored)) => Some(stored.private_key.clone()),
                _ => None,
            };
            let private_key = needed(private_key.or(kept), Field::PrivateKey)?;
            check_private_key(&private_key)?;
            Ok(Target::GoogleCloudLogging(GoogleTarget { settings, private_key }))
        }
        (
            TargetSettings::AmazonS3 {
                settings,
                secret_access_key,
            },
            stored @ (None | Some(Target::AmazonS3(_))),
        ) => {
            let kept = match stored {
                Some(Target::AmazonS3(stored)) => Some(stored.secret_access_key.clone()),
                _ => None,
            };
            Ok(Target::AmazonS3(S3Target {
                settings: settings.with_layout(LAYOUT),
                secret_access_key: needed(secret_access_key.or(kept), Field::SecretAccessKey)?,
            }))
        }
        // A destination keeps its kind.
        _ => Err(AdminError::NotFound),
    }
}

fn http_target(wanted: HttpSettings, stored: Option<&HttpTarget>) -> Result<Target, AdminError> {
    let secrets = match stored {
        Some(stored) => {
            let mut secrets = stored.secrets.clone();
            secrets.verification_token = wanted.verification_token.unwrap_or(secrets.verification_token);
            secrets
        }
        None => fresh_secrets(wanted.verification_token)?,
    };
    let kept = stored.map(|stored| stored.headers.as_slice()).unwrap_or_default();
    let mut headers = Vec::with_capacity(wanted.headers.len());
    for (row, header) in (0_u8..).zip(wanted.headers) {
        let before = kept.iter().find(|before| Some(before.id) == header.id);
        let value = header.value.or_else(|| before.map(|before| before.value.clone()));
        headers.push(Header {
            id: header.id.unwrap_or(HeaderId::new(0)),
            name: header.name,
            value: needed(value, Field::HeaderValue(row))?,
            active: header.active,
        });
    }
    Ok(Target::Http(HttpTarget {
        url: wanted.url,
        secrets,
        headers,
    }))
}

fn needed<T>(secret: Option<T>, field: Field) -> Result<T, AdminError> {
    secret.ok_or_else(|| AdminError::refused(field, "Value can't be blank"))
}
