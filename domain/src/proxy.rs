//! Through which proxy a connection goes: HTTP proxies that connect on request (`CONNECT`), SOCKS5 proxies, and the hosts that need none.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use url::{Host, Url};

use crate::mask::MASK;

/// How a proxy is asked for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// `http://`: by the method `CONNECT`, for the name of the host.
    Http,
    /// `socks5://`: by SOCKS5, for an address of the host, which is resolved here.
    Socks5,
    /// `socks5h://`: by SOCKS5, for the name of the host, which the proxy resolves.
    Socks5ByName,
}

impl ProxyProtocol {
    const ALL: [Self; 3] = [Self::Http, Self::Socks5, Self::Socks5ByName];

    const fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Socks5 => "socks5",
            Self::Socks5ByName => "socks5h",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Socks5 | Self::Socks5ByName => 1_080,
        }
    }
}

/// A proxy. A secret: its password is only in [`Self::expose`], not in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl {
    protocol: ProxyProtocol,
    host: String,
    port: u16,
    /// As they stand in a URL, percent-encoded; empty without.
    username: String,
    password: String,
}

/// Why a text is no proxy. The messages follow the name of the field, and never repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProxy {
    #[error("must be a URL such as http://user:password@proxy.example.com:3128")]
    NotAUrl,
    #[error("must begin with http://, socks5:// or socks5h://: other kinds of proxies are not supported")]
    Scheme,
    #[error("can't have a path, a query or a fragment")]
    Path,
    #[error("can't have a password without a user name")]
    NoUser,
    #[error("can't have a colon in the user name")]
    Colon,
    #[error("needs a user name and a password of 1 to 255 bytes each, in UTF-8, or neither")]
    SocksCredentials,
}

impl ProxyUrl {
    /// # Errors
    /// [`InvalidProxy`].
    pub fn parse(text: &str) -> Result<Self, InvalidProxy> {
        let url = Url::parse(text.trim()).map_err(|_| InvalidProxy::NotAUrl)?;
        let mut protocols = ProxyProtocol::ALL.into_iter();
        let Some(protocol) = protocols.find(|protocol| protocol.scheme() == url.scheme()) else {
            return Err(match url.has_host() {
                true => InvalidProxy::Scheme,
                false => InvalidProxy::NotAUrl,
            });
        };
        // `Url` parses hosts only for schemes such as http; for others, the host is opaque.
        let host = Host::parse(url.host_str().unwrap_or_default()).map_err(|_| InvalidProxy::NotAUrl)?;
        let port = url.port().unwrap_or(protocol.default_port());
        if port == 0 {
            return Err(InvalidProxy::NotAUrl);
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidProxy::Path);
        }
        let password = url.password().unwrap_or_default();
        if url.username().is_empty() && !password.is_empty() {
            return Err(InvalidProxy::NoUser);
        }
        let proxy = Self {
            protocol,
            host: host.to_string(),
            port,
            username: url.username().to_owned(),
            password: password.to_owned(),
        };
        proxy.check_credentials().map(|()| proxy)
    }

    /// What the protocol can't send.
    fn check_credentials(&self) -> Result<(), InvalidProxy> {
        let Some((user, password)) = self.credentials() else {
            return Ok(());
        };
        let is_sendable = |text: &[u8]| (1..=255).contains(&text.len()) && std::str::from_utf8(text).is_ok();
        match self.protocol {
            ProxyProtocol::Http if user.contains(&b':') => Err(InvalidProxy::Colon),
            ProxyProtocol::Socks5 | ProxyProtocol::Socks5ByName if !is_sendable(&user) || !is_sendable(&password) => {
                Err(InvalidProxy::SocksCredentials)
            }
            _ => Ok(()),
        }
    }

    /// How it is asked for a connection.
    pub const fn protocol(&self) -> ProxyProtocol {
        self.protocol
    }

    /// Without brackets around an IPv6 address.
    pub fn host(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }

    /// 80 if the URL names none, or 1080 with SOCKS5.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// `proxy.example.com:3128`.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// User name and password as they are sent. `None` without a user name.
    pub fn credentials(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        (!self.username.is_empty()).then(|| (decoded(&self.username), decoded(&self.password)))
    }

    /// The whole URL. It must not be shown or logged.
    pub fn expose(&self) -> String {
        self.written(&self.password)
    }

    /// The URL with its password masked, as it is shown.
    pub fn masked(&self) -> String {
        self.written(if self.password.is_empty() { "" } else { MASK })
    }

    /// Without who signs in.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.protocol.scheme(), self.address())
    }

    /// Its address as an `http` URL, the form that the network rules take.
    pub fn place(&self) -> String {
        format!("http://{}", self.address())
    }

    fn written(&self, password: &str) -> String {
        let Self { username, protocol, .. } = self;
        let scheme = protocol.scheme();
        match (username.is_empty(), password.is_empty()) {
            (true, _) => self.origin(),
            (false, true) => format!("{scheme}://{username}@{}", self.address()),
            (false, false) => format!("{scheme}://{username}:{password}@{}", self.address()),
        }
    }

    /// Whether the password is the mask that is shown in its place.
    pub fn is_masked(&self) -> bool {
        decoded(&self.password) == MASK.as_bytes()
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ProxyUrl({})", self.address())
    }
}

/// Percent-encoded text as bytes.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits
            .filter(|digits| *first == b'%' && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() {
            after.get(2..).unwrap_or_default()
        } else {
            after
        };
    }
    bytes
}

/// Which proxy a destination uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProxyChoice {
    /// That of the instance, if there is one.
    #[default]
    Default,
    /// None.
    Direct,
    /// One of its own, for every host.
    Url(ProxyUrl),
}

impl ProxyChoice {
    /// The text of the first choice.
    pub const DEFAULT: &str = "default";
    /// The text of the second choice.
    pub const DIRECT: &str = "direct";

    /// # Errors
    /// [`InvalidProxy`].
    pub fn parse(text: &str) -> Result<Self, InvalidProxy> {
        match text.trim() {
            "" | Self::DEFAULT => Ok(Self::Default),
            Self::DIRECT => Ok(Self::Direct),
            url => ProxyUrl::parse(url).map(Self::Url),
        }
    }

    /// As it is stored, password included.
    pub fn expose(&self) -> String {
        self.text(ProxyUrl::expose)
    }

    /// As a form shows it.
    pub fn masked(&self) -> String {
        self.text(ProxyUrl::masked)
    }

    /// As it is shown to others than administrators.
    pub fn origin(&self) -> String {
        self.text(ProxyUrl::origin)
    }

    /// [`Self::origin`] of a choice as it is stored: what audit events may have of it. A user name can be a secret, too.
    pub fn origin_of(text: &str) -> String {
        match Self::parse(text) {
            Ok(choice) => choice.origin(),
            Err(InvalidProxy::Scheme | InvalidProxy::NotAUrl | InvalidProxy::Path) => "no proxy".to_owned(),
            Err(InvalidProxy::NoUser | InvalidProxy::Colon | InvalidProxy::SocksCredentials) => "a proxy".to_owned(),
        }
    }

    fn text(&self, of_url: fn(&ProxyUrl) -> String) -> String {
        match self {
            Self::Default => Self::DEFAULT.to_owned(),
            Self::Direct => Self::DIRECT.to_owned(),
            Self::Url(url) => of_url(url),
        }
    }

    /// This text, as it was sent, with the stored password where the mask stands for it. `None` if nobody knows what the mask stands for.
    pub fn unmasked(text: &str, stored: Option<&str>) -> Option<String> {
        let is_masked = matches!(Self::parse(text), Ok(Self::Url(url)) if url.is_masked());
        if !is_masked {
            return Some(text.to_owned());
        }
        let stored = Self::parse(stored?).ok()?;
        let sent = Self::parse(text).ok()?;
        (stored.masked() == sent.masked()).then(|| stored.expose())
    }
}

/// Hosts that are connected to without the proxy of the instance, as curl understands `NO_PROXY`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoProxy(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Everything,
    /// The host and everything below it.
    Domain(String),
    Range(IpNet),
}

/// An entry is neither a host nor a range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {0} is no host, domain, address or range")]
pub struct InvalidNoProxy(usize);

impl FromStr for NoProxy {
    type Err = InvalidNoProxy;

    /// Entries are separated by commas or spaces.
    fn from_str(text: &str) -> Result<Self, InvalidNoProxy> {
        let entries = text.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
        let entries = entries
            .zip(1..)
            .map(|(entry, number)| Entry::parse(entry).ok_or(InvalidNoProxy(number)));
        entries.collect::<Result<_, _>>().map(Self)
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Everything);
        }
        let unbracketed = text.trim_matches(['[', ']']);
        if let Ok(address) = unbracketed.parse::<IpAddr>() {
            return Some(Self::Range(address.into()));
        }
        if unbracketed.contains('/') {
            return unbracketed.parse().ok().map(Self::Range);
        }
        match Host::parse(text.trim_start_matches('.')) {
            Ok(Host::Domain(domain)) if !domain.contains(['*', ':']) => {
                Some(Self::Domain(domain.trim_end_matches('.').to_owned()))
            }
            _ => None,
        }
    }

    fn names(&self, host: &Host<&str>) -> bool {
        match (self, host) {
            (Self::Everything, _) => true,
            (Self::Domain(domain), Host::Domain(host)) => {
                let host = host.trim_end_matches('.').to_ascii_lowercase();
                let above = host.strip_suffix(domain.as_str());
                above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }
            (Self::Range(range), Host::Ipv4(address)) => range.contains(&IpAddr::V4(*address)),
            (Self::Range(range), Host::Ipv6(address)) => range.contains(&IpAddr::V6(*address)),
            (Self::Domain(_), _) | (Self::Range(_), Host::Domain(_)) => false,
        }
    }
}

impl NoProxy {
    /// Whether this URL is connected to without a proxy. Names are not looked up: ranges are for URLs with an address.
    pub fn names(&self, url: &Url) -> bool {
        url.host()
            .is_some_and(|host| self.0.iter().any(|entry| entry.names(&host)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_shown_without_its_password() {
        let proxy = ProxyUrl::parse(" http://ada:p%40ss:w%C3%B6rd@Proxy.Example:3128/ ").unwrap();
        assert_eq!((proxy.host(), proxy.port()), ("proxy.example", 3_128));
        let (user, password) = proxy.credentials().unwrap();
        assert_eq!((user, password), (b"ada".to_vec(), "p@ss:wörd".as_bytes().to_vec()));
        assert_eq!(proxy.masked(), "http://ada:••••@proxy.example:3128");
        assert_eq!(proxy.origin(), "http://proxy.example:3128");
        assert_eq!(format!("{proxy:?}"), "ProxyUrl(proxy.example:3128)");
        assert_eq!(ProxyUrl::parse(&proxy.expose()), Ok(proxy.clone()));
        assert!(ProxyUrl::parse(&proxy.masked()).unwrap().is_masked() && !proxy.is_masked());
        let v6 = ProxyUrl::parse("http://[fd00::1]").unwrap();
        assert_eq!((v6.host(), v6.port(), v6.credentials()), ("fd00::1", 80, None));
        assert_eq!(v6.address(), "[fd00::1]:80");
        let odd = ProxyUrl::parse("http://ada:50%+1%2@proxy").unwrap();
        let as_typed = b"50%+1%2".to_vec();
        assert_eq!(
            odd.credentials(),
            Some((b"ada".to_vec(), as_typed)),
            "only two hexadecimal digits are a byte"
        );
        for (text, error) in [
            ("proxy", InvalidProxy::NotAUrl),
            ("proxy.example:3128", InvalidProxy::NotAUrl),
            ("http://", InvalidProxy::NotAUrl),
            ("http://proxy:0", InvalidProxy::NotAUrl),
            ("https://proxy:3128", InvalidProxy::Scheme),
            ("socks4://proxy:1080", InvalidProxy::Scheme),
            ("http://proxy:3128/x", InvalidProxy::Path),
            ("http://proxy:3128?x", InvalidProxy::Path),
            ("http://:secret@proxy:3128", InvalidProxy::NoUser),
            ("http://a%3Ab:secret@proxy:3128", InvalidProxy::Colon),
            ("socks5://", InvalidProxy::NotAUrl),
            ("socks5://proxy:0", InvalidProxy::NotAUrl),
            ("socks5://proxy:1080/x", InvalidProxy::Path),
            ("socks5h://:secret@proxy", InvalidProxy::NoUser),
            ("socks5://ada@proxy", InvalidProxy::SocksCredentials),
            ("socks5://ada:%FF@proxy", InvalidProxy::SocksCredentials),
        ] {
            assert_eq!(ProxyUrl::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_socks_proxy_is_asked_for_an_address_or_for_a_name() {
        for (text, protocol, normal) in [
            (
                "socks5://Proxy.Example",
                ProxyProtocol::Socks5,
                "socks5://proxy.example:1080",
            ),
            (
                "socks5h://ada:p%40ss@proxy.example:80/",
                ProxyProtocol::Socks5ByName,
                "socks5h://ada:p%40ss@proxy.example:80",
            ),
            (
                "socks5://[fd00::1]:1081",
                ProxyProtocol::Socks5,
                "socks5://[fd00::1]:1081",
            ),
            ("socks5://127.1", ProxyProtocol::Socks5, "socks5://127.0.0.1:1080"),
            (
                "socks5h://a%3Ab:c@proxy",
                ProxyProtocol::Socks5ByName,
                "socks5h://a%3Ab:c@proxy:1080",
            ),
        ] {
            let proxy = ProxyUrl::parse(text).unwrap();
            assert_eq!((proxy.protocol(), proxy.expose().as_str()), (protocol, normal));
            assert_eq!(ProxyUrl::parse(normal), Ok(proxy.clone()));
            assert_eq!(proxy.place(), format!("http://{}", proxy.address()));
        }
        let named = ProxyUrl::parse("socks5h://ada:secret@proxy").unwrap();
        assert_eq!(named.masked(), "socks5h://ada:••••@proxy:1080");
        let other = ProxyChoice::unmasked("socks5://ada:••••@proxy:1080", Some("socks5h://ada:secret@proxy:1080"));
        assert_eq!(other, None, "it is another proxy");
    }

    #[test]
    fn a_mask_stands_for_the_password_of_the_same_proxy() {
        const STORED: &str = "http://ada:secret@proxy:3128";
        let unmasked = |text, stored| ProxyChoice::unmasked(text, stored);
        assert_eq!(
            unmasked("http://ada:••••@proxy:3128", Some(STORED)).as_deref(),
            Some(STORED)
        );
        for other in [
            "http://ada:••••@other:3128",
            "http://eve:••••@proxy:3128",
            "http://ada:••••@proxy:3129",
        ] {
            assert_eq!(unmasked(other, Some(STORED)), None, "{other}");
        }
        assert_eq!(unmasked("http://ada:••••@proxy:3128", None), None);
        assert_eq!(unmasked("http://ada:••••@proxy:3128", Some("direct")), None);
        for plain in ["direct", "default", "http://ada:new@other:1"] {
            assert_eq!(unmasked(plain, Some(STORED)).as_deref(), Some(plain));
        }
    }

    #[test]
    fn hosts_without_a_proxy_are_those_that_curl_means() {
        let list: NoProxy = "localhost, .internal,corp.example  10.0.0.0/8,192.0.2.7,[fd00::1],fe80::/10"
            .parse()
            .unwrap();
        let names = |url: &str| list.names(&Url::parse(url).unwrap());
        for url in [
            "https://localhost/",
            "https://siem.internal/",
            "https://internal/",
            "https://corp.example:8443/",
            "https://A.b.CORP.example./",
            "https://10.1.2.3/",
            "https://192.0.2.7/",
            "https://[fd00::1]/",
            "https://[fe80::7]/",
        ] {
            assert!(names(url), "{url}");
        }
        for url in [
            "https://mycorp.example/",
            "https://corp.example.com/",
            "https://192.0.2.8/",
            "https://11.0.0.1/",
            "https://[fd00::2]/",
        ] {
            assert!(!names(url), "{url}");
        }
        assert!(
            "*".parse::<NoProxy>()
                .unwrap()
                .names(&Url::parse("https://any.example").unwrap())
        );
        assert!(!NoProxy::default().names(&Url::parse("https://any.example").unwrap()));
        for (text, number) in [("a,10.0.0.0/99", 2), ("http://x", 1), ("a b c:8080", 3)] {
            assert_eq!(text.parse::<NoProxy>(), Err(InvalidNoProxy(number)), "{text}");
        }
    }
}
