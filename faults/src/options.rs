//! What a run is told, and why it could not be made.

use std::{io, path::PathBuf, time::Duration};

use drill::{ApiError, PostError};

use crate::story::Output;

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server's binary.
    pub binary: PathBuf,
    /// Ends after so many kills.
    pub kills: u32,
    /// Ends after this time, if it comes first.
    pub at_most: Duration,
    /// Repeats the rounds of another run.
    pub seed: u64,
    /// A folder for everything; it must exist.
    pub work: PathBuf,
    /// Events per second of all producers.
    pub rate: f64,
    /// All faults end for a while after so many kills.
    pub quiet_every: u32,
    /// A filesystem may be mounted, and the clock set.
    pub uses_the_machine: bool,
    /// What is printed meanwhile.
    pub output: Output,
    /// Seconds after which the server gives up a request to a destination.
    pub request_timeout: u32,
}

/// A run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FaultsError {
    /// A file, a process or a socket.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// No client.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The server could not be set up.
    #[error("the server can't be set up: {0}")]
    SetUp(String),
    /// Events were rejected for good.
    #[error(transparent)]
    Post(#[from] PostError),
}
