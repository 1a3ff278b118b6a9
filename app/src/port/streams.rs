//! What the page shows of streams, and what it may ask of them.

use domain::{
    activity::{Point, Span},
    destination::{DestinationDraft, StreamState},
    health::{StreamFacts, StreamHealth},
    ids::DestinationId,
    view::{AttemptView, OverviewView, ParkedView},
};

use super::replays::Replays;

/// A destination and how its stream is doing.
#[derive(Clone, Debug)]
pub struct StreamSummary {
    pub id: DestinationId,
    pub version: i64,
    /// What is stored, as its form shows it, event types in alphabetical order.
    pub draft: DestinationDraft,
    pub stream_state: StreamState,
    pub health: StreamHealth,
    pub facts: StreamFacts,
    /// Event types that its filter names although the instance does not know them.
    pub unknown_types: Vec<String>,
}

/// What a stream has done.
#[derive(Clone, Debug)]
pub struct StreamActivity {
    pub stream: StreamSummary,
    pub span: Span,
    /// The oldest first.
    pub points: Vec<Point>,
    /// The last of those that failed, the newest first.
    pub attempts: Vec<AttemptView>,
    /// The newest first; `stream.facts` says how many there are in all.
    pub parked: Vec<ParkedView>,
    pub replays: Replays,
}

/// What is done with a stream, its settings apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamCommand {
    Activate,
    Deactivate,
    Pause,
    Resume,
    /// Probe a held destination at once.
    RetryNow,
}

impl StreamCommand {
    const ALL: [Self; 5] = [
        Self::Activate,
        Self::Deactivate,
        Self::Pause,
        Self::Resume,
        Self::RetryNow,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Deactivate => "deactivate",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::RetryNow => "retry_now",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.as_str() == text)
    }
}

/// The instance at a glance.
#[derive(Clone, Debug)]
pub struct InstanceSummary {
    /// Where clients reach this server, without a slash at the end.
    pub public_url: String,
    pub overview: OverviewView,
    pub streams: Vec<StreamSummary>,
}
