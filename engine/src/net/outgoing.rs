//! The body of a request on its way out.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::trace::Recording;

/// The body of a request on its way out.
pub(super) struct Outgoing {
    pub(super) body: Option<Bytes>,
    pub(super) recording: Recording,
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::convert::Infallible>>> {
        let frame = self.body.take().map(|body| Ok(Frame::data(body)));
        self.recording.sent();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let bytes = self.body.as_ref().map_or(0, Bytes::len);
        u64::try_from(bytes).map_or_else(|_| SizeHint::default(), SizeHint::with_exact)
    }
}
