//! The requests of a stream or of a replay that are in flight, and how many more may be.

use std::sync::Arc;

use domain::policy::RequestNumber;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::time::Instant;

use super::pace::Pace;
use crate::{log::LoggedEvent, sink::Batching};

/// No other request is begun while the events in flight have this many bytes, or twice what one request takes.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Events that have failed alone are tried side by side, at least so many, and at most this part of what the pace allows: one that gets no
/// answer must not delay the others, and if a receiver restarts, many fail.
const FEWEST_SUSPECTS: usize = 4;
const SUSPECTS_PART: usize = 4;

/// `T` is what a request comes to.
pub(super) struct Flight<T> {
    pub(super) pace: Pace,
    requests: FuturesUnordered<BoxFuture<'static, T>>,
    /// Of the bodies of events, in requests that were begun with [`Self::begin`].
    bytes: usize,
    most_bytes: usize,
    /// The most requests that the settings of the destination allow.
    most: usize,
}

impl<T> Flight<T> {
    /// For requests that are made up in this way, so many at most.
    pub(super) fn new(batching: Batching, most: u32) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let requests = || Pace::of_requests(most);
        let (pace, most_bytes) = match batching {
            Batching::Single => (requests(), MOST_BYTES),
            Batching::Ready { bytes, .. } => (requests(), MOST_BYTES.max(2 * bytes)),
            Batching::Batches { .. } => (Pace::of_batches(), usize::MAX),
        };
        Self {
            pace,
            requests: FuturesUnordered::new(),
            bytes: 0,
            most_bytes,
            most,
        }
    }

    /// The same, with a limit that never grows fast.
    pub(super) fn cautious(batching: Batching, most: u32) -> Self {
        let mut flight = Self::new(batching, most);
        flight.pace.grow_slowly();
        flight
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// How many events that have failed alone may be in flight.
    pub(super) fn suspects_allowed(&self) -> usize {
        let fit_the_pace = FEWEST_SUSPECTS.max(self.pace.allowed() / SUSPECTS_PART);
        fit_the_pace.min(self.extra_allowed())
    }

    /// How many requests with events that have failed before may be in flight: while they get no answer, others are sent.
    pub(super) fn extra_allowed(&self) -> usize {
        self.most.saturating_sub(1).max(1)
    }

    /// Whether the events in flight leave room for others.
    pub(super) fn has_bytes_left(&self) -> bool {
        self.bytes < self.most_bytes
    }

    /// Begins a request with events that have so many bytes; `beside` others are in flight to the same destination.
    pub(super) fn begin(
        &mut self,
        number: RequestNumber,
        bytes: usize,
        beside: usize,
        request: impl Future<Output = T> + Send + 'static,
    ) {
        self.bytes += bytes;
        self.requests.push(request.boxed());
        self.pace.sent(number, self.len() + beside);
    }

    /// Begins a request that the pace does not count.
    pub(super) fn begin_extra(&mut self, request: impl Future<Output = T> + Send + 'static) {
        self.requests.push(request.boxed());
    }

    /// A request with so many bytes of events has ended.
    pub(super) fn ended(&mut self, bytes: usize) {
        self.bytes -= bytes;
    }

    /// The next request that ends; `None` if none is in flight.
    pub(super) async fn next(&mut self) -> Option<T> {
        self.requests.next().await
    }

    /// A request that has ended, if there is one.
    pub(super) fn next_ended(&mut self) -> Option<T> {
        self.requests.next().now_or_never().flatten()
    }
}

/// Of the bodies of these events.
pub(super) fn bytes_of(events: &[Arc<LoggedEvent>]) -> usize {
    events.iter().map(|event| event.body.len()).sum()
}

/// Waits for a future that may not be there.
pub(super) async fn running<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

/// Waits for a moment that may not be there.
pub(super) async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn as_many_suspects_are_tried_at_once_as_fit_the_pace() {
        let mut flight = Flight::<()>::new(Batching::Single, 256);
        assert_eq!(flight.suspects_allowed(), 4);
        for number in 1..=10_000 {
            flight.pace.sent(number, flight.pace.allowed());
            flight
                .pace
                .accepted(number, Some(Duration::from_millis(50)), Duration::ZERO);
        }
        assert!(flight.suspects_allowed() >= 32, "{}", flight.suspects_allowed());
    }

    #[test]
    fn suspects_leave_a_request_to_other_events() {
        let allowed = |most| Flight::<()>::new(Batching::Single, most).suspects_allowed();
        assert_eq!([1, 2, 3, 4, 5, 256].map(allowed), [1, 1, 2, 3, 4, 4]);
    }
}
