//! The connections of one client, kept for later requests.
//!
//! An HTTP/1.1 connection carries one request at a time, so it is in the pool only while it is idle. An HTTP/2 connection
//! is shared by all requests, so it stays in the pool until it is closed or retired.

use std::{
    error::Error,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use h2::Reason;
use http::uri::Authority;
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::{Instant, sleep};

use super::{connect::Stream, outgoing::Outgoing, send_error::SendError};

/// A connection that has been idle for this long is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// A connection that is older carries no further request, so that another address or certificate of the host is noticed.
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// How often idle connections are looked at.
const REAP_PERIOD: Duration = Duration::from_secs(10);

/// A response may have this many headers.
const MAX_RESPONSE_HEADERS: usize = 1_024;

/// And, over HTTP/2, this many bytes of them; over HTTP/1.1, the buffer that they are read into sets the limit.
const MAX_RESPONSE_HEADER_BYTES: u32 = 256 * 1024;

/// Clones share the connections.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Shared>);

#[derive(Default)]
struct Shared {
    kept: Mutex<Kept>,
    /// Locked while connecting to a host that may speak HTTP/2, so that concurrent requests share one new connection.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Kept {
    connections: Vec<Connection>,
    /// The newest connection speaks HTTP/1.1, so each concurrent request needs one of its own.
    speaks_http1: bool,
    /// A task closes idle connections.
    is_reaping: bool,
}

/// A connection to one host.
pub(super) struct Connection {
    host: Authority,
    sender: Sender,
    link: Arc<Link>,
    used_at: Instant,
}

enum Sender {
    Http1(http1::SendRequest<Outgoing>),
    Http2(http2::SendRequest<Outgoing>),
}

/// What clones of a connection share.
struct Link {
    received: Arc<AtomicU64>,
    tls_failure: Arc<OnceLock<rustls::Error>>,
    has_answered: AtomicBool,
    opened_at: Instant,
}

/// Why a request got no response.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: hyper::Error,
    pub(super) kind: FailureKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// The server refused the stream before it processed the request (`REFUSED_STREAM`). The connection goes on.
    Refused,
    /// The request was not sent, or the server is closing the connection and has not processed it (`GOAWAY`).
    Unprocessed,
    /// A connection that had been used before ended without a byte of a response: most likely the server closed it while
    /// it was idle.
    ClosedIdle,
    /// Anything else: a repeat would fail as well, or nobody knows.
    Final,
}

/// A request that waits for its response. If it is dropped before that, its connection may be dead although nobody closed
/// it, so no later request uses it.
pub(super) struct Unanswered(Option<(Pool, Arc<Link>)>);

impl Unanswered {
    pub(super) fn new(connection: &Connection, pool: Option<&Pool>) -> Self {
        Self(pool.map(|pool| (pool.clone(), Arc::clone(&connection.link))))
    }

    pub(super) fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some((pool, link)) = self.0.take() {
            pool.retire_link(&link);
        }
    }
}

impl Pool {
    /// A kept connection to the host, if there is one.
    pub(super) async fn kept(&self, host: &Authority) -> Option<Connection> {
        loop {
            let mut connection = self.take(host)?;
            // One that was closed in the meantime is dropped.
            if connection.ready().await.is_ok() {
                return Some(connection);
            }
        }
    }

    /// A new connection, made by `connect`; or the shared HTTP/2 connection that another request has just made.
    pub(super) async fn connect(
        &self,
        host: &Authority,
        connect: impl Future<Output = Result<Stream, SendError>>,
    ) -> Result<Connection, SendError> {
        let speaks_http1 = self.lock().speaks_http1;
        let _turn = match speaks_http1 {
            true => None,
            false => Some(self.0.connecting.lock().await),
        };
        if let Some(shared) = self.take_shared(host) {
            return Ok(shared);
        }
        let connection = Connection::establish(host.clone(), connect.await?).await?;
        let shared = connection.share();
        self.lock().speaks_http1 = shared.is_none();
        if let Some(shared) = shared {
            self.keep(shared);
        }
        Ok(connection)
    }

    /// The exchange is complete: the connection is free for the next request.
    pub(super) fn give_back(&self, connection: Connection) {
        // An HTTP/2 connection is here already.
        if let Sender::Http1(_) = connection.sender {
            self.keep(connection);
        }
    }

    /// No later request uses this connection.
    pub(super) fn retire(&self, connection: &Connection) {
        self.retire_link(&connection.link);
    }

    fn retire_link(&self, link: &Arc<Link>) {
        self.lock().connections.retain(|kept| !Arc::ptr_eq(&kept.link, link));
    }

    fn keep(&self, mut connection: Connection) {
        connection.used_at = Instant::now();
        let mut kept = self.lock();
        kept.connections.push(connection);
        if !kept.is_reaping {
            kept.is_reaping = true;
            tokio::spawn(reap(Arc::downgrade(&self.0)));
        }
    }

    /// The most recently used connection, which is the least likely to have been closed. So those that are more than the stream needs
    /// stay idle, and are closed.
    fn take(&self, host: &Authority) -> Option<Connection> {
        let mut kept = self.lock();
        loop {
            let position = kept.connections.iter().rposition(|kept| kept.host == *host)?;
            let found = kept.connections.get_mut(position)?;
            if found.is_http1() || found.is_over() {
                let taken = kept.connections.remove(position);
                if !taken.is_over() {
                    return Some(taken);
                }
            } else {
                return found.share_now();
            }
        }
    }

    fn take_shared(&self, host: &Authority) -> Option<Connection> {
        let mut kept = self.lock();
        let mut connections = kept.connections.iter_mut();
        let is_shared = |kept: &Connection| kept.host == *host && !kept.is_http1() && !kept.is_over();
        connections.rfind(|kept| is_shared(kept))?.share_now()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pool(..)")
    }
}

/// Closes idle connections until there is none left.
async fn reap(pool: Weak<Shared>) {
    loop {
        sleep(REAP_PERIOD).await;
        let Some(shared) = pool.upgrade() else { return };
        let pool = Pool(shared);
        let mut kept = pool.lock();
        kept.connections
            .retain(|kept| !kept.is_over() && kept.used_at.elapsed() < IDLE_TIMEOUT);
        if kept.connections.is_empty() {
            kept.is_reaping = false;
            return;
        }
    }
}

impl Connection {
    /// Agrees on HTTP with the server, over a connection that is open.
    pub(super) async fn establish(host: Authority, stream: Stream) -> Result<Self, SendError> {
        let (received, tls_failure) = (stream.received(), stream.failure());
        let sender = match stream.is_http2() {
            true => Sender::http2(stream).await,
            false => Sender::http1(stream).await,
        };
        Ok(Self {
            host,
            sender: sender.map_err(SendError::Exchange)?,
            link: Arc::new(Link {
                received,
                tls_failure,
                has_answered: AtomicBool::new(false),
                opened_at: Instant::now(),
            }),
            used_at: Instant::now(),
        })
    }

    pub(super) const fn is_http1(&self) -> bool {
        matches!(self.sender, Sender::Http1(_))
    }

    /// Why the connection ended, if TLS says so.
    pub(super) fn tls_failure(&self) -> Option<rustls::Error> {
        self.link.tls_failure.get().cloned()
    }

    /// Sends a request and waits for the head of its response.
    pub(super) async fn send(
        &mut self,
        request: http::Request<Outgoing>,
    ) -> Result<http::Response<Incoming>, Box<Failure>> {
        let was_used = self.link.has_answered.load(Ordering::Relaxed);
        let received = self.link.received.load(Ordering::Relaxed);
        let answered = match &mut self.sender {
            Sender::Http1(sender) => sender.try_send_request(request).await,
            Sender::Http2(sender) => sender.try_send_request(request).await,
        };
        match answered {
            Ok(response) => {
                self.link.has_answered.store(true, Ordering::Relaxed);
                Ok(response)
            }
            Err(error) => {
                // Other requests receive over an HTTP/2 connection as well.
                let is_untouched = !self.is_http1() || self.link.received.load(Ordering::Relaxed) == received;
                Err(Box::new(Failure::of(error, was_used && is_untouched)))
            }
        }
    }

    async fn ready(&mut self) -> hyper::Result<()> {
        match &mut self.sender {
            Sender::Http1(sender) => sender.ready().await,
            Sender::Http2(sender) => sender.ready().await,
        }
    }

    fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        }
    }

    /// No further request is sent over it.
    fn is_over(&self) -> bool {
        self.is_closed() || self.link.opened_at.elapsed() >= MAX_AGE
    }

    /// The same, as one that is used now.
    fn share_now(&mut self) -> Option<Self> {
        let shared = self.share()?;
        self.used_at = shared.used_at;
        Some(shared)
    }

    /// `None` if it carries one request at a time.
    fn share(&self) -> Option<Self> {
        let Sender::Http2(sender) = &self.sender else {
            return None;
        };
        Some(Self {
            host: self.host.clone(),
            sender: Sender::Http2(sender.clone()),
            link: Arc::clone(&self.link),
            used_at: Instant::now(),
        })
    }
}

impl Sender {
    async fn http1(stream: Stream) -> hyper::Result<Self> {
        // Old servers are sloppy about the headers of a response. What counts is its status.
        let (sender, connection) = http1::Builder::new()
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .max_headers(MAX_RESPONSE_HEADERS)
            .handshake(TokioIo::new(stream))
            .await?;
        drive(connection);
        Ok(Self::Http1(sender))
    }

    async fn http2(stream: Stream) -> hyper::Result<Self> {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.max_header_list_size(MAX_RESPONSE_HEADER_BYTES);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        drive(connection);
        Ok(Self::Http2(sender))
    }
}

/// Runs a connection until its last sender is gone, or the server closes it.
fn drive(connection: impl Future<Output = hyper::Result<()>> + Send + 'static) {
    tokio::spawn(async move {
        // The request that is under way fails with the same error.
        if let Err(error) = connection.await {
            tracing::debug!(
                error = crate::error_chain(&error),
                "A connection to a destination ended."
            );
        }
    });
}

impl Failure {
    /// `may_be_stale`: the connection had been used before, and nothing of a response came.
    fn of(mut failed: TrySendError<http::Request<Outgoing>>, may_be_stale: bool) -> Self {
        let was_sent = failed.take_message().is_none();
        let error = failed.into_error();
        let of_http2 = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
        let kind = match of_http2 {
            _ if !was_sent => FailureKind::Unprocessed,
            Some(error) if error.is_remote() && error.is_go_away() => FailureKind::Unprocessed,
            Some(error) if error.is_remote() && error.reason() == Some(Reason::REFUSED_STREAM) => FailureKind::Refused,
            Some(error) if error.is_io() && may_be_stale => FailureKind::ClosedIdle,
            None if may_be_stale && !error.is_user() => FailureKind::ClosedIdle,
            _ => FailureKind::Final,
        };
        Self { error, kind }
    }
}
