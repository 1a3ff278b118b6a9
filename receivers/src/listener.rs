//! Listens on one address, HTTP/1.1, or HTTP/2 if TLS negotiates it, until it is dropped.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::{HttpService, service_fn},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use crate::fault::Abort;

/// A free port of this machine's loopback interface.
pub(crate) const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// Answers complete requests.
pub(crate) trait Serve: Send + Sync + 'static {
    fn serve(&self, request: Request<Bytes>) -> impl Future<Output = Result<Response<Bytes>, Abort>> + Send;
}

/// The number of a connection, from 0. An extension of each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection(pub(crate) usize);

pub(crate) struct Listener {
    address: SocketAddr,
    is_encrypted: bool,
    connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Listener {
    pub(crate) async fn start_with(
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
        server: Arc<impl Serve>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let connections = Arc::<AtomicUsize>::default();
        Ok(Self {
            address: listener.local_addr()?,
            is_encrypted: tls.is_some(),
            connections: Arc::clone(&connections),
            accepting: tokio::spawn(accept(listener, tls, server, connections)),
        })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Names `127.0.0.1`, or `localhost` with TLS.
    pub(crate) fn url(&self) -> String {
        match self.is_encrypted {
            true => format!("https://localhost:{}", self.address.port()),
            false => format!("http://{}", self.address),
        }
    }

    /// How many connections were accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Closes all connections, too: the task that accepts them owns them.
impl Drop for Listener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<S: Serve>(listener: TcpListener, tls: Option<TlsAcceptor>, server: Arc<S>, accepted: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            stream = listener.accept() => {
                if let Ok((stream, _)) = stream {
                    let number = Connection(accepted.fetch_add(1, Ordering::SeqCst));
                    connections.spawn(connection(stream, tls.clone(), number, Arc::clone(&server)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection<S: Serve>(stream: TcpStream, tls: Option<TlsAcceptor>, number: Connection, server: Arc<S>) {
    // Nothing to do about it if this fails: answers are sent later.
    drop(stream.set_nodelay(true));
    let is_reset = Arc::new(AtomicBool::new(false));
    let socket = Socket {
        stream,
        is_reset: Arc::clone(&is_reset),
    };
    let service = service_fn(move |request: Request<Incoming>| {
        let (server, is_reset) = (Arc::clone(&server), Arc::clone(&is_reset));
        async move {
            let (mut head, body) = request.into_parts();
            head.extensions.insert(number);
            let body = body.collect().await.map_err(|_| Abort::Close)?.to_bytes();
            let response = server.serve(Request::from_parts(head, body)).await;
            is_reset.store(matches!(response, Err(Abort::Reset)), Ordering::SeqCst);
            response.map(|response| response.map(Full::new))
        }
    });
    let Some(acceptor) = tls else {
        return serve_http1(socket, service).await;
    };
    // A failed handshake ends the connection.
    let Ok(stream) = acceptor.accept(socket).await else {
        return;
    };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        let builder = http2::Builder::new(TokioExecutor::new());
        drop(builder.serve_connection(TokioIo::new(stream), service).await);
    } else {
        serve_http1(stream, service).await;
    }
}

/// Hyper closes a connection whose service fails without sending anything: that is how requests are aborted.
async fn serve_http1<S>(stream: impl AsyncRead + AsyncWrite + Unpin, service: S)
where
    S: HttpService<Incoming, ResBody = Full<Bytes>, Error = Abort>,
{
    drop(
        http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await,
    );
}

/// A connection that ends with a reset instead of a close if requested.
struct Socket {
    stream: TcpStream,
    is_reset: Arc<AtomicBool>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.is_reset.load(Ordering::SeqCst) {
            // This fails only if the connection is already reset.
            drop(self.stream.set_zero_linger());
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
