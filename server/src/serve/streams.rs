//! The streams of one HTTP/2 connection.
//!
//! A client decides for each stream how much of the response it takes, and can read from the connection all the while: that it
//! takes nothing of a response does not show in what is written to the connection, as it does over HTTP/1.1. It shows in the
//! body: hyper asks for the next piece once the client has made room for the last one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Clones share the streams.
#[derive(Clone)]
pub(super) struct Streams(Arc<Mutex<State>>);

struct State {
    open: usize,
    /// When the last stream ended, or the connection began.
    idle_since: Instant,
    next_id: u64,
    /// Since when the responses wait for the client, by stream.
    waiting: HashMap<u64, Instant>,
}

/// From the end of a request's head to the end of its response, when it is dropped.
pub(super) struct OpenStream {
    streams: Streams,
    id: u64,
}

/// What a connection has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// No deadline passes before this instant.
    InTime(Instant),
    /// There has been no stream for too long.
    Idle,
    /// The client has not taken a piece of a response for too long.
    Stalled,
}

impl Streams {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            open: 0,
            idle_since: Instant::now(),
            next_id: 0,
            waiting: HashMap::new(),
        })))
    }

    pub(super) fn begin(&self) -> OpenStream {
        let mut state = self.lock();
        state.open += 1;
        state.next_id += 1;
        OpenStream {
            streams: self.clone(),
            id: state.next_id,
        }
    }

    /// Compares with the deadlines.
    pub(super) fn check(&self, response_piece: Duration, idle: Duration) -> Finding {
        let now = Instant::now();
        let state = self.lock();
        let stalls_at = state.waiting.values().min().map(|since| *since + response_piece);
        let idles_at = (state.open == 0).then(|| state.idle_since + idle);
        if stalls_at.is_some_and(|at| at <= now) {
            return Finding::Stalled;
        }
        if idles_at.is_some_and(|at| at <= now) {
            return Finding::Idle;
        }
        // What begins to wait from now on is not overdue before that.
        let at = now + response_piece;
        let earliest = [stalls_at, idles_at].into_iter().flatten().fold(at, Instant::min);
        Finding::InTime(earliest)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenStream {
    /// A piece of the response is ready for the client.
    pub(super) fn offered(&self) {
        self.streams.lock().waiting.insert(self.id, Instant::now());
    }

    /// The client has made room for the piece.
    pub(super) fn taken(&self) {
        self.streams.lock().waiting.remove(&self.id);
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut state = self.streams.lock();
        state.waiting.remove(&self.id);
        state.open -= 1;
        if state.open == 0 {
            state.idle_since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: Duration = Duration::from_secs(30);
    const IDLE: Duration = Duration::from_secs(90);

    fn in_time(after: Duration) -> Finding {
        Finding::InTime(Instant::now() + after)
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_streams_is_idle() {
        let streams = Streams::new();
        assert_eq!(streams.check(PIECE, IDLE), in_time(PIECE));
        tokio::time::advance(Duration::from_secs(80)).await;
        assert_eq!(streams.check(PIECE, IDLE), in_time(Duration::from_secs(10)));
        let stream = streams.begin();
        tokio::time::advance(IDLE).await;
        assert_eq!(
            streams.check(PIECE, IDLE),
            in_time(PIECE),
            "a handler may take its time"
        );
        drop(stream);
        assert_eq!(streams.check(PIECE, IDLE), in_time(PIECE));
        tokio::time::advance(IDLE).await;
        assert_eq!(streams.check(PIECE, IDLE), Finding::Idle);
    }

    #[tokio::test(start_paused = true)]
    async fn one_response_that_is_not_taken_is_enough() {
        let streams = Streams::new();
        let (stalled, moving) = (streams.begin(), streams.begin());
        stalled.offered();
        for _ in 0..3 {
            moving.offered();
            tokio::time::advance(Duration::from_secs(9)).await;
            moving.taken();
        }
        assert_eq!(streams.check(PIECE, IDLE), in_time(Duration::from_secs(3)));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(streams.check(PIECE, IDLE), Finding::Stalled);
        drop(stalled);
        assert_eq!(streams.check(PIECE, IDLE), in_time(PIECE));
    }
}
