//! The URL at which browsers and event sources reach this server.

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
};

/// A host name that always refers to this machine.
const LOCALHOST: &str = "localhost";

use axum::http::{HeaderMap, header::HOST, uri::Authority};
use url::Url;

/// Scheme, host and port, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    is_https: bool,
    authority: String,
    /// Derived from the listener's address, because none is configured.
    is_guess: bool,
    /// The address at which the server listens.
    listen: Option<IpAddr>,
}

/// Why the text is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPublicUrl {
    #[error("must be an absolute URL, for example https://audit.example.com")]
    NotAUrl,
    #[error("must start with http:// or https://")]
    Scheme,
    #[error("must not have a path: the server cannot run below a path")]
    Path,
    #[error("must not have a user name, a password, a query (?) or a fragment (#)")]
    Extra,
    #[error("must have no port, or a port from 1 to 65535")]
    Port,
}

impl PublicUrl {
    /// # Errors
    /// [`InvalidPublicUrl`].
    pub fn parse(text: &str) -> Result<Self, InvalidPublicUrl> {
        let url = Url::parse(text.trim()).map_err(|_| InvalidPublicUrl::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidPublicUrl::Scheme);
        }
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(InvalidPublicUrl::NotAUrl)?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidPublicUrl::Extra);
        }
        if url.port() == Some(0) {
            return Err(InvalidPublicUrl::Port);
        }
        if url.path() != "/" {
            return Err(InvalidPublicUrl::Path);
        }
        let authority = url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self {
            text: format!("{}://{authority}", url.scheme()),
            is_https: url.scheme() == "https",
            authority,
            is_guess: false,
            listen: None,
        })
    }

    /// The URL, with the address at which the server listens.
    #[must_use]
    pub fn listening_on(self, address: SocketAddr) -> Self {
        Self {
            listen: Some(address.ip()),
            ..self
        }
    }

    /// The default public URL. A server that listens on all addresses can be reached at this one.
    pub fn of_listener(address: SocketAddr, is_https: bool) -> Self {
        let host = match address.ip() {
            ip if ip.is_unspecified() => LOCALHOST.to_owned(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let (scheme, default_port) = if is_https { ("https", 443) } else { ("http", 80) };
        let authority = if address.port() == default_port {
            host
        } else {
            format!("{host}:{}", address.port())
        };
        Self {
            text: format!("{scheme}://{authority}"),
            is_https,
            authority,
            is_guess: true,
            listen: Some(address.ip()),
        }
    }

    /// The URL without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The base of links in a response: if no public URL is configured, the name that the client used, if it is a name of this
    /// server.
    pub(crate) fn as_seen_by(&self, headers: &HeaderMap) -> Cow<'_, str> {
        match host_of(headers).filter(|host| self.is_guess && self.is_own(host)) {
            Some(authority) if self.is_https => Cow::Owned(format!("https://{authority}")),
            Some(authority) => Cow::Owned(format!("http://{authority}")),
            None => Cow::Borrowed(&self.text),
        }
    }

    /// Whether `Host` is a name of this server. Browsers send the name in their address bar, and the owner of any name can let it
    /// resolve to this server (DNS rebinding); pages of an attacker would then count as our own. So the only accepted names are
    /// that of the public URL and those that always refer to this machine. Addresses cannot be rebound.
    pub(crate) fn is_own_host(&self, headers: &HeaderMap) -> bool {
        host_of(headers).is_some_and(|host| self.is_own(&host))
    }

    fn is_own(&self, host: &Authority) -> bool {
        let default_port = if self.is_https { ":443" } else { ":80" };
        let text = host.as_str();
        let text = text.strip_suffix(default_port).unwrap_or(text);
        if text.eq_ignore_ascii_case(&self.authority) {
            return true;
        }
        let name = host.host();
        let address = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
            .unwrap_or(name);
        match address.parse::<IpAddr>() {
            Ok(ip) if ip.is_loopback() => true,
            Ok(ip) => self
                .listen
                .is_some_and(|listen| listen.is_unspecified() || listen == ip),
            Err(_) => is_localhost(name),
        }
    }

    /// The port, unless it is the default of the scheme.
    pub(crate) fn port(&self) -> Option<u16> {
        let authority: Authority = self.authority.parse().ok()?;
        authority.port_u16()
    }

    /// Whether browsers use https.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Host and port, without the default port of the scheme, as browsers send them in `Host`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether a browser on another machine can use it.
    pub fn is_loopback(&self) -> bool {
        let host = Url::parse(&self.text).ok().and_then(|url| match url.host()? {
            url::Host::Domain(name) => Some(is_localhost(name)),
            url::Host::Ipv4(ip) => Some(ip.is_loopback()),
            url::Host::Ipv6(ip) => Some(ip.is_loopback()),
        });
        host.unwrap_or(false)
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == LOCALHOST || name.ends_with(".localhost")
}

/// `None` if there is no `Host`, more than one, or an invalid one.
fn host_of(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().filter(|_| hosts.next().is_none())?;
    let authority = Authority::try_from(host.as_bytes()).ok()?;
    (!authority.as_str().contains('@')).then_some(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_kept_without_the_slash_and_the_schemes_own_port() {
        let url = PublicUrl::parse(" https://Audit.Example.com:443/ ").unwrap();
        assert_eq!(
            (url.as_str(), url.authority()),
            ("https://audit.example.com", "audit.example.com")
        );
        assert!(url.is_https() && !url.is_loopback());
        assert_eq!(url.port(), None);
        let url = PublicUrl::parse("http://[::1]:8080").unwrap();
        assert_eq!((url.as_str(), url.authority()), ("http://[::1]:8080", "[::1]:8080"));
        assert_eq!(url.port(), Some(8080));
        assert!(!url.is_https() && url.is_loopback());
    }

    #[test]
    fn each_thing_that_it_is_not_has_its_words() {
        for (text, expected) in [
            ("audit.example.com", InvalidPublicUrl::NotAUrl),
            ("", InvalidPublicUrl::NotAUrl),
            ("ftp://audit.example.com", InvalidPublicUrl::Scheme),
            ("https://audit.example.com/audit", InvalidPublicUrl::Path),
            ("https://audit.example.com/?x=1", InvalidPublicUrl::Extra),
            ("https://user@audit.example.com", InvalidPublicUrl::Extra),
            ("https://audit.example.com/#top", InvalidPublicUrl::Extra),
            ("http://audit.example.com:0", InvalidPublicUrl::Port),
        ] {
            assert_eq!(PublicUrl::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn links_lead_to_where_the_client_is_unless_it_was_given() {
        let seen = |url: &PublicUrl, host: &'static str| {
            let headers = HeaderMap::from_iter([(HOST, axum::http::HeaderValue::from_static(host))]);
            url.as_seen_by(&headers).into_owned()
        };
        let guess = PublicUrl::of_listener("0.0.0.0:9000".parse().unwrap(), false);
        for own in ["127.0.0.1:9000", "10.0.0.5:9000", "[fd00::5]:9000", "localhost"] {
            assert_eq!(seen(&guess, own), format!("http://{own}"));
        }
        for bad in [
            "a>;b",
            "user@127.0.0.1",
            "",
            "audit.internal:9000",
            "evil.example",
            "127.0.0.1.evil.example",
        ] {
            assert_eq!(seen(&guess, bad), "http://localhost:9000", "{bad}");
        }
        let over_tls = PublicUrl::of_listener("0.0.0.0:9000".parse().unwrap(), true);
        assert_eq!(seen(&over_tls, "10.0.0.5:9000"), "https://10.0.0.5:9000");
        let given = PublicUrl::parse("https://audit.example.com").unwrap();
        assert_eq!(seen(&given, "audit.internal:9000"), "https://audit.example.com");
    }

    #[test]
    fn only_names_that_nobody_else_can_point_here_are_its_own() {
        let is_own = |url: &PublicUrl, host: &'static str| {
            url.is_own_host(&HeaderMap::from_iter([(
                HOST,
                axum::http::HeaderValue::from_static(host),
            )]))
        };
        let given = PublicUrl::parse("https://audit.example.com").unwrap();
        let given = given.listening_on("10.0.0.5:8080".parse().unwrap());
        let guess = PublicUrl::of_listener("10.0.0.5:8080".parse().unwrap(), false);
        for host in [
            "localhost:8080",
            "LOCALHOST.",
            "a.localhost",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]:8080",
            "10.0.0.5",
        ] {
            assert!(is_own(&given, host) && is_own(&guess, host), "{host}");
        }
        for host in ["audit.example.com", "Audit.Example.com:443"] {
            assert!(is_own(&given, host) && !is_own(&guess, host), "{host}");
        }
        for host in [
            "evil.example",
            "audit.example.com:8443",
            "audit.example.com.evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "10.0.0.6",
            "[::2]",
            "",
        ] {
            assert!(!is_own(&given, host) && !is_own(&guess, host), "{host}");
        }
        let everywhere = PublicUrl::of_listener("[::]:8080".parse().unwrap(), false);
        assert!(is_own(&everywhere, "10.0.0.6:8080") && !is_own(&everywhere, "evil.example"));
        assert!(!everywhere.is_own_host(&HeaderMap::new()), "no host at all");
    }

    #[test]
    fn a_listener_can_be_reached_somewhere() {
        for (address, expected) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("0.0.0.0:80", "http://localhost"),
            ("[::]:9000", "http://localhost:9000"),
            ("[::1]:9000", "http://[::1]:9000"),
        ] {
            assert_eq!(
                PublicUrl::of_listener(address.parse().unwrap(), false).as_str(),
                expected
            );
        }
        for (address, expected, port) in [
            ("127.0.0.1:8443", "https://127.0.0.1:8443", Some(8443)),
            ("0.0.0.0:443", "https://localhost", None),
        ] {
            let url = PublicUrl::of_listener(address.parse().unwrap(), true);
            assert_eq!((url.as_str(), url.port(), url.is_https()), (expected, port, true));
        }
    }
}
