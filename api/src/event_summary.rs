//! The columns of an event on the Log page and in the CSV file.

use domain::event::{body::Members, describe_action};
use engine::log::BrowseRow;

/// Shown in place of the action if the body is damaged.
const UNREADABLE: &str = "The body of this event cannot be read.";

/// Texts of the columns; empty if the event does not have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventSummary {
    pub author_id: String,
    pub author_name: String,
    pub author_email: String,
    pub entity_id: String,
    pub entity_type: String,
    pub entity_path: String,
    pub target_id: String,
    pub target_type: String,
    pub target_details: String,
    pub action: String,
    pub ip_address: String,
}

impl EventSummary {
    /// The columns of an event.
    pub fn of(event: &BrowseRow) -> Self {
        let Ok(body) = Members::read(&event.body) else {
            tracing::error!(
                seq = event.position.seq.get(),
                "The body of a stored event is not a JSON object."
            );
            return Self {
                action: UNREADABLE.to_owned(),
                ..Self::default()
            };
        };
        let details = body.object("details").unwrap_or_default();
        Self {
            author_id: body.plain("author_id"),
            author_name: body.plain("author_name"),
            author_email: details.plain("author_email"),
            entity_id: body.plain("entity_id"),
            entity_type: body.plain("entity_type"),
            entity_path: body.plain("entity_path"),
            target_id: body.plain("target_id"),
            target_type: body.plain("target_type"),
            target_details: body.plain("target_details"),
            action: describe_action(&details, &event.event_type),
            ip_address: body.plain("ip_address"),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, event::EventId, ids::Seq};
    use engine::log::BrowsePosition;

    use super::*;

    fn summary(body: &str) -> EventSummary {
        EventSummary::of(&BrowseRow {
            position: BrowsePosition {
                created_at: Timestamp::from_unix_ms(0),
                seq: Seq::new(1),
            },
            source: "test".into(),
            id: EventId::parse("x").unwrap(),
            event_type: "user_created".into(),
            received_at: Timestamp::from_unix_ms(0),
            body: body.into(),
        })
    }

    #[test]
    fn a_summary_says_what_the_event_says() {
        let shown = summary(
            r#"{"author_id":7,"author_name":"Ada","target_id":null,"ip_address":null,"details":{"add":"x","author_email":"a@x.example"}}"#,
        );
        let expected = EventSummary {
            author_id: "7".into(),
            author_name: "Ada".into(),
            author_email: "a@x.example".into(),
            action: "Added x".into(),
            ..EventSummary::default()
        };
        assert_eq!(shown, expected);
        assert_eq!(summary(r#"{"details":"free"}"#).action, "User created");
    }

    #[test]
    fn a_damaged_body_is_not_an_empty_one() {
        for body in ["", "[]", r#"{"author_id":7"#, "nonsense"] {
            assert_eq!(summary(body).action, UNREADABLE, "{body}");
        }
    }
}
