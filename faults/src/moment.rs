//! When the server is killed: at random, or at a point that can be seen from outside.

use std::{fmt, time::Duration};

use drill::Dice;

use crate::targets::{Targets, index};

/// The name of a kill at no certain point.
pub(crate) const AT_RANDOM: &str = "at random";

/// A moment to kill the server at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// After so many acknowledged events, and so many microseconds.
    Acknowledged { events: u64, micros: u64 },
    /// A request has reached an endpoint, which has not answered.
    RequestArrived { endpoint: usize, micros: u64 },
    /// An endpoint has answered; the server has not stored that yet.
    Answered { endpoint: usize, micros: u64 },
    /// An administrator's change is requested and not answered.
    ChangeRequested { micros: u64 },
    /// The server is starting.
    Starting { micros: u64 },
}

impl Moment {
    /// How many kinds there are.
    #[cfg(test)]
    pub(crate) const KINDS: usize = 5;

    pub(crate) fn next(dice: &mut Dice, targets: Targets) -> Self {
        let endpoint = index(dice, targets.endpoints);
        match dice.roll(100) {
            0..40 => Self::Acknowledged {
                events: dice.roll(150),
                micros: dice.roll(30_000),
            },
            40..55 => Self::RequestArrived {
                endpoint,
                micros: dice.roll(300),
            },
            55..75 => Self::Answered {
                endpoint,
                micros: dice.roll(3_000),
            },
            75..87 => Self::ChangeRequested {
                micros: dice.roll(20_000),
            },
            _ => Self::Starting {
                micros: dice.roll(150_000),
            },
        }
    }

    /// The pause after what is waited for.
    pub(crate) const fn pause(&self) -> Duration {
        match self {
            Self::Acknowledged { micros, .. }
            | Self::RequestArrived { micros, .. }
            | Self::Answered { micros, .. }
            | Self::ChangeRequested { micros }
            | Self::Starting { micros } => Duration::from_micros(*micros),
        }
    }

    /// Under which name kills are counted.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Acknowledged { .. } => AT_RANDOM,
            Self::RequestArrived { .. } => "before an endpoint's answer",
            Self::Answered { .. } => "after an endpoint's answer",
            Self::ChangeRequested { .. } => "during a change",
            Self::Starting { .. } => "during a start",
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind())
    }
}
