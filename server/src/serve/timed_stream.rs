//! A connection that ends with an error when its client is too slow.
//!
//! hyper has one deadline, which covers idle time and the head of a request alike, and none for writing. Here the head of a
//! request has a deadline of its own, and so has a client that does not take what is sent to it: otherwise a few clients that
//! never read would use up all the connections. What is sent between two requests, and how long a handler takes, is not
//! bounded here. With TLS, the handshake and the first head have one deadline together.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::deadlines::{ClientDeadlines, PROGRESS_BYTES};

/// Whether a request is being answered; shared by the stream and whoever serves its requests.
#[derive(Clone, Default)]
pub(super) struct Busy(Arc<Requests>);

#[derive(Default)]
struct Requests {
    /// Heads that have arrived.
    begun: AtomicUsize,
    is_answering: AtomicBool,
    has_streams: AtomicBool,
}

/// Ends when dropped.
pub(super) struct Answering(Busy);

impl Busy {
    /// From the end of a request's head to the end of its response.
    pub(super) fn begin(&self) -> Answering {
        self.0.begun.fetch_add(1, Ordering::AcqRel);
        self.0.is_answering.store(true, Ordering::Release);
        Answering(self.clone())
    }

    /// From now on the connection has streams, with heads and deadlines of their own (`streams`).
    pub(super) fn leave_to_streams(&self) {
        self.0.has_streams.store(true, Ordering::Release);
    }

    /// How many requests have begun, while none is being answered.
    pub(super) fn unused_after(&self) -> Option<usize> {
        let is_answering = self.0.is_answering.load(Ordering::Acquire);
        (!is_answering).then(|| self.0.begun.load(Ordering::Acquire))
    }

    /// Whether no head is waited for here.
    fn expects_no_head(&self) -> bool {
        self.0.is_answering.load(Ordering::Acquire) || self.0.has_streams.load(Ordering::Acquire)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.0.is_answering.store(false, Ordering::Release);
    }
}

/// Wraps the stream of a connection.
pub(super) struct TimedStream<S> {
    stream: S,
    deadlines: ClientDeadlines,
    busy: Busy,
    /// Runs while a head is being received.
    head: Option<Timer>,
    /// Heads that had arrived at the last read.
    begun: usize,
    /// Runs while the client does not take what is sent.
    writing: Option<Timer>,
    /// Bytes that were taken since `writing` began.
    taken: usize,
}

type Timer = Pin<Box<Sleep>>;

fn timer(after: Duration) -> Timer {
    Box::pin(sleep_until(Instant::now() + after))
}

impl<S> TimedStream<S> {
    /// The head of the first request has to arrive from now on.
    pub(super) fn new(stream: S, deadlines: ClientDeadlines, busy: Busy) -> Self {
        Self {
            stream,
            deadlines,
            busy,
            head: Some(timer(deadlines.head)),
            begun: 0,
            writing: None,
            taken: 0,
        }
    }

    /// An error once the client has taken too little for too long.
    fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let after = self.deadlines.response_piece;
        let writing = self.writing.get_or_insert_with(|| timer(after));
        ready!(writing.as_mut().poll(context));
        Poll::Ready(timed_out("the client does not take the response"))
    }

    fn note_written(&mut self, written: &Poll<io::Result<usize>>) {
        if self.writing.is_none() {
            return;
        }
        if let Poll::Ready(Ok(bytes)) = written {
            self.taken = self.taken.saturating_add(*bytes);
        }
        if self.taken >= PROGRESS_BYTES {
            self.stop_writing_timer();
        }
    }

    fn stop_writing_timer(&mut self) {
        self.writing = None;
        self.taken = 0;
    }

    /// What was written, or an error if nothing can be for too long.
    fn or_stalled(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.note_written(&written);
        match written {
            Poll::Pending => self.poll_stalled(context).map(Err),
            written @ Poll::Ready(_) => written,
        }
    }
}

fn timed_out(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let begun = this.busy.0.begun.load(Ordering::Acquire);
        if begun != this.begun {
            this.begun = begun;
            this.head = None;
        }
        if this.busy.expects_no_head() {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                if buffer.filled().len() > before && this.head.is_none() {
                    this.head = Some(timer(this.deadlines.head));
                }
                Poll::Ready(Ok(()))
            }
            Poll::Pending => match &mut this.head {
                Some(head) => {
                    ready!(head.as_mut().poll(context));
                    Poll::Ready(Err(timed_out("the head of a request did not arrive in time")))
                }
                None => Poll::Pending,
            },
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.or_stalled(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.or_stalled(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Is reached when everything that hyper buffered has been passed on.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Pending => self.poll_stalled(context).map(Err),
            flushed @ Poll::Ready(_) => {
                self.stop_writing_timer();
                flushed
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_shutdown(context) {
            Poll::Pending => self.poll_stalled(context).map(Err),
            shut @ Poll::Ready(_) => shut,
        }
    }
}
