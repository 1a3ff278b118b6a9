//! The health of a stream, as administrators see it.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::Seq, policy::Trouble};

/// State of the stream to one destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamHealth {
    /// No event has been admitted yet.
    NothingToSend,
    /// Everything that is due has been delivered. Events that are sent in batches are due with their batch; before the first
    /// one, there is no last success.
    Healthy { last_success_at: Option<Timestamp> },
    /// Delivering, with this many log positions still to acknowledge.
    CatchingUp { waiting: u64 },
    /// Every event that was sent since then was refused. Refused events are tried again and then parked; the others go on.
    Refusing {
        since: Timestamp,
        /// Of the latest refusal.
        reason: String,
        /// How many different events it refused since then.
        events: u64,
        waiting: u64,
    },
    /// The destination fails, and the stream backs off: one probe at a time until an event is accepted. Nothing is dropped.
    Retrying {
        trouble: Trouble,
        since: Timestamp,
        next_probe_at: Timestamp,
        waiting: u64,
        /// The event that the last failed probe was about; `None` if it carried several, or if no event can be the reason.
        stuck_seq: Option<Seq>,
    },
    /// An administrator has stopped it for a while; everything is kept, with this many log positions still to acknowledge.
    Paused { waiting: u64 },
    /// An administrator has switched it off: events that arrive now are not sent.
    Inactive,
    /// Not started yet, or being restarted with a new configuration.
    Starting,
}

impl StreamHealth {
    /// The names of all states in APIs and metrics.
    pub const NAMES: [&'static str; 8] = [
        "starting",
        "nothing_to_send",
        "healthy",
        "catching_up",
        "refusing",
        "retrying",
        "paused",
        "inactive",
    ];

    /// The name of this state, one of [`Self::NAMES`].
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::NothingToSend => "nothing_to_send",
            Self::Healthy { .. } => "healthy",
            Self::CatchingUp { .. } => "catching_up",
            Self::Refusing { .. } => "refusing",
            Self::Retrying { .. } => "retrying",
            Self::Paused { .. } => "paused",
            Self::Inactive => "inactive",
        }
    }
}

/// A destination has accepted nothing since it began to refuse events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusing {
    /// When it refused the first of them.
    pub since: Timestamp,
    /// Why it refused the latest.
    pub reason: String,
    /// How many different events these are.
    pub events: u64,
}

/// How long a destination has been inactive, and what it misses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inactive {
    /// When the destination was deactivated.
    pub since: Timestamp,
    /// Events received since then, which are never sent.
    pub not_sent: u64,
}

/// How many requests a stream has in flight at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Concurrency {
    /// Current limit on concurrent requests. It adapts to the latency and the failures of the destination.
    #[cfg_attr(feature = "openapi", schema(example = 48))]
    pub limit: u32,
    /// Requests that are in flight now.
    #[cfg_attr(feature = "openapi", schema(example = 31))]
    pub in_flight: u32,
    /// The most requests in flight that the settings of the destination allow.
    #[cfg_attr(feature = "openapi", schema(example = 256))]
    pub maximum: u32,
    /// Whether `maximum` keeps the limit from growing. Never for a stream that sends batches one after the other.
    #[cfg_attr(feature = "openapi", schema(example = false))]
    pub limited_by_settings: bool,
    /// Whether events wait now because the maximum number of requests per second is reached.
    #[cfg_attr(feature = "openapi", schema(example = false))]
    pub limited_by_rate: bool,
}

impl Concurrency {
    /// The highest limit of any stream.
    pub const MOST: u32 = 256;
}

/// What else is worth knowing of a stream, whatever its health.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamFacts {
    /// When an event was last accepted.
    pub last_success_at: Option<Timestamp>,
    /// When the oldest event that is not acknowledged came in; `None` if nothing waits.
    pub oldest_waiting_at: Option<Timestamp>,
    /// When the log reaches its limit if this stream goes on holding it back and events go on coming in as in the last hour;
    /// `None` if it does not, or if that is more than a year away.
    pub log_full_at: Option<Timestamp>,
    /// Refused events that are still tried, each on its own schedule.
    pub retrying: u64,
    /// Refused events that are not tried any more.
    pub parked: u64,
    /// Of an inactive destination.
    pub inactive: Option<Inactive>,
    /// Events delivered in each of the last 30 minutes, the one that is running last.
    pub per_minute: Vec<u32>,
    /// `None` if the stream does not run.
    pub concurrency: Option<Concurrency>,
    /// When the first of the CA certificates of the destination expires; `None` without any.
    pub ca_certificate_expires_at: Option<Timestamp>,
    /// When our client certificate expires; `None` without one.
    pub client_certificate_expires_at: Option<Timestamp>,
    /// When the certificate of the server expires; `None` until the stream has connected to it by TLS.
    pub server_certificate_expires_at: Option<Timestamp>,
}
