//! Connecting through a proxy: the network rules apply to the host and to the proxy, and the proxy is asked to connect to the host, by HTTP
//! (`CONNECT`, RFC 9110, section 9.3.6) or by SOCKS5 ([`socks`](super::socks)).
//!
//! The proxy resolves the name of the host itself. All addresses that are found here are checked, because the proxy may choose any of
//! them. A name that has none here is left to the proxy if an administrator has allowed it. Only with `socks5://` is it asked for an address:
//! the first that is found here and allowed.

use std::{io, net::SocketAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    connection_test::StageName,
    proxy::{ProxyProtocol, ProxyUrl},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
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

impl Connector {
    pub(super) async fn connect_through(
        &self,
        proxy: &ProxyUrl,
        url: &Url,
        recording: &Recording,
    ) -> Result<TcpStream, SendError> {
        let host = host_of(url).unwrap_or_default();
        let (found, of_proxy) = self.resolve_both(proxy, &host, recording).await?;
        let (target, allowed) = self.admit_both(proxy, url, (&host, &found), &of_proxy, recording)?;
        let connecting = timeout(PROXY_DEADLINE, connect_tcp(&allowed, recording)).await;
        let mut stream = match connecting.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(stream) => stream,
            Err(error) => {
                // The proxy may have moved.
                self.proxy_names.forget().await;
                return Err(SendError::Proxy(ProxyError::Unconnected {
                    proxy: proxy.address(),
                    error,
                }));
            }
        };
        recording.begin(StageName::Proxy);
        match ask(&mut stream, proxy, &target).await {
            Ok(()) => {
                let (proxy, target) = (proxy.address(), target.text);
                recording.done(format!("The proxy {proxy} has connected to {target}."));
                Ok(stream)
            }
            Err(error) => {
                recording.failed(format!("{error}."));
                Err(SendError::Proxy(error))
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
        let (found, of_proxy) = tokio::join!(
            self.names.addresses_or_none(host, lookup(host.to_owned(), self.port)),
            self.proxy_names.addresses(name, lookup(name.to_owned(), proxy.port())),
        );
        let of_proxy: Vec<SocketAddr> = of_proxy.unwrap_or_default();
        if of_proxy.is_empty() {
            let error = ProxyError::Unresolved { proxy: proxy.address() };
            recording.failed(format!("{error}."));
            return Err(SendError::Proxy(error));
        }
        if found.is_empty() && proxy.protocol() == ProxyProtocol::Socks5 {
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

    /// What the proxy is asked for, and its addresses that may be connected to.
    fn admit_both(
        &self,
        proxy: &ProxyUrl,
        url: &Url,
        (host, found): (&str, &[SocketAddr]),
        of_proxy: &[SocketAddr],
        recording: &Recording,
    ) -> Result<(Target, Vec<SocketAddr>), SendError> {
        recording.begin(StageName::NetworkRule);
        let target = self.admit_target(proxy.protocol(), url, (host, found));
        let admitted = target.and_then(|target| {
            let allowed = keep_allowed(&self.rules, proxy.host(), proxy.port(), of_proxy.iter().copied())?;
            Ok((target, allowed))
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

    fn admit_target(
        &self,
        protocol: ProxyProtocol,
        url: &Url,
        (host, found): (&str, &[SocketAddr]),
    ) -> Result<Target, ResolveError> {
        if protocol == ProxyProtocol::Socks5 {
            let allowed = keep_allowed(&self.rules, host, self.port, found.iter().copied())?;
            let address = allowed.first().ok_or(ResolveError::Unresolved)?;
            return Ok(Target {
                host: address.ip().to_string(),
                port: self.port,
                text: address.to_string(),
            });
        }
        match found.is_empty() {
            true => self.check_name(url, host)?,
            false => require_all_allowed(&self.rules, host, self.port, found).map_err(ResolveError::Blocked)?,
        }
        Ok(Target {
            host: host.to_owned(),
            port: self.port,
            text: format!("{}:{}", url.host_str().unwrap_or_default(), self.port),
        })
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
    ProxyError::NoProxy {
        proxy: proxy.address(),
        kind: "HTTP",
    }
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
    use super::*;

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
