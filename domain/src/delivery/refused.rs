//! What an administrator does with events that a destination refused.

use serde::{Deserialize, Serialize};

use crate::ids::Seq;

/// The two lists of events that a destination rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedList {
    /// They are tried again by themselves.
    Retrying,
    /// They are not tried any more.
    Parked,
}

/// Which events of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedChoice {
    All,
    /// Those at these positions of the log. One that is not in the list is left out.
    At(Vec<Seq>),
}

/// What an administrator does with refused events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedChange {
    /// Do not try them any more, and keep them. Changes nothing in the list of parked events.
    Park,
    /// Try them immediately, and then on the schedule of a fresh refusal.
    Retry,
    /// Give them up: this destination never gets them.
    Discard,
}
