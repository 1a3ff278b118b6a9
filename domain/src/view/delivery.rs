//! What happened to one event at one destination.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::DestinationId};

/// What happened to an event at a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// The destination accepted it.
    Delivered,
    /// It has not been sent yet, or was not accepted yet.
    Waiting,
    /// The destination rejected it, and it is retried.
    Retrying,
    /// The destination rejected it in every attempt, or an administrator parked it.
    Parked,
    /// It was parked, and an administrator discarded it.
    Discarded,
    /// The filters of the destination do not admit it.
    FilteredOut,
    /// It was received before the stream of the destination started.
    BeforeStart,
    /// It was received while the destination was inactive.
    Inactive,
    /// It is not known any more, because the filters were changed after it was received.
    Unknown,
}

/// What happened to an event at a destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliveryView {
    /// Id of the destination.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub destination_id: DestinationId,
    /// Name of the destination.
    pub name: String,
    /// What happened to the event there.
    pub state: DeliveryState,
    /// The state in a sentence.
    pub explanation: String,
    /// Number of attempts so far, if it is retried or parked.
    pub tries: Option<u32>,
    /// Why the last attempt failed, if it is retried or parked.
    pub reason: Option<String>,
    /// Start of the body of the last response, if it is retried or parked and the response is kept.
    pub response: Option<String>,
    /// What an administrator can do about it, if it is retried or parked.
    pub next_step: Option<String>,
    /// When the destination last rejected it. Null unless it is retried or parked.
    pub refused_at: Option<Timestamp>,
    /// When it is sent again, if it is retried.
    pub next_try_at: Option<Timestamp>,
    /// When the last request that delivered it was answered, if it is one of the latest of the stream since the server started and
    /// sent this event alone or first.
    pub delivered_at: Option<Timestamp>,
    /// HTTP status of that answer.
    pub status: Option<u16>,
    /// When the last replay ended that includes it.
    pub replayed_at: Option<Timestamp>,
    /// Whether it can be sent again now.
    pub can_send_again: bool,
}
