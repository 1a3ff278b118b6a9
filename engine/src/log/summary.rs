//! The columns of a stored event.

use domain::view::{EventRow, EventSummary, EventView};

use super::BrowseRow;

impl BrowseRow {
    /// The columns of the event. A damaged body is logged and shown as such.
    pub fn summary(&self) -> EventSummary {
        EventSummary::read(&self.event_type, &self.body).unwrap_or_else(|| {
            tracing::error!(
                seq = self.position.seq.get(),
                "The body of a stored event is not a JSON object."
            );
            EventSummary::unreadable()
        })
    }

    /// The event as a row of the Log.
    pub fn row(&self) -> EventRow {
        EventRow {
            seq: self.position.seq,
            created_at: self.position.created_at,
            received_at: self.received_at,
            event_type: self.event_type.clone(),
            summary: self.summary(),
        }
    }

    /// The whole event.
    pub fn view(self) -> EventView {
        EventView {
            row: self.row(),
            id: self.id,
            source: self.source,
            body: self.body,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, event::EventId, ids::Seq};
    use proptest::prelude::*;

    use super::*;
    use crate::log::BrowsePosition;

    proptest! {
        #[test]
        fn a_row_of_any_body_can_be_shown(body in ".*") {
            let row = BrowseRow {
                position: BrowsePosition {
                    created_at: Timestamp::from_unix_ms(0),
                    seq: Seq::new(1),
                },
                source: "test".into(),
                id: EventId::parse("x").unwrap(),
                event_type: "user_created".into(),
                received_at: Timestamp::from_unix_ms(0),
                body,
            };
            prop_assert!(!row.row().summary.action.is_empty());
        }
    }
}
