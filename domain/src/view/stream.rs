//! The read models of deliveries, failed attempts and parked events.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::Seq};

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptView {
    /// Position of the first event of the request in the log.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub seq: Seq,
    /// Number of events in the request.
    pub events: u32,
    /// Number of attempts of the first event so far, including this one.
    pub number: u32,
    /// When the request was sent.
    pub started_at: Timestamp,
    /// Milliseconds from sending the request to its response or failure.
    pub duration_ms: u32,
    /// Status of the response. Null if there was none.
    pub status: Option<u16>,
    /// Why it failed.
    pub reason: String,
    /// Start of the body of the response.
    pub response: String,
}

/// What an event says, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventBrief {
    /// Id of the event, unique for one source.
    pub id: String,
    /// What happened.
    pub event_type: String,
    /// What was done, in one line of at most 500 characters.
    pub action: String,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DeliveryOutcome {
    /// The destination accepted the request, or a part of it.
    Delivered,
    /// The request failed or was rejected.
    Failed,
}

/// A recent request of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecentDeliveryView {
    /// Position of the first event of the request in the log.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub seq: Seq,
    /// Number of events in the request; of a delivered one, those that were accepted.
    pub events: u32,
    /// When the request was sent.
    pub started_at: Timestamp,
    /// Milliseconds from sending the request to its response or failure.
    pub duration_ms: u32,
    /// How the request ended.
    pub outcome: DeliveryOutcome,
    /// Status of the response. Null if there was none.
    pub status: Option<u16>,
    /// Number of attempts of the first event so far, including this one. Null unless the request failed.
    pub number: Option<u32>,
    /// Why the request failed. Null if it was delivered.
    pub reason: Option<String>,
    /// Start of the body of the response to a failed request.
    pub response: String,
    /// The first event of the request. Null if it is no longer in the log.
    pub event: Option<EventBrief>,
}

/// An event that the destination rejected: it is retried, or parked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedView {
    /// Position of the event in the log.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub seq: Seq,
    /// Number of attempts so far.
    pub tries: u32,
    /// Why the last attempt failed.
    pub reason: String,
    /// Start of the body of the last response. Empty unless the event is one of the newest 1,000 rejected events of the destination.
    pub response: String,
    /// What an administrator can do about it.
    pub next_step: String,
    /// When the last attempt failed.
    pub refused_at: Timestamp,
    /// When it is retried. Null if it is parked.
    pub next_try_at: Option<Timestamp>,
    /// What the event says. Null if it can't be read.
    pub event: Option<EventBrief>,
}

/// A page of rejected events: of those that are retried, or of parked ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedPage {
    /// The newest first.
    pub items: Vec<RefusedView>,
    /// Number of these events on all pages.
    pub total: u64,
    /// The `before` of the next page. Null on the last page.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>))]
    pub next_before: Option<Seq>,
}

/// The first line of a response that has text in it.
pub fn first_line(response: &str) -> Option<&str> {
    response.lines().map(str::trim).find(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_response_is_its_first_text() {
        assert_eq!(first_line("\r\n  no such index \r\n[audit]"), Some("no such index"));
        assert_eq!(first_line(" \n"), None);
    }
}
