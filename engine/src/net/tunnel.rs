//! Connecting through a proxy: the network rules apply to the host and to the proxy, and the proxy is asked to connect to the host, by HTTP
//! (`CONNECT`, RFC 9110, section 9.3.6) or by SOCKS5 ([`socks`](super::socks)).
//!
//! With `http://` and `socks5h://`, the proxy resolves the name of the host itself. All addresses that are found here are checked, because the
//! proxy may choose any of them. A name that has none here is left to the proxy if an administrator has allowed it. With `socks5://`, the
//! proxy is asked for the addresses that are found here and allowed, one after the other until it can reach one.

use std::{io, net::SocketAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    connection_test::StageName,
    proxy::{ProxyProtocol, ProxyUrl},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};
use url::Url;

use super::{
    connect::{Connector, connect_tcp, listed},
    proxy_error::ProxyError,
    resolver::{Blocked, ResolveError, Unresolved, keep_allowed, require_all_allowed},
    send_error::SendError,
    server_certificates::host_of,
    socks,
    trace::Recording,
};

/// The head of a proxy's answer is no longer than this.
const MAX_HEAD: usize = 16 * 1024;

/// For a connection to the proxy, and once more for its answer: it has to connect to the host in this time.
const PROXY_DEADLINE: Duration = Duration::from_secs(5);

/// Another address is asked for only so soon after the first, so that a connection ends before its deadline.
const RETRIES: Duration = Duration::from_secs(6);

impl Connector {
    pub(super) async fn connect_through(
        &self,
        proxy: &ProxyUrl,
        url: &Url,
        recording: &Recording,
    ) -> Result<TcpStream, SendError> {
        let host = host_of(url).unwrap_or_default();
        let (found, of_proxy) = self.resolve_both(proxy, &host, recording).await?;
        let (targets, allowed) = self.admit_both(proxy, url, (&host, &found), &of_proxy, recording)?;
        let (began, mut failures) = (Instant::now(), Vec::new());
        let mut targets = targets.into_iter().peekable();
        while let Some(target) = targets.next() {
            let mut stream = self.connect_to_proxy(proxy, &allowed, recording).await?;
            recording.begin(StageName::Proxy);
            let Err(error) = ask(&mut stream, proxy, &target).await else {
                let (proxy, target) = (proxy.address(), target.text);
                recording.done(format!("The proxy {proxy} has connected to {target}."));
                return Ok(stream);
            };
            failures.push(error.to_string());
            if targets.peek().is_none() || !error.may_be_of_address() || began.elapsed() > RETRIES {
                recording.failed(format!("{}.", failures.join("; ")));
                return Err(SendError::Proxy(error));
            }
        }
        // Excluded: there is a target.
        Err(SendError::Unresolved(Unresolved))
    }

    async fn connect_to_proxy(
        &self,
        proxy: &ProxyUrl,
        allowed: &[SocketAddr],
        recording: &Recording,
    ) -> Result<TcpStream, SendError> {
        let connecting = timeout(PROXY_DEADLINE, connect_tcp(allowed, recording)).await;
        match connecting.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(stream) => Ok(stream),
            Err(error) => {
                // The proxy may have moved.
                self.proxy_names.forget().await;
                Err(SendError::Proxy(ProxyError::Unconnected {
                    proxy: proxy.address(),
                    error,
                }))
            }
        }
    }

    /// The addresses of the host, perhaps none, and those of the proxy.
    async fn resolve_both(
        &self,
        proxy: &ProxyUrl,
        host: &str,
        recording: &Recording,
    ) -> Result<(Vec<SocketAddr>, Vec<SocketAddr>), SendError> {
        recording.begin(StageName::Address);
        let lookup = |host: String, port: u16| async move || Ok(tokio::net::lookup_host((host, port)).await?.collect());
        let name = proxy.host();
        let needs_address = proxy.protocol() == ProxyProtocol::Socks5;
        let finding = async {
            let lookup = lookup(host.to_owned(), self.port);
            match needs_address {
                true => self.names.addresses(host, lookup).await.unwrap_or_default(),
                false => self.names.addresses_or_none(host, lookup).await,
            }
        };
        let (found, of_proxy) = tokio::join!(
            finding,
            self.proxy_names.addresses(name, lookup(name.to_owned(), proxy.port())),
        );
        let of_proxy: Vec<SocketAddr> = of_proxy.unwrap_or_default();
        if of_proxy.is_empty() {
            let error = ProxyError::Unresolved { proxy: proxy.address() };
            recording.failed(format!("{error}."));
            return Err(SendError::Proxy(error));
        }
        if found.is_empty() && needs_address {
            recording.failed(format!("No address was found for {host}."));
            return Err(SendError::Unresolved(Unresolved));
        }
        let host = match found.is_empty() {
            true => format!("{host} has no address here, so the proxy looks it up."),
            false => format!("{host} is {}.", listed(&found)),
        };
        recording.done(format!("{host} The proxy {name} is {}.", listed(&of_proxy)));
        Ok((found, of_proxy))
    }

    /// What the proxy is asked for, at least one, and its addresses that may be connected to.
    fn admit_both(
        &self,
        proxy: &ProxyUrl,
        url: &Url,
        (host, found): (&str, &[SocketAddr]),
        of_proxy: &[SocketAddr],
        recording: &Recording,
    ) -> Result<(Vec<Target>, Vec<SocketAddr>), SendError> {
        recording.begin(StageName::NetworkRule);
        let targets = self.admit_targets(proxy.protocol(), url, (host, found));
        let admitted = targets.and_then(|targets| {
            let allowed = keep_allowed(&self.rules, proxy.host(), proxy.port(), of_proxy.iter().copied())?;
            Ok((targets, allowed))
        });
        match admitted {
            Ok(admitted) => {
                recording.done("The rules allow the host and the proxy.");
                Ok(admitted)
            }
            Err(ResolveError::Blocked(blocked)) => {
                recording.failed(format!("{blocked}. Nothing was sent."));
                Err(SendError::Blocked(blocked))
            }
            // Excluded: there are addresses.
            Err(ResolveError::Unresolved) => Err(SendError::Proxy(ProxyError::Unresolved { proxy: proxy.address() })),
        }
    }

    fn admit_targets(
        &self,
        protocol: ProxyProtocol,
        url: &Url,
        (host, found): (&str, &[SocketAddr]),
    ) -> Result<Vec<Target>, ResolveError> {
        if protocol == ProxyProtocol::Socks5 {
            let allowed = keep_allowed(&self.rules, host, self.port, found.iter().copied())?;
            let target = |address: SocketAddr| Target {
                host: address.ip().to_string(),
                port: self.port,
                text: address.to_string(),
            };
            return Ok(allowed.into_iter().map(target).collect());
        }
        match found.is_empty() {
            true => self.check_name(url, host)?,
            false => require_all_allowed(&self.rules, host, self.port, found).map_err(ResolveError::Blocked)?,
        }
        Ok(vec![Target {
            host: host.to_owned(),
            port: self.port,
            text: format!("{}:{}", url.host_str().unwrap_or_default(), self.port),
        }])
    }

    /// What the rules say of a name without an address.
    fn check_name(&self, url: &Url, host: &str) -> Result<(), ResolveError> {
        self.rules.check_unresolvable(url).map_err(|reason| {
            ResolveError::Blocked(Blocked {
                host: host.to_owned(),
                address: None,
                reason,
            })
        })
    }
}

/// What a proxy is asked to connect to.
struct Target {
    /// A name, or an address without brackets.
    host: String,
    port: u16,
    /// With the port, as it stands in a request and in messages.
    text: String,
}

/// Asks for a connection to the target, by the protocol of the proxy.
async fn ask(stream: &mut TcpStream, proxy: &ProxyUrl, target: &Target) -> Result<(), ProxyError> {
    let asking = async {
        match proxy.protocol() {
            ProxyProtocol::Http => ask_by_http(stream, proxy, &target.text).await,
            ProxyProtocol::Socks5 | ProxyProtocol::Socks5ByName => {
                socks::ask(stream, proxy, (&target.host, target.port), &target.text).await
            }
        }
    };
    timeout(PROXY_DEADLINE, asking).await.unwrap_or_else(|_| {
        Err(ProxyError::Interrupted {
            proxy: proxy.address(),
            error: io::ErrorKind::TimedOut.into(),
        })
    })
}

/// The same by HTTP. Reads the head of the answer.
async fn ask_by_http(stream: &mut TcpStream, proxy: &ProxyUrl, target: &str) -> Result<(), ProxyError> {
    let interrupted = |error| ProxyError::Interrupted {
        proxy: proxy.address(),
        error,
    };
    stream
        .write_all(request(proxy, target).as_bytes())
        .await
        .map_err(interrupted)?;
    let mut read = Vec::new();
    loop {
        // The host says nothing before we do, so there is nothing behind the head of a success.
        let Some(end) = read.windows(4).position(|end| end == b"\r\n\r\n") else {
            if read.len() >= MAX_HEAD {
                return Err(no_proxy(proxy));
            }
            if stream.read_buf(&mut read).await.map_err(interrupted)? == 0 {
                return Err(interrupted(io::ErrorKind::UnexpectedEof.into()));
            }
            continue;
        };
        match status_of(&read) {
            // What is on its way; the answer follows.
            Some(100..=199) => drop(read.drain(..end + 4)),
            Some(200..=299) => return Ok(()),
            Some(status) => {
                return Err(ProxyError::Refused {
                    proxy: proxy.address(),
                    target: target.to_owned(),
                    status,
                });
            }
            None => return Err(no_proxy(proxy)),
        }
    }
}

fn no_proxy(proxy: &ProxyUrl) -> ProxyError {
    ProxyError::NotHttp { proxy: proxy.address() }
}

fn request(proxy: &ProxyUrl, target: &str) -> String {
    let authorization = proxy.credentials().map_or_else(String::new, |(user, password)| {
        let credentials = STANDARD.encode([user, b":".to_vec(), password].concat());
        format!("Proxy-Authorization: Basic {credentials}\r\n")
    });
    let version = env!("CARGO_PKG_VERSION");
    format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: audit-streams/{version}\r\n{authorization}\r\n")
}

/// `HTTP/1.1 200 …`.
fn status_of(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    let status = std::str::from_utf8(rest.get(2..5)?).ok()?;
    status.parse().ok().filter(|_| rest.get(1) == Some(&b' '))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use domain::policy::ProxyFailure;
    use http::{HeaderMap, Method};
    use receivers::{Receiver, microsocks::Microsocks};

    use super::{
        super::{
            resolver::Names, route::Route, server_certificates::ServerCertificates, tests::open,
            tls_options::TlsOptions, trace::Trace, trust_store::TrustStore,
        },
        *,
    };

    /// The proxy stage of a connection to this port of a host with these addresses.
    async fn connected(proxy: &ProxyUrl, port: u16, addresses: &[&str]) -> (Result<TcpStream, SendError>, String) {
        let names = Names::default();
        let found: Vec<SocketAddr> = addresses
            .iter()
            .map(|address| SocketAddr::new(address.parse().unwrap(), port))
            .collect();
        names.addresses("siem.example", async || Ok(found)).await.unwrap();
        let connector = Connector {
            rules: Arc::new(open()),
            port,
            trust: TrustStore::fixed(Vec::new()),
            tls: TlsOptions::default(),
            servers: ServerCertificates::default(),
            names,
            route: Route::default(),
            proxy_names: Names::default(),
        };
        let url = Url::parse(&format!("http://siem.example:{port}/")).unwrap();
        let trace = Trace::begin();
        let recording = trace.record(&Method::POST, &url, &HeaderMap::new(), Bytes::new());
        let connected = connector.connect_through(proxy, &url, &recording).await;
        let stages = trace.requests().remove(0).stages;
        let stage = stages.into_iter().find(|stage| stage.name == StageName::Proxy);
        (connected, stage.unwrap().detail)
    }

    #[tokio::test]
    async fn a_socks_proxy_is_asked_for_each_address_until_it_reaches_one() {
        let (receiver, socks) = (Receiver::start().await, Microsocks::start(None).unwrap());
        let (port, at) = (receiver.port(), format!("127.0.0.1:{}", socks.port()));
        let proxy = ProxyUrl::parse(&format!("socks5://{at}")).unwrap();
        // The receiver listens on one address of the loopback interface alone.
        let (stream, detail) = connected(&proxy, port, &["127.0.0.2", "127.0.0.1", "127.0.0.3"]).await;
        assert!(stream.is_ok(), "{detail}");
        assert_eq!(detail, format!("The proxy {at} has connected to 127.0.0.1:{port}."));
        let (stream, detail) = connected(&proxy, port, &["127.0.0.2", "127.0.0.3"]).await;
        assert!(
            matches!(&stream, Err(SendError::Proxy(error)) if error.failure() == ProxyFailure::Unreachable),
            "{detail}"
        );
        let refused =
            |address: &str| format!("The proxy {at} can't connect to {address}:{port}: the connection was refused");
        assert_eq!(detail, format!("{}; {}.", refused("127.0.0.2"), refused("127.0.0.3")));
    }

    #[tokio::test]
    async fn no_other_address_is_asked_for_if_that_would_change_nothing() {
        let socks = Microsocks::start(Some(("ada", "s3cret-word"))).unwrap();
        let proxy = ProxyUrl::parse(&format!("socks5://127.0.0.1:{}", socks.port())).unwrap();
        let (stream, detail) = connected(&proxy, 9, &["127.0.0.2", "127.0.0.3"]).await;
        assert!(stream.is_err());
        assert_eq!(detail.matches("requires other credentials").count(), 1, "{detail}");
    }

    #[test]
    fn a_request_has_the_credentials_of_the_proxy() {
        let plain = ProxyUrl::parse("http://proxy:3128").unwrap();
        let expected = "CONNECT siem.example:443 HTTP/1.1\r\nHost: siem.example:443\r\nUser-Agent: audit-streams/";
        assert!(request(&plain, "siem.example:443").starts_with(expected));
        assert!(!request(&plain, "siem.example:443").contains("Authorization"));
        let known = ProxyUrl::parse("http://Aladdin:open%20sesame@proxy:3128").unwrap();
        let request = request(&known, "siem.example:443");
        assert!(request.ends_with("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"));
    }

    #[test]
    fn a_status_is_that_of_http_1() {
        for (head, status) in [
            ("HTTP/1.0 200 Connection established\r\n", Some(200)),
            ("HTTP/1.1 407\r\n", Some(407)),
            ("HTTP/2 200\r\n", None),
            ("HTTP/1.1", None),
            ("HTTP/1.1 2x0 OK", None),
            ("SSH-2.0-OpenSSH", None),
        ] {
            assert_eq!(status_of(head.as_bytes()), status, "{head}");
        }
    }
}
