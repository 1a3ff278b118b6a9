//! Whether events leave for a destination.

use serde::{Deserialize, Serialize};

/// Two switches. Nothing is sent unless a destination is active and not paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamState {
    /// GitLab's switch: events received while it is off are not sent, not later either. Events
    /// that were undelivered before are sent as far as the log has kept them.
    pub active: bool,
    /// While it is on, everything is kept for the destination, and sent when it is off again.
    pub paused: bool,
}

impl StreamState {
    /// Whether events are sent: active and not paused.
    pub const fn is_running(self) -> bool {
        self.active && !self.paused
    }
}

impl Default for StreamState {
    fn default() -> Self {
        Self {
            active: true,
            paused: false,
        }
    }
}
