//! How a stream is doing, as its administrator sees it.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, policy::Trouble};

/// State of the flow to one destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamHealth {
    /// No event has been admitted yet.
    NothingToSend,
    /// Everything that is due has been delivered.
    Healthy { last_success_at: Timestamp },
    /// Delivering, with this many log positions still to settle.
    CatchingUp { waiting: u64 },
    /// The destination is held: one probe at a time until it accepts again. Nothing is dropped.
    Held {
        trouble: Trouble,
        since: Timestamp,
        next_probe_at: Timestamp,
        waiting: u64,
    },
    /// An administrator has stopped it for a while; everything is kept, with this many log positions still to settle.
    Paused { waiting: u64 },
    /// An administrator has switched it off: what comes in now is not owed.
    Inactive,
    /// Not started yet, or being restarted with a new configuration.
    Starting,
}
