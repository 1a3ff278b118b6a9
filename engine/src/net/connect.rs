//! Connecting to a host that a user named: resolve, check the network rules, connect, and negotiate TLS.
//!
//! Pooled and traced clients connect by the same code, so what a connection test finds holds for the stream.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use domain::connection_test::StageName;
use futures::{StreamExt, stream::FuturesUnordered};
use rustix::net::sockopt;
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
    certificate::{described, validity_of},
    resolver::{Names, ResolveError, keep_allowed},
    route::Route,
    send_error::{Identified, NoConnection, SendError},
    server_certificates::{Server, ServerCertificates, host_of},
    tls_options::TlsOptions,
    trace::Recording,
    trust_store::TrustStore,
};

/// The time limit for a connection: name, TCP and TLS together.
pub(super) const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// The same through a proxy, whose own connection is part of it.
const PROXIED_DEADLINE: Duration = Duration::from_secs(15);

/// After so long without a packet, the system asks whether the other end is still there, as often as [`KEEPALIVE_PROBES`].
/// Without an answer, the connection fails after two minutes.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 4;

/// How long one address is tried alone before the next one is tried as well.
const HEAD_START: Duration = Duration::from_millis(300);

/// Connects to hosts on one port.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    pub(super) rules: Arc<NetworkRules>,
    pub(super) port: u16,
    pub(super) trust: TrustStore,
    pub(super) tls: TlsOptions,
    /// Where the certificates of servers are noted.
    pub(super) servers: ServerCertificates,
    pub(super) names: Names,
    pub(super) route: Route,
    pub(super) proxy_names: Names,
}

impl Connector {
    pub(super) async fn connect(&self, url: &Url, recording: &Recording) -> Result<Stream, SendError> {
        let connecting = Box::pin(self.connect_without_limit(url, recording));
        let deadline = match self.route.proxy_for(url) {
            Some(_) => PROXIED_DEADLINE,
            None => CONNECT_DEADLINE,
        };
        match timeout(deadline, connecting).await {
            Ok(connected) => connected,
            Err(_) => {
                recording.failed(format!("No connection within {} seconds.", deadline.as_secs()));
                Err(no_connection(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "operation timed out",
                )))
            }
        }
    }

    async fn connect_without_limit(&self, url: &Url, recording: &Recording) -> Result<Stream, SendError> {
        let stream = match self.route.proxy_for(url) {
            Some(proxy) => self.connect_through(proxy, url, recording).await?,
            None => self.connect_directly(url, recording).await?,
        };
        if url.scheme() != "https" {
            recording.skip(
                StageName::Tls,
                "The URL begins with http://, so the connection is not encrypted.",
            );
            return Ok(Stream::new(Transport::Plain(stream)));
        }
        let stream = self.negotiate_tls(url, stream, recording).await?;
        Ok(Stream::new(Transport::Tls(Box::new(stream))))
    }

    async fn connect_directly(&self, url: &Url, recording: &Recording) -> Result<TcpStream, SendError> {
        let (host, found) = self.resolve(url, recording).await?;
        let allowed = self.admit(&host, &found, recording)?;
        let connected = connect_tcp(&allowed, recording).await;
        if connected.is_err() {
            // The host may have moved.
            self.names.forget().await;
        }
        connected.map_err(no_connection)
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
                let lookup = async || Ok(tokio::net::lookup_host((host, self.port)).await?.collect());
                let found = match recording.is_on() {
                    true => lookup().await,
                    false => self.names.addresses(host, lookup).await,
                };
                let found: Vec<_> = found.map_err(|_: io::Error| unresolved(host, recording))?;
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
        url: &Url,
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
        let name = match &self.tls.server_name {
            Some(name) => name.clone(),
            None => {
                let name = ServerName::try_from(host_of(url).unwrap_or_default());
                name.map_err(|error| failed(io::Error::other(error)))?
            }
        };
        match TlsConnector::from(config).connect(name, stream).await {
            Ok(stream) => {
                if recording.is_on() {
                    let certificate = certificate().unwrap_or_default();
                    recording.done(format!(
                        "{}; {}.{}",
                        version_of(&stream),
                        described(&certificate),
                        self.trust_notes()
                    ));
                } else {
                    self.note_certificate(url, &stream);
                }
                Ok(stream)
            }
            Err(error) => {
                let seen = certificate().map(|der| format!(" The server presented: {}.", described(&der)));
                recording.failed(format!("{error}.{}{}", seen.unwrap_or_default(), self.trust_notes()));
                Err(no_connection(Identified::mark(error, self.tls.identity.is_some())))
            }
        }
    }
}

impl Connector {
    /// What a connection test says beside the certificate of the server, in whole sentences, each after a space.
    fn trust_notes(&self) -> String {
        let mut notes = String::new();
        if let Some(name) = &self.tls.server_name {
            notes.push_str(&format!(" Server name: {}.", name.to_str()));
        }
        if self.tls.skips_verification {
            notes.push_str(" Its certificate was not verified.");
        }
        if let Some(validity) = self.tls.certificate.as_deref().and_then(validity_of) {
            notes.push_str(&format!(
                " Our client certificate is valid until {}.",
                validity.until.date()
            ));
        }
        notes
    }

    /// So that it is known when it expires.
    fn note_certificate(&self, url: &Url, stream: &TlsStream<TcpStream>) {
        let name = self.tls.server_name.as_ref().map(ServerName::to_str);
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let validity = shown.and_then(|certificate| validity_of(certificate));
        if let Some((server, validity)) = Server::of(url, name.as_deref(), !self.tls.skips_verification).zip(validity) {
            self.servers.note(server, validity);
        }
    }
}

/// `TLS 1.3`.
fn version_of(stream: &TlsStream<TcpStream>) -> String {
    let version = stream.get_ref().1.protocol_version();
    let version = version.and_then(|version| version.as_str()).unwrap_or("TLS");
    version.replace("v1_", " 1.")
}

/// The first address to accept wins. The next address is tried when one has failed or its head start is over, as in
/// RFC 8305.
pub(super) async fn connect_tcp(addresses: &[SocketAddr], recording: &Recording) -> io::Result<TcpStream> {
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
    Err(last)
}

async fn connect_to(address: SocketAddr) -> (SocketAddr, io::Result<TcpStream>) {
    let connected = TcpStream::connect(address).await.and_then(with_options);
    (address, connected)
}

fn with_options(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    if let Err(error) = keep_alive(&stream) {
        // Events can be delivered without it.
        tracing::debug!(error = %error, "Could not set the keepalive of a connection.");
    }
    Ok(stream)
}

fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEPALIVE_AFTER)?;
    sockopt::set_tcp_keepintvl(stream, KEEPALIVE_INTERVAL)?;
    Ok(sockopt::set_tcp_keepcnt(stream, KEEPALIVE_PROBES)?)
}

pub(super) fn listed(addresses: &[SocketAddr]) -> String {
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
    failure: Arc<OnceLock<rustls::Error>>,
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
            failure: Arc::default(),
        }
    }

    /// How many bytes have been received, after decryption.
    pub(super) fn received(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.received)
    }

    /// Why TLS failed after the handshake, if it did. HTTP/2 keeps its text alone. In TLS 1.3, a client knows only now that its certificate
    /// was refused.
    pub(super) fn failure(&self) -> Arc<OnceLock<rustls::Error>> {
        Arc::clone(&self.failure)
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
        if let Poll::Ready(Err(error)) = &polled
            && let Some(failure) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>())
        {
            self.failure.get_or_init(|| failure.clone());
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_system_asks_whether_the_other_end_is_still_there() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (_, connected) = connect_to(listener.local_addr().unwrap()).await;
        let stream = connected.unwrap();
        assert!(sockopt::socket_keepalive(&stream).unwrap());
        assert_eq!(sockopt::tcp_keepidle(&stream).unwrap(), Duration::from_secs(60));
        assert_eq!(sockopt::tcp_keepintvl(&stream).unwrap(), Duration::from_secs(15));
        assert_eq!(sockopt::tcp_keepcnt(&stream).unwrap(), 4);
        assert!(stream.nodelay().unwrap());
    }
}
