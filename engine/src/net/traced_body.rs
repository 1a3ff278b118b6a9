//! The bodies of a traced request and its answer, which tell when they have ended.

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::{
    task::JoinHandle,
    time::{Instant, Sleep, sleep_until},
};

use super::{client::Late, trace::Recording};

/// Drives a connection for as long as it is held.
pub(super) struct Driver(JoinHandle<()>);

impl Driver {
    pub(super) fn spawn(connection: impl Future<Output = hyper::Result<()>> + Send + 'static) -> Self {
        Self(tokio::spawn(async move {
            // Whoever sends or reads over it is told the same.
            if let Err(error) = connection.await {
                tracing::debug!(error = crate::causes(&error), "The connection of a test ended early.");
            }
        }))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The body of a request.
pub(super) struct Outgoing {
    body: reqwest::Body,
    recording: Recording,
}

impl Outgoing {
    pub(super) const fn new(body: reqwest::Body, recording: Recording) -> Self {
        Self { body, recording }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let is_sent = match &polled {
            Poll::Ready(None) => true,
            Poll::Ready(Some(Ok(_))) => self.body.is_end_stream(),
            _ => false,
        };
        if is_sent {
            self.recording.sent();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, under the deadline of the whole request.
pub(super) struct Answering {
    body: Incoming,
    recording: Recording,
    deadline: Pin<Box<Sleep>>,
    head_at: Instant,
    bytes: usize,
    _driver: Driver,
}

impl Answering {
    pub(super) fn new(body: Incoming, driver: Driver, recording: Recording, deadline: Instant) -> Self {
        Self {
            body,
            recording,
            deadline: Box::pin(sleep_until(deadline)),
            head_at: Instant::now(),
            bytes: 0,
            _driver: driver,
        }
    }
}

impl Body for Answering {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.bytes += data.len();
                    self.recording.chunk(data);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.recording.failed(format!("The answer broke off: {error}."));
                Poll::Ready(Some(Err(error.into())))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => self.deadline.as_mut().poll(context).map(|()| {
                self.recording.failed("The answer did not end in time.");
                Some(Err(Late.into()))
            }),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Read to its end, or as far as anybody wanted.
impl Drop for Answering {
    fn drop(&mut self) {
        let reading = self.head_at.elapsed().as_secs_f64() * 1_000.0;
        self.recording
            .done(format!("{} bytes in the body, read in {reading:.1} ms.", self.bytes));
    }
}
