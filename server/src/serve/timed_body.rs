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

use super::{deadlines::ClientDeadlines, timed_stream::Answering};

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

/// The body of a response, with what ends when it has been sent.
pub(super) struct AnsweringBody {
    body: Body,
    _answering: Answering,
}

impl AnsweringBody {
    pub(super) const fn new(body: Body, answering: Answering) -> Self {
        Self {
            body,
            _answering: answering,
        }
    }
}

impl HttpBody for AnsweringBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
