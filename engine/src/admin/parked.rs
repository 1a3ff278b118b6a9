//! What a stream could not deliver: failed attempts, and parked events.

use domain::{
    delivery::advice,
    ids::{DestinationId, Seq},
    instance_event::{Action, Author, InstanceEvent, Subject},
    view::{AttemptView, ParkedView},
};

use super::AdminError;
use crate::{
    Engine,
    store::{ParkedEvent, StoreError},
};

impl Engine {
    /// The last failed attempts, the newest first.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn list_attempts(&self, id: DestinationId, limit: u32) -> Result<Vec<AttemptView>, AdminError> {
        Ok(self.database().list_attempts(id, limit).await?)
    }

    /// Parked events, the newest first; with `before`, those below this position.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] or [`AdminError::Internal`].
    pub async fn list_parked(
        &self,
        id: DestinationId,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<ParkedView>, AdminError> {
        let destination = self.database().find_destination(id).await?;
        let kind = destination.ok_or(AdminError::NotFound)?.target.kind();
        let parked = self.database().list_parked(id, before, limit).await?;
        let view = |event: ParkedEvent| ParkedView {
            seq: event.seq,
            tries: event.tries,
            reason: event.reason,
            response: event.response,
            next_step: advice(kind, event.refusal.into()).to_owned(),
            refused_at: event.refused_at,
        };
        Ok(parked.into_iter().map(view).collect())
    }

    /// Parks an event that a stream which is backing off is stuck at: the stream goes on without it.
    ///
    /// # Errors
    /// [`AdminError::NotParked`] with the reason; [`AdminError::Busy`] if it was not stored in time: it may be parked later.
    pub async fn park_event(&self, author: &Author, id: DestinationId, seq: Seq) -> Result<(), AdminError> {
        let subject = self.subject(id).await?.ok_or(AdminError::NotFound)?;
        let event = InstanceEvent::new(subject, Action::FailingEventParked(seq));
        self.delivery().park(id, seq, self.recorded(event, author)).await?;
        self.after_change().await;
        Ok(())
    }

    /// Tries a parked event again, on the schedule of a fresh refusal. `false` if it is not parked.
    ///
    /// # Errors
    /// [`AdminError::Internal`]; nothing was changed.
    pub async fn retry_parked(&self, author: &Author, id: DestinationId, seq: Seq) -> Result<bool, AdminError> {
        let Some(subject) = self.subject(id).await? else {
            return Ok(false);
        };
        let event = InstanceEvent::new(subject, Action::ParkedEventRetried(seq));
        let retried = self.recorded(event, author);
        let changed = self
            .database()
            .retry_parked(id, seq, self.clock().now(), &retried)
            .await?;
        self.after_change().await;
        Ok(changed)
    }

    /// Tries every parked event of a destination again, and returns how many.
    ///
    /// # Errors
    /// [`AdminError::Internal`]; nothing was changed.
    pub async fn retry_all_parked(&self, author: &Author, id: DestinationId) -> Result<u64, AdminError> {
        let Some(subject) = self.subject(id).await? else {
            return Ok(0);
        };
        let retried = |count| {
            let event = InstanceEvent::new(subject, Action::ParkedEventsRetried { count });
            self.recorded(event, author)
        };
        let count = self
            .database()
            .retry_all_parked(id, self.clock().now(), retried)
            .await?;
        self.after_change().await;
        Ok(count)
    }

    /// Discards a parked event for good. `false` if it is not parked.
    ///
    /// # Errors
    /// [`AdminError::Internal`]; nothing was changed.
    pub async fn discard_parked(&self, author: &Author, id: DestinationId, seq: Seq) -> Result<bool, AdminError> {
        let Some(subject) = self.subject(id).await? else {
            return Ok(false);
        };
        let event = InstanceEvent::new(subject, Action::ParkedEventDiscarded(seq));
        let discarded = self.recorded(event, author);
        let changed = self.database().discard_parked(id, seq, &discarded).await?;
        self.after_change().await;
        Ok(changed)
    }

    /// The destination, for instance events about its parked events.
    async fn subject(&self, id: DestinationId) -> Result<Option<Subject>, StoreError> {
        let destination = self.database().find_destination(id).await?;
        Ok(destination.map(|destination| destination.subject()))
    }
}
