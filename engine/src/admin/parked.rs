//! What a stream delivered lately and what it could not deliver: recent requests, failed attempts, and parked events.

use domain::{
    Timestamp,
    delivery::{RefusedChange, RefusedChoice, RefusedList, advice},
    ids::{DestinationId, Seq},
    instance_event::{Action, Author, InstanceEvent, Subject},
    view::{AttemptView, DeliveryOutcome, RecentDeliveryView, RefusedPage, RefusedView},
};

use super::AdminError;
use crate::{
    Engine,
    delivery::AcceptedRequest,
    store::{ListedEvent, StoreError, StoredRefusedChange},
};

impl Engine {
    /// The last failed attempts, the newest first.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn list_attempts(&self, id: DestinationId, limit: u32) -> Result<Vec<AttemptView>, AdminError> {
        Ok(self.database().list_attempts(id, limit).await?)
    }

    /// The last requests of a stream, the newest first; with `only_failed`, the last of those that failed. Failed ones are stored;
    /// accepted ones are kept in memory, and a restart forgets them.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] or [`AdminError::Internal`].
    pub async fn list_recent_deliveries(
        &self,
        id: DestinationId,
        only_failed: bool,
        limit: u32,
    ) -> Result<Vec<RecentDeliveryView>, AdminError> {
        if self.database().find_destination(id).await?.is_none() {
            return Err(AdminError::NotFound);
        }
        let failed = self.database().list_attempts(id, limit).await?;
        let mut deliveries: Vec<RecentDeliveryView> = failed.into_iter().map(failed_delivery).collect();
        if !only_failed {
            let accepted = self.delivery().recent_requests(id);
            deliveries.extend(accepted.into_iter().rev().map(accepted_delivery));
            // Stable: the newest of each kind stays first where times are equal.
            deliveries.sort_by_key(|delivery| std::cmp::Reverse(delivery.started_at));
            deliveries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        let seqs = deliveries.iter().map(|delivery| delivery.seq).collect();
        let briefs = self.log().briefs(seqs).await?;
        for delivery in &mut deliveries {
            delivery.event = briefs.get(&delivery.seq).cloned();
        }
        Ok(deliveries)
    }

    /// A page of refused events, the newest first: of those that are retried, or of parked ones; with `before`, those below this
    /// position.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] or [`AdminError::Internal`].
    pub async fn refused_page(
        &self,
        id: DestinationId,
        list: RefusedList,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<RefusedPage, AdminError> {
        // One more than is shown tells whether there are others.
        let mut items = self.list_refused(id, list, before, limit.saturating_add(1)).await?;
        let shown = usize::try_from(limit).unwrap_or(usize::MAX);
        let is_more = items.len() > shown;
        items.truncate(shown);
        let next_before = items.last().filter(|_| is_more).map(|last| last.seq);
        let refused = self.database().count_refused(id).await?;
        let total = match list {
            RefusedList::Retrying => refused.retrying,
            RefusedList::Parked => refused.parked,
        };
        Ok(RefusedPage {
            items,
            total,
            next_before,
        })
    }

    async fn list_refused(
        &self,
        id: DestinationId,
        list: RefusedList,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<RefusedView>, AdminError> {
        let destination = self.database().find_destination(id).await?;
        let kind = destination.ok_or(AdminError::NotFound)?.target.kind();
        let refused = self.database().list_refused_events(id, list, before, limit).await?;
        let seqs = refused.iter().map(|event| event.seq).collect();
        let mut briefs = self.log().briefs(seqs).await?;
        let view = |event: ListedEvent| RefusedView {
            event: briefs.remove(&event.seq),
            seq: event.seq,
            tries: event.tries,
            reason: event.reason,
            response: event.response,
            next_step: advice(kind, event.refusal.into()).to_owned(),
            refused_at: event.refused_at,
            next_try_at: event.due_at,
        };
        Ok(refused.into_iter().map(view).collect())
    }

    /// Parks an event that is being retried, or one that a stream which is backing off is stuck at: the stream continues without it.
    ///
    /// # Errors
    /// [`AdminError::NotParked`] with the reason; [`AdminError::Busy`] if it was not stored in time: it may be parked later.
    pub async fn park_event(&self, author: &Author, id: DestinationId, seq: Seq) -> Result<(), AdminError> {
        let choice = RefusedChoice::At(vec![seq]);
        let parked = self.change_refused(author, id, RefusedList::Retrying, RefusedChange::Park, &choice);
        if parked.await? > 0 {
            return Ok(());
        }
        let subject = self.subject(id).await?.ok_or(AdminError::NotFound)?;
        let event = InstanceEvent::new(subject, Action::FailingEventParked(seq));
        self.delivery().park(id, seq, self.recorded(event, author)).await?;
        self.after_change().await;
        Ok(())
    }

    /// Parks, retries or discards refused events of a list, all in one transaction with one instance event. Returns how many there
    /// were.
    ///
    /// One that is being sent at this moment stays as this leaves it, unless it is accepted: then it is delivered.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] or [`AdminError::Internal`]; nothing was changed.
    pub async fn change_refused(
        &self,
        author: &Author,
        id: DestinationId,
        list: RefusedList,
        change: RefusedChange,
        choice: &RefusedChoice,
    ) -> Result<u64, AdminError> {
        let subject = self.subject(id).await?.ok_or(AdminError::NotFound)?;
        let stored = match change {
            RefusedChange::Park => StoredRefusedChange::Park,
            RefusedChange::Retry => StoredRefusedChange::Retry(self.clock().now()),
            RefusedChange::Discard => StoredRefusedChange::Discard,
        };
        let changed = |seqs: &[Seq]| {
            let event = InstanceEvent::new(subject, change_action(list, change, choice, seqs));
            self.recorded(event, author)
        };
        let count = self
            .database()
            .change_refused(id, list, stored, choice, changed)
            .await?;
        if stored == StoredRefusedChange::Park {
            self.delivery().events_were_parked(id, count);
        }
        self.after_change().await;
        Ok(count)
    }

    /// Tries a parked event again. `false` if it is not parked.
    ///
    /// # Errors
    /// [`AdminError::Internal`]; nothing was changed.
    pub async fn retry_parked(&self, author: &Author, id: DestinationId, seq: Seq) -> Result<bool, AdminError> {
        self.change_one_parked(author, id, RefusedChange::Retry, seq).await
    }

    /// Tries every parked event of a destination again, and returns how many.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] or [`AdminError::Internal`]; nothing was changed.
    #[cfg(test)]
    pub(crate) async fn retry_all_parked(&self, author: &Author, id: DestinationId) -> Result<u64, AdminError> {
        let (list, change) = (RefusedList::Parked, RefusedChange::Retry);
        self.change_refused(author, id, list, change, &RefusedChoice::All).await
    }

    /// Discards a parked event for good. `false` if it is not parked.
    ///
    /// # Errors
    /// [`AdminError::Internal`]; nothing was changed.
    pub async fn discard_parked(&self, author: &Author, id: DestinationId, seq: Seq) -> Result<bool, AdminError> {
        self.change_one_parked(author, id, RefusedChange::Discard, seq).await
    }

    async fn change_one_parked(
        &self,
        author: &Author,
        id: DestinationId,
        change: RefusedChange,
        seq: Seq,
    ) -> Result<bool, AdminError> {
        let choice = RefusedChoice::At(vec![seq]);
        let changed = self
            .change_refused(author, id, RefusedList::Parked, change, &choice)
            .await;
        match changed {
            Err(AdminError::NotFound) => Ok(false),
            changed => Ok(changed? > 0),
        }
    }

    /// The destination, for instance events about its refused events.
    async fn subject(&self, id: DestinationId) -> Result<Option<Subject>, StoreError> {
        let destination = self.database().find_destination(id).await?;
        Ok(destination.map(|destination| destination.subject()))
    }
}

fn change_action(list: RefusedList, change: RefusedChange, choice: &RefusedChoice, seqs: &[Seq]) -> Action {
    let count = u64::try_from(seqs.len()).unwrap_or(u64::MAX);
    let chosen = match choice {
        RefusedChoice::All => Vec::new(),
        RefusedChoice::At(_) => seqs.to_vec(),
    };
    match (list, change, chosen.as_slice()) {
        (RefusedList::Parked, RefusedChange::Retry, [seq]) => Action::ParkedEventRetried(*seq),
        (RefusedList::Parked, RefusedChange::Discard, [seq]) => Action::ParkedEventDiscarded(*seq),
        (RefusedList::Parked, RefusedChange::Retry, _) => Action::ParkedEventsRetried { chosen, count },
        (RefusedList::Parked, RefusedChange::Discard, _) => Action::ParkedEventsDiscarded { chosen, count },
        (RefusedList::Retrying, _, _) | (_, RefusedChange::Park, _) => {
            Action::RefusedEventsChanged { change, chosen, count }
        }
    }
}

fn failed_delivery(attempt: AttemptView) -> RecentDeliveryView {
    RecentDeliveryView {
        seq: attempt.seq,
        events: attempt.events,
        started_at: attempt.started_at,
        duration_ms: attempt.duration_ms,
        outcome: DeliveryOutcome::Failed,
        status: attempt.status,
        number: Some(attempt.number),
        reason: Some(attempt.reason),
        response: attempt.response,
        event: None,
    }
}

fn accepted_delivery(request: AcceptedRequest) -> RecentDeliveryView {
    let took_ms = request.took.as_millis();
    let started_ms = request
        .ended_at
        .unix_ms()
        .saturating_sub(i64::try_from(took_ms).unwrap_or(0));
    RecentDeliveryView {
        seq: request.seq,
        events: request.events,
        started_at: Timestamp::from_unix_ms(started_ms),
        duration_ms: u32::try_from(took_ms).unwrap_or(u32::MAX),
        outcome: DeliveryOutcome::Delivered,
        status: request.status,
        number: None,
        reason: None,
        response: String::new(),
        event: None,
    }
}
