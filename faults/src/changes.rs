//! What administrators change meanwhile.

use std::fmt;

use drill::Dice;

use crate::targets::index;

/// A change through the API. Places are numbers in the list of destinations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// One of the filters of the destination.
    Filter {
        place: usize,
        choice: usize,
    },
    Paused {
        place: usize,
        is_paused: bool,
    },
    Active {
        place: usize,
        is_active: bool,
    },
    Limits {
        place: usize,
        concurrent: u64,
        per_second: Option<u64>,
    },
    /// The latest events are sent again.
    Replay {
        place: usize,
    },
    /// A destination is added, or deleted.
    Visitor,
    /// Settings of the instance.
    Retention {
        days: u64,
    },
    Alerts {
        minutes: u64,
    },
    /// Rejected and parked events are sent again.
    RetryRejected {
        place: usize,
    },
    Rename {
        place: usize,
        number: u64,
    },
}

impl Change {
    /// How many kinds there are.
    #[cfg(test)]
    pub(crate) const KINDS: usize = 10;

    pub(crate) fn next(dice: &mut Dice, places: usize) -> Self {
        let place = index(dice, places);
        match dice.roll(100) {
            0..25 => Self::Filter {
                place,
                choice: index(dice, 4),
            },
            25..40 => Self::Paused {
                place,
                is_paused: dice.chance(50),
            },
            40..48 => Self::Active {
                place,
                is_active: dice.chance(70),
            },
            48..60 => Self::Limits {
                place,
                concurrent: 1 + dice.roll(64),
                per_second: dice.chance(40).then(|| 20 + dice.roll(400)),
            },
            60..75 => Self::Replay { place },
            75..83 => Self::Visitor,
            83..87 => Self::Retention {
                days: 60 + dice.roll(300),
            },
            87..91 => Self::Alerts {
                minutes: 5 + dice.roll(60),
            },
            91..96 => Self::RetryRejected { place },
            _ => Self::Rename {
                place,
                number: dice.roll(1_000_000),
            },
        }
    }

    /// Under which name changes are counted.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Filter { .. } => "filter",
            Self::Paused { .. } => "pause",
            Self::Active { .. } => "active",
            Self::Limits { .. } => "limits",
            Self::Replay { .. } => "replay",
            Self::Visitor => "destination",
            Self::Retention { .. } => "retention",
            Self::Alerts { .. } => "alerts",
            Self::RetryRejected { .. } => "retry of rejected events",
            Self::Rename { .. } => "name",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:?}")
    }
}
