//! The bodies of a request and of its response, on their way through a connection.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use api::web::BodyStalled;
use axum::{body::Body, body::Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    deadlines::{ClientDeadlines, PROGRESS_BYTES},
    streams::OpenStream,
    timed_stream::Answering,
};

/// The body of a request that ends with [`BodyStalled`] when no piece of it comes for too long, or the whole takes too long.
pub(super) struct TimedBody {
    body: Incoming,
    piece_within: Duration,
    whole_until: Instant,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    pub(super) fn new(body: Incoming, deadlines: ClientDeadlines) -> Self {
        Self {
            body,
            piece_within: deadlines.body_piece,
            whole_until: Instant::now() + deadlines.body,
            waiting: None,
        }
    }
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            if Instant::now() >= this.whole_until {
                return Poll::Ready(Some(Err(BodyStalled.into())));
            }
            this.waiting = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let until = this.whole_until.min(Instant::now() + this.piece_within);
        let waiting = this.waiting.get_or_insert_with(|| Box::pin(sleep_until(until)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Some(Err(BodyStalled.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What ends when a response has been sent.
pub(super) enum Sending {
    /// The connection has no other requests meanwhile.
    Alone { _answering: Answering },
    /// One of the streams of its connection.
    Stream(OpenStream),
}

/// The body of a response.
pub(super) struct AnsweringBody {
    body: Body,
    /// Of the last piece of `body`, what has not been passed on.
    rest: Bytes,
    sending: Sending,
}

impl From<Answering> for Sending {
    fn from(answering: Answering) -> Self {
        Self::Alone { _answering: answering }
    }
}

impl From<OpenStream> for Sending {
    fn from(stream: OpenStream) -> Self {
        Self::Stream(stream)
    }
}

impl AnsweringBody {
    pub(super) const fn new(body: Body, sending: Sending) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            sending,
        }
    }

    /// The next frame, of a size that a client which is fast enough takes in time.
    fn poll_small_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                end => return Poll::Ready(end),
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(PROGRESS_BYTES));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl HttpBody for AnsweringBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let Sending::Stream(stream) = &this.sending else {
            return Pin::new(&mut this.body).poll_frame(context);
        };
        stream.taken();
        let polled = this.poll_small_frame(context);
        if let (Poll::Ready(Some(Ok(_))), Sending::Stream(stream)) = (&polled, &this.sending) {
            stream.offered();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (body, rest) = (
            self.body.size_hint(),
            u64::try_from(self.rest.len()).unwrap_or(u64::MAX),
        );
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower().saturating_add(rest));
        if let Some(upper) = body.upper().and_then(|upper| upper.checked_add(rest)) {
            hint.set_upper(upper);
        }
        hint
    }
}
