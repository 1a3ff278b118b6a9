//! Where browsers and senders reach this server.

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
};

use axum::http::{HeaderMap, header::HOST, uri::Authority};
use url::Url;

/// Scheme, host and port, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    text: String,
    is_https: bool,
    authority: String,
    /// Made of the listener's address, because none was given.
    is_guess: bool,
}

/// What the text is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidPublicUrl {
    #[error("must be an absolute URL, for example https://audit.example.com")]
    NotAUrl,
    #[error("must start with http:// or https://")]
    Scheme,
    #[error("must end after the host and port: this server can't live below a path")]
    Path,
    #[error("can't have a user name, a password, a query (?) or a fragment (#)")]
    Extra,
}

impl PublicUrl {
    /// # Errors
    /// [`InvalidPublicUrl`].
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidPublicUrl> {
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
        })
    }

    /// What to use when no public URL was given. Who listens on every address is reached on this one at least.
    pub(crate) fn of_listener(address: SocketAddr) -> Self {
        let host = match address.ip() {
            ip if ip.is_unspecified() => "localhost".to_owned(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let authority = if address.port() == 80 {
            host
        } else {
            format!("{host}:{}", address.port())
        };
        Self {
            text: format!("http://{authority}"),
            is_https: false,
            authority,
            is_guess: true,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// For links in an answer: where none was given, what the client itself calls this server.
    pub(crate) fn as_seen_by(&self, headers: &HeaderMap) -> Cow<'_, str> {
        let host = headers.get(HOST).filter(|_| self.is_guess);
        let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
        match authority.filter(|authority| !authority.as_str().contains('@')) {
            Some(authority) => Cow::Owned(format!("http://{authority}")),
            None => Cow::Borrowed(&self.text),
        }
    }

    pub(crate) fn is_https(&self) -> bool {
        self.is_https
    }

    /// Host and, unless it is the scheme's own, port: what browsers send as `Host`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether a browser on another machine could use it.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = Url::parse(&self.text).ok().and_then(|url| match url.host()? {
            url::Host::Domain(name) => Some(name == "localhost" || name.ends_with(".localhost")),
            url::Host::Ipv4(ip) => Some(ip.is_loopback()),
            url::Host::Ipv6(ip) => Some(ip.is_loopback()),
        });
        host.unwrap_or(false)
    }
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
        let url = PublicUrl::parse("http://[::1]:8080").unwrap();
        assert_eq!((url.as_str(), url.authority()), ("http://[::1]:8080", "[::1]:8080"));
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
        let guess = PublicUrl::of_listener("0.0.0.0:9000".parse().unwrap());
        assert_eq!(seen(&guess, "audit.internal:9000"), "http://audit.internal:9000");
        for bad in ["a>;b", "user@audit.internal", ""] {
            assert_eq!(seen(&guess, bad), "http://localhost:9000", "{bad}");
        }
        let given = PublicUrl::parse("https://audit.example.com").unwrap();
        assert_eq!(seen(&given, "audit.internal:9000"), "https://audit.example.com");
    }

    #[test]
    fn a_listener_can_be_reached_somewhere() {
        for (address, expected) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("0.0.0.0:80", "http://localhost"),
            ("[::]:9000", "http://localhost:9000"),
            ("[::1]:9000", "http://[::1]:9000"),
        ] {
            assert_eq!(PublicUrl::of_listener(address.parse().unwrap()).as_str(), expected);
        }
    }
}
