//! The traced form of the guarded client: every request on a connection of its own, stage by stage.
//!
//! It keeps to the same rules, trust and deadlines as the pooled form and fails in the same cases, so that what a test finds
//! holds for the stream. Each stage is written down as it ends.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use domain::probe::StageName;
use http::{
    HeaderValue, Uri, Version,
    header::{ACCEPT, CONTENT_LENGTH, HOST},
};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::{Host, Url};

use super::{
    NetworkRules, Unresolved,
    certificate::described,
    client::{CONNECT_DEADLINE, Late, NoConnection, SendError},
    resolver::{ResolveError, keep_allowed},
    tls::Trust,
    trace::{Recording, Trace},
    traced_body::{Answering, Driver, Outgoing},
};

/// Sends to hosts on one port.
#[derive(Clone, Debug)]
pub(super) struct TracedClient {
    pub(super) rules: Arc<NetworkRules>,
    pub(super) port: u16,
    /// Of one request, from resolving to the end of the answer.
    pub(super) deadline: Duration,
    pub(super) trust: Trust,
    pub(super) trace: Trace,
}

enum Connection {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl TracedClient {
    pub(super) async fn execute(&self, request: reqwest::Request) -> Result<reqwest::Response, SendError> {
        let (recording, request, url) = self.prepare(request)?;
        let deadline = Instant::now() + self.deadline;
        let exchange = Box::pin(self.exchange(request, &url, &recording, deadline));
        match timeout_at(deadline, exchange).await {
            Ok(answered) => answered,
            Err(_) => {
                recording.failed(format!("No answer within {} seconds.", self.deadline.as_secs()));
                Err(SendError::Late(Late))
            }
        }
    }

    /// Adds the headers that a client adds by itself.
    fn prepare(
        &self,
        mut request: reqwest::Request,
    ) -> Result<(Recording, http::Request<reqwest::Body>, Url), SendError> {
        let url = request.url().clone();
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        let (body, length) = (Bytes::copy_from_slice(body), HeaderValue::from(body.len()));
        let headers = request.headers_mut();
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        headers.entry(CONTENT_LENGTH).or_insert(length);
        if let Ok(host) = HeaderValue::try_from(authority(&url)) {
            headers.entry(HOST).or_insert(host);
        }
        let recording = self.trace.record(request.method(), &url, request.headers(), body);
        let request = http::Request::try_from(request).map_err(SendError::Request)?;
        Ok((recording, request, url))
    }

    async fn exchange(
        &self,
        request: http::Request<reqwest::Body>,
        url: &Url,
        recording: &Recording,
        deadline: Instant,
    ) -> Result<reqwest::Response, SendError> {
        let connecting = Box::pin(self.connect(url, recording));
        let connection = match timeout(CONNECT_DEADLINE, connecting).await {
            Ok(connected) => connected?,
            Err(_) => {
                recording.failed(format!("No connection within {} seconds.", CONNECT_DEADLINE.as_secs()));
                return Err(no_connection(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "operation timed out",
                )));
            }
        };
        recording.begin(StageName::Request);
        let request = request.map(|body| Outgoing::new(body, recording.clone()));
        let answered = match connection {
            Connection::Plain(stream) => over_http1(stream, request).await,
            Connection::Tls(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                over_http2(*stream, request).await
            }
            Connection::Tls(stream) => over_http1(*stream, request).await,
        };
        match answered {
            Ok((response, driver)) => {
                recording.sent();
                recording.head(response.status());
                let response = response.map(|body| Answering::new(body, driver, recording.clone(), deadline));
                Ok(response.map(reqwest::Body::wrap).into())
            }
            Err(error) => {
                recording.failed(format!("{}.", crate::causes(&error)));
                Err(SendError::Exchange(error))
            }
        }
    }

    async fn connect(&self, url: &Url, recording: &Recording) -> Result<Connection, SendError> {
        let (host, found) = self.resolve(url, recording).await?;
        let allowed = self.admit(&host, &found, recording)?;
        let stream = connect_tcp(&allowed, recording).await?;
        if url.scheme() != "https" {
            recording.skip(StageName::Tls, "The URL begins with http://: nothing is encrypted.");
            return Ok(Connection::Plain(stream));
        }
        let stream = self.shake_hands(&host, stream, recording).await?;
        Ok(Connection::Tls(Box::new(stream)))
    }

    async fn resolve(&self, url: &Url, recording: &Recording) -> Result<(String, Vec<SocketAddr>), SendError> {
        recording.begin(StageName::Address);
        let literal = |address: IpAddr| {
            recording.done(format!("{address} is an address already."));
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
                    _ => format!("The rules allow {} alone.", listed(&allowed)),
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

    async fn shake_hands(
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
        let (config, witness) = self
            .trust
            .connection()
            .map_err(|error| failed(io::Error::other(error)))?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(io::Error::other(error)))?;
        match TlsConnector::from(Arc::new(config)).connect(name, stream).await {
            Ok(stream) => {
                let version = stream.get_ref().1.protocol_version();
                let version = version.and_then(|version| version.as_str()).unwrap_or("TLS");
                let certificate = witness.certificate().unwrap_or_default();
                recording.done(format!(
                    "{}; {}.",
                    version.replace("v1_", " 1."),
                    described(&certificate)
                ));
                Ok(stream)
            }
            Err(error) => {
                let seen = witness
                    .certificate()
                    .map(|der| format!(" What was shown: {}.", described(&der)));
                recording.failed(format!("{error}.{}", seen.unwrap_or_default()));
                Err(no_connection(error))
            }
        }
    }
}

/// One address after the other, each with its share of the time.
async fn connect_tcp(addresses: &[SocketAddr], recording: &Recording) -> Result<TcpStream, SendError> {
    recording.begin(StageName::Tcp);
    let share = CONNECT_DEADLINE / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let (mut failures, mut last) = (Vec::new(), io::Error::from(io::ErrorKind::AddrNotAvailable));
    for address in addresses {
        let late = || io::Error::new(io::ErrorKind::TimedOut, "operation timed out");
        let connected = timeout(share, TcpStream::connect(address)).await;
        match connected.unwrap_or_else(|_| Err(late())).and_then(without_delay) {
            Ok(stream) => {
                recording.done(format!("Connected to {address}."));
                return Ok(stream);
            }
            Err(error) => {
                failures.push(format!("{address}: {error}"));
                last = error;
            }
        }
    }
    recording.failed(format!("{}.", failures.join("; ")));
    Err(no_connection(last))
}

fn without_delay(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn over_http1<S>(
    stream: S,
    mut request: http::Request<Outgoing>,
) -> hyper::Result<(http::Response<Incoming>, Driver)>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = Driver::spawn(connection);
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    Ok((sender.send_request(request).await?, driver))
}

async fn over_http2<S>(
    stream: S,
    mut request: http::Request<Outgoing>,
) -> hyper::Result<(http::Response<Incoming>, Driver)>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let io = TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await?;
    let driver = Driver::spawn(connection);
    *request.version_mut() = Version::HTTP_2;
    // The URL says it.
    request.headers_mut().remove(HOST);
    Ok((sender.send_request(request).await?, driver))
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
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

#[cfg(test)]
mod tests;
