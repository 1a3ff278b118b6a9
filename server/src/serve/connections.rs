//! Taking connections in, and finishing them.
//!
//! Like `axum::serve`, but for five things: the listener can speak TLS, a client that is too slow with its request or with
//! taking the response is cut off (`deadlines`), there are never more connections than the process can have open (`places`), each
//! request knows the other end of its connection, and finishing has a deadline. HTTP/2 is spoken over TLS alone, as browsers do.

mod http1;
mod http2;
mod places;
mod requests;

use std::{future::pending, io, net::SocketAddr, time::Duration};

use api::web::Peer;
use axum::Router;
use rustix::net::sockopt;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, watch},
    task::JoinHandle,
    time::{Instant, sleep},
};

use self::{
    places::Places,
    requests::{Client, Shared},
};
use super::{
    deadlines::{ClientDeadlines, IDLE_IN_A_CROWD, KEEPALIVE_AFTER, KEEPALIVE_INTERVAL, KEEPALIVE_PROBES},
    timed_stream::{Busy, TimedStream},
    tls::{HTTP_2, Tls},
};

/// What the system holds of a response that the client has not taken. Left to itself it grows to some mebibytes: then a slow
/// client takes long to make room for more, and looks like one that does not read at all.
const SEND_BUFFER_BYTES: u32 = 256 * 1024;

/// Connections that the system accepts ahead of us.
const BACKLOG: u32 = 1_024;

/// After a failed `accept`, usually for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(200);

/// Listens as `TcpListener::bind` does; each connection gets a send buffer of a fixed size.
///
/// # Errors
/// If the address can't be listened on.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Where connections come from, and whether they speak TLS.
pub(super) struct Listener {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<Tls>,
}

/// The open connections and the task that takes in new ones.
pub(super) struct Connections {
    accepting: JoinHandle<()>,
    /// Dropped to tell the connections to finish.
    stop: watch::Sender<()>,
    /// Each connection holds a receiver.
    open: watch::Sender<()>,
}

impl Connections {
    /// Serves at most `at_most` connections at the same time until [`Connections::finish`]. Further ones wait.
    pub(super) fn serve(listener: Listener, router: Router, at_most: usize, deadlines: ClientDeadlines) -> Self {
        let (stop, stopped) = watch::channel(());
        let (open, is_open) = watch::channel(());
        let Listener { listener, tls } = listener;
        let places = Places::new(at_most);
        let shared = Shared {
            router,
            tls,
            deadlines,
            stopped,
            crowded: places.crowded(),
            _is_open: is_open,
        };
        let accepting = tokio::spawn(accept(listener, shared, places));
        Self { accepting, stop, open }
    }

    /// Takes no more connections in and waits until each has answered its current request, but not beyond the deadline.
    pub(super) async fn finish(self, stop_by: Instant) {
        self.accepting.abort();
        drop(self.stop);
        if tokio::time::timeout_at(stop_by, self.open.closed()).await.is_err() {
            tracing::warn!(
                connections = self.open.receiver_count(),
                "Some requests did not finish before the deadline."
            );
        }
    }
}

async fn accept(listener: TcpListener, mut shared: Shared, mut places: Places) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Only now, when a connection waits for the place, others may have to be closed for it.
                let Some(place) = places.take().await else {
                    return;
                };
                drop(tokio::spawn(serve_connection(
                    stream,
                    Peer(peer),
                    shared.for_connection(),
                    place,
                )));
            }
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(error = %error, "Could not accept a connection.");
                sleep(PAUSE).await;
            }
        }
    }
}

fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn serve_connection(stream: TcpStream, peer: Peer, shared: Shared, _place: OwnedSemaphorePermit) {
    if let Err(error) = set_options(&stream) {
        tracing::debug!(error = %error, "Could not set the options of a connection.");
    }
    let busy = Busy::default();
    let stream = TimedStream::new(stream, shared.deadlines, busy.clone());
    let client = Client {
        peer,
        certificate: None,
    };
    let ended = match shared.tls.clone() {
        Some(tls) => Box::pin(serve_tls(stream, &tls, peer, busy, shared)).await,
        None => http1::serve(stream, client, busy, shared).await,
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, peer = %peer.0, "A connection ended early.");
    }
}

fn set_options(stream: &TcpStream) -> io::Result<()> {
    // Answers are small and whole; waiting to fill a packet would only delay them.
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEPALIVE_AFTER)?;
    sockopt::set_tcp_keepintvl(stream, KEEPALIVE_INTERVAL)?;
    Ok(sockopt::set_tcp_keepcnt(stream, KEEPALIVE_PROBES)?)
}

async fn serve_tls(
    stream: TimedStream<TcpStream>,
    tls: &Tls,
    peer: Peer,
    busy: Busy,
    mut shared: Shared,
) -> Result<(), axum::BoxError> {
    let stream = tokio::select! {
        biased;
        accepted = tls.acceptor().accept(stream) => accepted.inspect_err(|error| tls.note_failure(peer.0, error))?,
        _ = shared.stopped.changed() => return Ok(()),
        () = idle_in_a_crowd(&mut shared.crowded) => return Err("others wait for the place of an unfinished handshake".into()),
    };
    let client = Client {
        peer,
        certificate: Tls::client_certificate(stream.get_ref().1),
    };
    if stream.get_ref().1.alpn_protocol() == Some(HTTP_2) {
        busy.leave_to_streams();
        http2::serve(stream, client, shared).await
    } else {
        http1::serve(stream, client, busy, shared).await
    }
}

/// Returns [`IDLE_IN_A_CROWD`] after the next notice that others wait for a place.
async fn idle_in_a_crowd(crowded: &mut watch::Receiver<()>) {
    match crowded.changed().await {
        Ok(()) => sleep(IDLE_IN_A_CROWD).await,
        // There are no notices any more.
        Err(_) => pending().await,
    }
}

#[cfg(test)]
mod tests;
