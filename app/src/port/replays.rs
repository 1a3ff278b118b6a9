//! What the page shows of replays.

use domain::{
    Timestamp,
    ids::ReplayId,
    replay::{ReplayProgress, ReplayRequest, ReplayState, ReplayWait},
};

/// Replays to one destination.
#[derive(Clone, Debug, Default)]
pub struct Replays {
    /// What somebody had counted a moment ago, to be started.
    pub counted: Option<CountedReplay>,
    /// The newest first.
    pub all: Vec<ReplaySummary>,
}

/// A replay that could be started, and how many events it would send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedReplay {
    pub request: ReplayRequest,
    pub events: u64,
    /// Event types that it names although the instance does not know them.
    pub unknown_types: Vec<String>,
}

/// A replay, and how far it is.
#[derive(Clone, Debug)]
pub struct ReplaySummary {
    pub id: ReplayId,
    pub request: ReplayRequest,
    pub state: ReplayState,
    pub progress: ReplayProgress,
    /// None if it does not have to wait.
    pub waits: Option<ReplayWait>,
    pub last_error: Option<String>,
    /// Name of who started it.
    pub created_by: String,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}
