//! Whether events leave for a destination.

use serde::{Deserialize, Serialize};

/// Two switches. Nothing is sent unless a destination is active and not paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamState {
    /// GitLab's switch: events received while it is off are never sent. Events that were undelivered before that are sent
    /// after it is on again, if they are still in the log.
    pub active: bool,
    /// While it is on, all events are kept, and are sent when it is off again.
    pub paused: bool,
}

impl StreamState {
    /// Whether events are sent: active and not paused.
    pub const fn is_running(self) -> bool {
        self.active && !self.paused
    }
}

/// What an administrator does with the switches of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamCommand {
    Activate,
    Deactivate,
    Pause,
    Resume,
}

impl StreamCommand {
    /// Its name in requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Deactivate => "deactivate",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }

    /// The state after this command.
    #[must_use]
    pub const fn applied_to(self, state: StreamState) -> StreamState {
        let StreamState { active, paused } = state;
        match self {
            Self::Activate => StreamState { active: true, paused },
            Self::Deactivate => StreamState { active: false, paused },
            Self::Pause => StreamState { active, paused: true },
            Self::Resume => StreamState { active, paused: false },
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_moves_one_switch() {
        let both = StreamState {
            active: false,
            paused: true,
        };
        for (command, state) in [
            (StreamCommand::Activate, StreamState { active: true, ..both }),
            (StreamCommand::Deactivate, both),
            (StreamCommand::Pause, both),
            (StreamCommand::Resume, StreamState { paused: false, ..both }),
        ] {
            assert_eq!(command.applied_to(both), state);
            assert_eq!(serde_json::to_value(command).unwrap(), command.as_str());
        }
    }
}
