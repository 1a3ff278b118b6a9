//! What happened to an event at each destination, and sending it to one of them again.

use domain::{
    delivery::advice,
    ids::{DestinationId, Seq},
    instance_event::{Action, Author, InstanceEvent},
    view::{DeliveryState, DeliveryView},
};

use super::AdminError;
use crate::{
    Engine,
    store::{Destination, EventFacts, RefusedFacts},
};

impl Engine {
    /// What happened to an event at each destination, in the order of the list of destinations.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if the event is not in the log, or [`AdminError::Internal`].
    pub async fn list_deliveries(&self, seq: Seq) -> Result<Vec<DeliveryView>, AdminError> {
        let event = self.log().read_one(seq).await?.ok_or(AdminError::NotFound)?;
        let destinations = self.database().list_destinations().await?;
        let mut facts = self.database().read_event_facts(&event).await?;
        let view = |destination: Destination| {
            let is_admitted = destination.admission().admits(&event);
            let facts = facts.remove(&destination.id).unwrap_or_default();
            let accepted = self.delivery().recent_requests(destination.id);
            let accepted = accepted.into_iter().rev().find(|request| request.seq == seq);
            DeliveryView {
                delivered_at: accepted.as_ref().map(|request| request.ended_at),
                status: accepted.and_then(|request| request.status),
                ..view(&destination, is_admitted, facts)
            }
        };
        Ok(destinations.into_iter().map(view).collect())
    }

    /// Sends an event to a destination once more, on the schedule of a refused event. One that is parked or retried is sent
    /// immediately.
    ///
    /// # Errors
    /// [`AdminError::NotFound`]; [`AdminError::NotSent`] with the reason; or [`AdminError::Internal`]. Nothing was changed.
    pub async fn send_again(&self, author: &Author, id: DestinationId, seq: Seq) -> Result<(), AdminError> {
        // Until it is stored that the destination needs the event, nothing else keeps it in the log.
        let keeping = self.log().pruning_permit().await;
        let event = self.log().read_one(seq).await?.ok_or(AdminError::NotFound)?;
        let destination = self.database().find_destination(id).await?;
        let destination = destination.ok_or(AdminError::NotFound)?;
        let is_admitted = destination.admission().admits(&event);
        let mut facts = self.database().read_event_facts(&event).await?;
        let facts = facts.remove(&id).unwrap_or_default();
        let state = state(&facts, is_admitted, destination.stream_state.active);
        if let Some(reason) = obstacle(state, is_admitted, destination.stream_state.active) {
            return Err(AdminError::NotSent { reason });
        }
        let sent = InstanceEvent::new(destination.subject(), Action::EventSentAgain(seq));
        let sent = self.recorded(sent, author);
        let is_stored = self.database().send_again(id, seq, self.clock().now(), &sent).await?;
        drop(keeping);
        if !is_stored {
            return Err(AdminError::NotFound);
        }
        self.after_change().await;
        Ok(())
    }
}

/// Why an event can't be sent again; `None` if it can.
const fn obstacle(state: DeliveryState, is_admitted: bool, is_active: bool) -> Option<&'static str> {
    if !is_active {
        return Some("The destination is inactive. Activate it first.");
    }
    if !is_admitted {
        return Some("The filters of the destination do not admit this event.");
    }
    match state {
        DeliveryState::Waiting => Some("The event has not been delivered yet: it is still waiting."),
        _ => None,
    }
}

/// Derives the state from what is stored. The filters are those of now.
const fn state(facts: &EventFacts, is_admitted: bool, is_active: bool) -> DeliveryState {
    match &facts.refused {
        Some(RefusedFacts { due_at: Some(_), .. }) => return DeliveryState::Retrying,
        Some(RefusedFacts { due_at: None, .. }) => return DeliveryState::Parked,
        None => {}
    }
    if facts.was_discarded {
        return DeliveryState::Discarded;
    }
    if facts.is_before_start {
        return DeliveryState::BeforeStart;
    }
    if facts.was_inactive {
        return DeliveryState::Inactive;
    }
    if !facts.is_acknowledged && (is_admitted || !is_active) {
        return DeliveryState::Waiting;
    }
    match (facts.is_acknowledged && facts.is_before_filter, is_admitted) {
        (true, _) => DeliveryState::Unknown,
        (false, true) => DeliveryState::Delivered,
        (false, false) => DeliveryState::FilteredOut,
    }
}

const fn explanation(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Delivered => "The destination accepted this event.",
        DeliveryState::Waiting => "This event is waiting to be sent.",
        DeliveryState::Retrying => "This event is being retried.",
        DeliveryState::Parked => "This event is no longer retried.",
        DeliveryState::Discarded => "An administrator discarded this event.",
        DeliveryState::FilteredOut => "The filters of this destination exclude this event.",
        DeliveryState::BeforeStart => "This event was received before the stream started.",
        DeliveryState::Inactive => {
            "This event was received while the destination was inactive. Such events are not sent."
        }
        DeliveryState::Unknown => {
            "Delivered, or excluded by an earlier filter: the filters were changed after this event was received."
        }
    }
}

fn view(destination: &Destination, is_admitted: bool, facts: EventFacts) -> DeliveryView {
    let is_active = destination.stream_state.active;
    let state = state(&facts, is_admitted, is_active);
    let replayed_at = facts.replayed_at;
    let refused = facts.refused;
    let next_step = refused
        .as_ref()
        .map(|refused| advice(destination.target.kind(), refused.refusal.into()).to_owned());
    DeliveryView {
        destination_id: destination.id,
        name: destination.name.to_string(),
        state,
        explanation: explanation(state).to_owned(),
        tries: refused.as_ref().map(|refused| refused.tries),
        refused_at: refused.as_ref().map(|refused| refused.refused_at),
        next_try_at: refused.as_ref().and_then(|refused| refused.due_at),
        response: refused.as_ref().map(|refused| refused.response.clone()),
        reason: refused.map(|refused| refused.reason),
        next_step,
        delivered_at: None,
        status: None,
        replayed_at,
        can_send_again: obstacle(state, is_admitted, is_active).is_none(),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, policy::Refusal};

    use super::*;

    fn refused(due_at: Option<Timestamp>) -> Option<RefusedFacts> {
        Some(RefusedFacts {
            tries: 1,
            reason: "Answered 422.".into(),
            response: String::new(),
            refusal: Refusal::Status(422),
            refused_at: Timestamp::from_unix_ms(0),
            due_at,
        })
    }

    /// Admitted, at an active destination.
    fn usual(facts: &EventFacts) -> DeliveryState {
        state(facts, true, true)
    }

    #[test]
    fn the_state_follows_from_what_is_stored() {
        let waiting = EventFacts::default();
        let acknowledged = EventFacts {
            is_acknowledged: true,
            ..EventFacts::default()
        };
        assert_eq!(usual(&waiting), DeliveryState::Waiting);
        assert_eq!(usual(&acknowledged), DeliveryState::Delivered);
        assert_eq!(state(&waiting, false, true), DeliveryState::FilteredOut);
        assert_eq!(state(&acknowledged, false, true), DeliveryState::FilteredOut);
        let with = |change: fn(&mut EventFacts)| {
            let mut facts = acknowledged.clone();
            change(&mut facts);
            facts
        };
        assert_eq!(
            usual(&with(|facts| facts.was_discarded = true)),
            DeliveryState::Discarded
        );
        assert_eq!(usual(&with(|facts| facts.was_inactive = true)), DeliveryState::Inactive);
        let early = with(|facts| facts.is_before_start = true);
        assert_eq!(usual(&early), DeliveryState::BeforeStart);
        let retrying = with(|facts| facts.refused = refused(Some(Timestamp::from_unix_ms(9))));
        assert_eq!(usual(&retrying), DeliveryState::Retrying);
        assert_eq!(
            usual(&with(|facts| facts.refused = refused(None))),
            DeliveryState::Parked
        );
    }

    #[test]
    fn what_an_earlier_filter_did_is_unknown() {
        let facts = EventFacts {
            is_acknowledged: true,
            is_before_filter: true,
            ..EventFacts::default()
        };
        assert_eq!(usual(&facts), DeliveryState::Unknown);
        assert_eq!(state(&facts, false, true), DeliveryState::Unknown);
        let ahead = EventFacts {
            is_before_filter: true,
            ..EventFacts::default()
        };
        assert_eq!(usual(&ahead), DeliveryState::Waiting);
    }

    #[test]
    fn only_an_active_destination_that_admits_an_event_is_sent_it_again() {
        let delivered = DeliveryState::Delivered;
        assert_eq!(obstacle(delivered, true, true), None);
        assert!(obstacle(delivered, false, true).is_some_and(|reason| reason.contains("filters")));
        assert!(obstacle(delivered, true, false).is_some_and(|reason| reason.contains("inactive")));
        assert!(obstacle(DeliveryState::Waiting, true, true).is_some_and(|reason| reason.contains("waiting")));
    }
}
