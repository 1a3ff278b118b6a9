//! What to measure, and how much of it.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

#[derive(Parser)]
#[command(
    name = "cargo xtask bench",
    about = "Measures a release build. Without a name: each path beside its limit"
)]
pub(crate) struct Args {
    /// What to measure; `growth` and `plots` stand for all parts that begin with them
    pub(crate) names: Vec<Name>,
    /// `isolation`: events posted in each measurement, 200 per second
    #[arg(long, value_name = "EVENTS", default_value_t = 1_000)]
    pub(crate) posts: usize,
    /// `growth-start`: events in the backlog
    #[arg(long, value_name = "EVENTS", default_value_t = 1_000_000)]
    pub(crate) events: usize,
    /// `growth-retention`: events that have reached the retention age
    #[arg(long, value_name = "EVENTS", default_value_t = 5_000_000)]
    pub(crate) expired: usize,
    /// `growth-retention`: seconds of posting before and after the events are removed
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    pub(crate) seconds: u64,
    /// `growth-memory`: requests of 10,000 events
    #[arg(long, value_name = "REQUESTS", default_value_t = 160)]
    pub(crate) requests: usize,
    /// `plots-destinations`, `plots-event-size`: about so many deliveries in each measurement
    #[arg(long, value_name = "EVENTS", default_value_t = 400_000)]
    pub(crate) deliveries: usize,
    /// `plots-backlog`: events in the largest backlog; the others have 10,000, 100,000 and so on
    #[arg(long, value_name = "EVENTS", default_value_t = 1_000_000)]
    pub(crate) backlog: usize,
    /// `backup`, `check`: events in the log
    #[arg(long, value_name = "EVENTS", default_value_t = 1_000_000)]
    pub(crate) stored: usize,
    /// Folder with performance.md and images, into which results are written
    #[arg(long, value_name = "FOLDER", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs"))]
    pub(crate) docs: PathBuf,
    /// Passed by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    Batches,
    Singles,
    Backlog,
    Distance,
    Latency,
    Start,
    Log,
    Activity,
    Isolation,
    Growth,
    GrowthStart,
    GrowthRetention,
    GrowthMemory,
    Plots,
    PlotsDestinations,
    PlotsBacklog,
    PlotsEventSize,
    Backup,
    Check,
}

/// What is measured if nothing is named.
const PATHS: [Name; 8] = [
    Name::Batches,
    Name::Singles,
    Name::Backlog,
    Name::Distance,
    Name::Latency,
    Name::Start,
    Name::Log,
    Name::Activity,
];

impl Args {
    /// What is to be measured, part by part.
    pub(crate) fn parts(&self) -> Vec<Name> {
        match self.names.as_slice() {
            [] => PATHS.to_vec(),
            names => names.iter().flat_map(|name| name.parts()).collect(),
        }
    }
}

impl Name {
    fn parts(self) -> Vec<Self> {
        match self {
            Self::Growth => vec![Self::GrowthStart, Self::GrowthRetention, Self::GrowthMemory],
            Self::Plots => vec![Self::PlotsDestinations, Self::PlotsBacklog, Self::PlotsEventSize],
            part => vec![part],
        }
    }
}
