//! How long a client may take.

use std::time::Duration;

/// After so long without a packet, the system asks whether the other end is still there, as often as [`KEEPALIVE_PROBES`].
/// Without an answer, the connection fails after two minutes.
pub(super) const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
/// Between two of these questions.
pub(super) const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// Questions without an answer.
pub(super) const KEEPALIVE_PROBES: u32 = 4;

/// How long a connection may be without a request in progress while others wait for a place.
pub(super) const IDLE_IN_A_CROWD: Duration = Duration::from_secs(1);

/// Each bounds one way in which a client can keep a connection without using it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientDeadlines {
    /// The head of a request, from its first byte; that of the first one from the start of the connection.
    pub(crate) head: Duration,
    /// Between two requests. Longer than the pools of most clients keep their connections, so that it is not the server that
    /// closes a connection just when it is used again.
    pub(crate) idle: Duration,
    /// Between two pieces of a request's body.
    pub(crate) body_piece: Duration,
    /// The whole body of a request. Longer than what ingest and REST allow, which say so in their own words.
    pub(crate) body: Duration,
    /// In which a client takes [`PROGRESS_BYTES`] of what waits to be sent to it.
    pub(crate) response_piece: Duration,
}

/// What a client has to take within [`ClientDeadlines::response_piece`]: some 500 bytes a second.
pub(super) const PROGRESS_BYTES: usize = 16 * 1024;

impl Default for ClientDeadlines {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_secs(90),
            body_piece: Duration::from_secs(30),
            body: Duration::from_secs(150),
            response_piece: Duration::from_secs(30),
        }
    }
}
