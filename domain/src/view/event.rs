//! The columns of an event in the Log and in the CSV file.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    event::{EventId, body::Members, describe_action},
    ids::Seq,
};

/// Shown instead of the action if the body is damaged.
const UNREADABLE: &str = "The body of this event cannot be read.";

/// How much later than it was created an event has to be received to be late.
const LATE_MS: i64 = 60_000;

/// Texts of the columns; empty if the event does not have them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventSummary {
    /// Id of the author, as text. Empty if the event does not say; so are all others.
    pub author_id: String,
    /// Name of the author.
    pub author_name: String,
    /// E-mail address of the author.
    pub author_email: String,
    /// Id of the entity in which it happened.
    pub entity_id: String,
    /// Type of the entity, such as `Project`.
    pub entity_type: String,
    /// Full path of the entity.
    pub entity_path: String,
    /// Id of what was changed.
    pub target_id: String,
    /// Type of what was changed.
    pub target_type: String,
    /// What was changed, in words.
    pub target_details: String,
    /// What was done, in one line.
    pub action: String,
    /// Address from which it was done.
    pub ip_address: String,
}

impl EventSummary {
    /// The columns of an event; `None` if the body is damaged.
    pub fn read(event_type: &str, body: &str) -> Option<Self> {
        let body = Members::read(body).ok()?;
        let details = body.object("details").unwrap_or_default();
        Some(Self {
            author_id: body.plain("author_id"),
            author_name: body.plain("author_name"),
            author_email: details.plain("author_email"),
            entity_id: body.plain("entity_id"),
            entity_type: body.plain("entity_type"),
            entity_path: body.plain("entity_path"),
            target_id: body.plain("target_id"),
            target_type: body.plain("target_type"),
            target_details: body.plain("target_details"),
            action: describe_action(&details, event_type),
            ip_address: body.plain("ip_address"),
        })
    }

    /// The columns of an event whose body is damaged.
    pub fn unreadable() -> Self {
        Self {
            action: UNREADABLE.to_owned(),
            ..Self::default()
        }
    }
}

/// One row of the Log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// Position in the log.
    pub seq: Seq,
    /// When it happened, by the clock of its source.
    pub created_at: Timestamp,
    /// When this server received it.
    pub received_at: Timestamp,
    /// What happened.
    pub event_type: String,
    /// Who did what, where.
    pub summary: EventSummary,
}

impl EventRow {
    /// Whether it was received more than a minute after it was created.
    pub const fn is_late(&self) -> bool {
        self.received_at.unix_ms().saturating_sub(self.created_at.unix_ms()) > LATE_MS
    }
}

/// A whole event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventView {
    /// What the Log shows of it.
    pub row: EventRow,
    /// Id of the event, unique for one source.
    pub id: EventId,
    /// Name of the token that posted it, or `audit-streams`.
    pub source: String,
    /// The JSON object exactly as it is delivered.
    pub body: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_says_what_the_event_says() {
        let body = r#"{"author_id":7,"author_name":"Ada","target_id":null,"ip_address":null,"details":{"add":"x","author_email":"a@x.example"}}"#;
        let expected = EventSummary {
            author_id: "7".into(),
            author_name: "Ada".into(),
            author_email: "a@x.example".into(),
            action: "Added x".into(),
            ..EventSummary::default()
        };
        assert_eq!(EventSummary::read("user_created", body), Some(expected));
        let free = EventSummary::read("user_created", r#"{"details":"free"}"#).unwrap();
        assert_eq!(free.action, "User created");
    }

    #[test]
    fn a_damaged_body_is_not_an_empty_one() {
        for body in ["", "[]", r#"{"author_id":7"#, "nonsense"] {
            assert_eq!(EventSummary::read("x", body), None, "{body}");
        }
        assert!(EventSummary::unreadable().action.contains("cannot be read"));
    }

    #[test]
    fn late_is_more_than_a_minute_after_it_was_created() {
        let row = |delay_ms: i64| EventRow {
            seq: Seq::new(1),
            created_at: Timestamp::from_unix_ms(1_000),
            received_at: Timestamp::from_unix_ms(1_000 + delay_ms),
            event_type: String::new(),
            summary: EventSummary::default(),
        };
        assert!(!row(60_000).is_late() && row(60_001).is_late());
        assert!(!row(-5_000).is_late(), "the clock of its source is ahead");
    }
}
