//! Sending a test event: by the very sink that the destination's stream has or would have, over traced clients.
//!
//! A test event stands in no log, and a test touches nothing of a stream: no cursor, no backoff, no attempts, no counters. That
//! one is sent is recorded before it is: it may carry stored secrets to a host that is not stored.

use std::sync::Arc;

use bytes::Bytes;
use domain::{
    connection_test::TestReport,
    destination::{DestinationSettings, TlsSettings},
    ids::{DestinationId, Seq},
    instance_event::{Action, Author, INSTANCE_SOURCE, InstanceEvent, Subject},
};

use super::{super::AdminError, test_report::Tested};
use crate::{
    Engine,
    instance_events::fresh_id,
    log::LoggedEvent,
    sink::{sink_kind, sink_to},
    store::Target,
};

impl Engine {
    /// Sends one test event to the target of these settings and reports the result; takes as long as an attempt may.
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
        let target = Target::merged(&settings.target, before.as_ref())?;
        let kind = sink_kind(target.kind);
        let stored_values = before.as_ref().map(|before| &before.values);
        (kind.check)(&target.values, stored_values, self.clock().now())?;
        let tested_target = Target {
            values: (kind.as_tested)(target.values.clone()),
            ..target.clone()
        };
        let subject = Subject::destination(stored, target.kind(), settings.name.as_str());
        let tested = Action::StreamTested {
            place: target.place(),
            is_verified: !TlsSettings::skips_verification(&target.values),
        };
        let tested = InstanceEvent::new(subject.clone(), tested);
        self.database().record(&self.recorded(tested, author)).await?;
        // Its times do not include recording it.
        let (clients, trace) = self.clients().traced();
        let sink = sink_to(&tested_target, &clients, self.services(), self.clock())?;
        let test = InstanceEvent::new(subject, Action::StreamTest);
        let event = Arc::new(self.unlogged(test, author));
        let mut sent = sink.send(&[Arc::clone(&event)], None).await;
        let tested = Tested {
            target: &target,
            statuses: &target.delivery_limits()?.statuses,
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
