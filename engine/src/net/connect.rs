//! Connecting to a host that a user named: resolve, check the network rules, connect, and negotiate TLS.
//!
//! Pooled and traced clients connect by the same code, so what a connection test finds holds for the stream.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use domain::connection_test::StageName;
use futures::{StreamExt, stream::FuturesUnordered};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::{Host, Url};

use super::{
    NetworkRules, Unresolved,
    certificate::described,
    resolver::{ResolveError, keep_allowed},
    send_error::{NoConnection, SendError},
    trace::Recording,
    trust_store::TrustStore,
};

/// The time limit for a connection: name, TCP and TLS together.
pub(super) const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// How long one address is tried alone before the next one is tried as well.
const HEAD_START: Duration = Duration::from_millis(300);

/// Connects to hosts on one port.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    pub(super) rules: Arc<NetworkRules>,
    pub(super) port: u16,
    pub(super) trust: TrustStore,
}

impl Connector {
    pub(super) async fn connect(&self, url: &Url, recording: &Recording) -> Result<Stream, SendError> {
        let connecting = Box::pin(self.connect_without_limit(url, recording));
        match timeout(CONNECT_DEADLINE, connecting).await {
            Ok(connected) => connected,
            Err(_) => {
                recording.failed(format!("No connection within {} seconds.", CONNECT_DEADLINE.as_secs()));
                Err(no_connection(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "operation timed out",
                )))
            }
        }
    }

    async fn connect_without_limit(&self, url: &Url, recording: &Recording) -> Result<Stream, SendError> {
        let (host, found) = self.resolve(url, recording).await?;
        let allowed = self.admit(&host, &found, recording)?;
        let stream = connect_tcp(&allowed, recording).await?;
        if url.scheme() != "https" {
            recording.skip(
                StageName::Tls,
                "The URL begins with http://, so the connection is not encrypted.",
            );
            return Ok(Stream::new(Transport::Plain(stream)));
        }
        let stream = self.negotiate_tls(&host, stream, recording).await?;
        Ok(Stream::new(Transport::Tls(Box::new(stream))))
    }

    async fn resolve(&self, url: &Url, recording: &Recording) -> Result<(String, Vec<SocketAddr>), SendError> {
        recording.begin(StageName::Address);
        let literal = |address: IpAddr| {
            recording.done(format!("{address} is an IP address."));
            (address.to_string(), vec![SocketAddr::new(address, self.port)])
        };
        match url.host() {
            Some(Host::Ipv4(address)) => Ok(literal(address.into())),
            Some(Host::Ipv6(address)) => Ok(literal(address.into())),
            Some(Host::Domain(host)) => {
                let found = tokio::net::lookup_host((host, self.port)).await;
                let found: Vec<_> = found.map_err(|_| unresolved(host, recording))?.collect();
                if found.is_empty() {
                    return Err(unresolved(host, recording));
                }
                recording.done(format!("{host} is {}.", listed(&found)));
                Ok((host.to_owned(), found))
            }
            None => Err(unresolved("", recording)),
        }
    }

    fn admit(&self, host: &str, found: &[SocketAddr], recording: &Recording) -> Result<Vec<SocketAddr>, SendError> {
        recording.begin(StageName::NetworkRule);
        match keep_allowed(&self.rules, host, self.port, found.iter().copied()) {
            Ok(allowed) => {
                recording.done(match found.len() - allowed.len() {
                    0 => "The rules allow it.".to_owned(),
                    _ => format!("The rules allow only {}.", listed(&allowed)),
                });
                Ok(allowed)
            }
            Err(ResolveError::Blocked(blocked)) => {
                recording.failed(format!("{blocked}. Nothing was sent."));
                Err(SendError::Blocked(blocked))
            }
            Err(ResolveError::Unresolved) => Err(unresolved(host, recording)),
        }
    }

    async fn negotiate_tls(
        &self,
        host: &str,
        stream: TcpStream,
        recording: &Recording,
    ) -> Result<TlsStream<TcpStream>, SendError> {
        recording.begin(StageName::Tls);
        let failed = |error: io::Error| {
            recording.failed(format!("{error}."));
            no_connection(error)
        };
        let trust = self.trust.current().map_err(|error| failed(io::Error::other(error)))?;
        let (config, witness) = match recording.is_on() {
            true => trust.witnessed().map(|(config, witness)| (config, Some(witness))),
            false => Ok((trust.config(), None)),
        }
        .map_err(|error| failed(io::Error::other(error)))?;
        let certificate = || witness.as_ref().and_then(|witness| witness.certificate());
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(io::Error::other(error)))?;
        match TlsConnector::from(config).connect(name, stream).await {
            Ok(stream) => {
                if recording.is_on() {
                    let version = stream.get_ref().1.protocol_version();
                    let version = version.and_then(|version| version.as_str()).unwrap_or("TLS");
                    let version = version.replace("v1_", " 1.");
                    let certificate = certificate().unwrap_or_default();
                    recording.done(format!("{version}; {}.", described(&certificate)));
                }
                Ok(stream)
            }
            Err(error) => {
                let seen = certificate().map(|der| format!(" The server presented: {}.", described(&der)));
                recording.failed(format!("{error}.{}", seen.unwrap_or_default()));
                Err(no_connection(error))
            }
        }
    }
}

/// The first address to accept wins. The next address is tried when one has failed or its head start is over, as in
/// RFC 8305.
async fn connect_tcp(addresses: &[SocketAddr], recording: &Recording) -> Result<TcpStream, SendError> {
    recording.begin(StageName::Tcp);
    let (mut failures, mut last) = (Vec::new(), io::Error::from(io::ErrorKind::AddrNotAvailable));
    let mut waiting = addresses.iter().copied();
    let mut tries: FuturesUnordered<_> = waiting.by_ref().take(1).map(connect_to).collect();
    while !tries.is_empty() {
        let tried = tokio::select! {
            Some(tried) = tries.next() => Some(tried),
            () = sleep(HEAD_START), if waiting.len() > 0 => None,
        };
        match tried {
            Some((address, Ok(stream))) => {
                recording.done(format!("Connected to {address}."));
                return Ok(stream);
            }
            Some((address, Err(error))) => {
                failures.push(format!("{address}: {error}"));
                last = error;
            }
            None => {}
        }
        tries.extend(waiting.by_ref().take(1).map(connect_to));
    }
    recording.failed(format!("{}.", failures.join("; ")));
    Err(no_connection(last))
}

async fn connect_to(address: SocketAddr) -> (SocketAddr, io::Result<TcpStream>) {
    let connected = TcpStream::connect(address).await.and_then(without_delay);
    (address, connected)
}

fn without_delay(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn listed(addresses: &[SocketAddr]) -> String {
    let addresses: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    addresses.join(" and ")
}

fn unresolved(host: &str, recording: &Recording) -> SendError {
    recording.failed(format!("No address was found for {host}."));
    SendError::Unresolved(Unresolved)
}

const fn no_connection(error: io::Error) -> SendError {
    SendError::Unconnected(NoConnection(error))
}

/// A connection, which counts the bytes that arrive.
pub(super) struct Stream {
    transport: Transport,
    received: Arc<AtomicU64>,
}

enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    fn new(transport: Transport) -> Self {
        Self {
            transport,
            received: Arc::default(),
        }
    }

    /// How many bytes have been received, after decryption.
    pub(super) fn received(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.received)
    }

    /// Whether both sides agreed on HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        match &self.transport {
            Transport::Plain(_) => false,
            Transport::Tls(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Transport::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        let read = u64::try_from(buffer.filled().len() - before).unwrap_or(u64::MAX);
        self.received.fetch_add(read, Ordering::Relaxed);
        polled
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Transport::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_write_vectored(context, parts),
            Transport::Tls(stream) => Pin::new(stream).poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Transport::Plain(stream) => stream.is_write_vectored(),
            Transport::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(context),
            Transport::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
