//! Finds the client's address of a request.
//!
//! `X-Forwarded-For` is trusted only from proxies that the operator lists: read from the right, the first address that is not a
//! trusted proxy is the client. The client could have forged everything before it.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use axum::http::HeaderMap;
use ipnet::IpNet;

use super::address_ranges::{AddressRanges, InvalidRange};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The header that proxies add to requests.
const OF_PROXIES: [&str; 6] = [
    FORWARDED_FOR,
    "forwarded",
    "via",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// The peer of the connection, in the extensions of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Addresses and ranges whose `X-Forwarded-For` is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(AddressRanges);

/// Why an entry is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProxy {
    #[error(transparent)]
    NotAnAddress(#[from] InvalidRange),
    #[error("entry {position} ({range}) includes every address, so any client could forge its address")]
    Everybody { position: usize, range: IpNet },
}

impl TrustedProxies {
    /// Parses a list with commas; blank entries are ignored.
    ///
    /// # Errors
    /// [`InvalidProxy`] for the first entry that can't be used.
    pub fn parse(text: &str) -> Result<Self, InvalidProxy> {
        let ranges = AddressRanges::parse(text)?;
        match ranges.everybody() {
            Some((position, range)) => Err(InvalidProxy::Everybody { position, range }),
            None => Ok(Self(ranges)),
        }
    }

    /// Whether no proxy is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The client's address.
    pub(crate) fn client_address(&self, peer: Peer, headers: &HeaderMap) -> IpAddr {
        let peer = peer.0.ip().to_canonical();
        if !self.trust(peer) {
            return peer;
        }
        let forwarded = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
        let mut client = peer;
        for hop in hops.into_iter().rev() {
            let Some(address) = parse_hop(hop) else { break };
            client = address;
            if !self.trust(address) {
                break;
            }
        }
        client
    }

    /// Like [`Self::client_address`], but `None` if an untrusted proxy forwarded the request, which then could come from anyone.
    pub(crate) fn known_client_address(&self, peer: Peer, headers: &HeaderMap) -> Option<IpAddr> {
        let is_handed_on = OF_PROXIES.iter().any(|name| headers.contains_key(*name));
        let is_known = !is_handed_on || self.trust(peer.0.ip().to_canonical());
        is_known.then(|| self.client_address(peer, headers))
    }

    /// Whether the peer of the connection is a trusted proxy.
    pub(crate) fn is_one(&self, peer: Peer) -> bool {
        self.trust(peer.0.ip().to_canonical())
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.contains(address)
    }
}

/// Parses an address, which some proxies send with a port.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let address = IpAddr::from_str(hop).or_else(|_| SocketAddr::from_str(hop).map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: &str, peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let peer = Peer(SocketAddr::new(peer.parse().unwrap(), 4_711));
        TrustedProxies::parse(proxies)
            .unwrap()
            .client_address(peer, &headers)
            .to_string()
    }

    #[test]
    fn nobody_is_believed_by_default() {
        assert_eq!(client("", "192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(client("", "::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_what_the_client_made_up_is_not() {
        let proxies = "10.0.0.0/8, 192.0.2.1";
        assert_eq!(client(proxies, "192.0.2.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(
            client(proxies, "192.0.2.1", &["1.2.3.4, 203.0.113.9, 10.1.1.1"]),
            "203.0.113.9"
        );
        assert_eq!(
            client(proxies, "192.0.2.1", &["1.2.3.4, 203.0.113.9", "10.1.1.1"]),
            "203.0.113.9"
        );
        assert_eq!(
            client(proxies, "192.0.2.2", &["203.0.113.9"]),
            "192.0.2.2",
            "not a proxy of ours"
        );
    }

    #[test]
    fn what_can_not_be_read_ends_the_search() {
        assert_eq!(client("10.0.0.1", "10.0.0.1", &["203.0.113.9, unknown"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", "10.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", "10.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(client("10.0.0.1", "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_an_unknown_proxy_hands_on_comes_from_nobody_in_particular() {
        let known = |proxies: &str, header: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header, "203.0.113.9".parse().unwrap());
            let peer = Peer(SocketAddr::new("192.0.2.1".parse().unwrap(), 4_711));
            let proxies = TrustedProxies::parse(proxies).unwrap();
            proxies
                .known_client_address(peer, &headers)
                .map(|address| address.to_string())
        };
        assert_eq!(known("", "accept").as_deref(), Some("192.0.2.1"));
        for header in OF_PROXIES {
            assert_eq!(known("", header), None, "{header}");
        }
        assert_eq!(known("192.0.2.1", FORWARDED_FOR).as_deref(), Some("203.0.113.9"));
        assert_eq!(known("192.0.2.1", "via").as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn a_malformed_entry_is_named() {
        let error = TrustedProxies::parse("10.0.0.1,,proxy.example").unwrap_err();
        assert_eq!(
            error.to_string(),
            "entry 2 (proxy.example) must be an IP address or a range such as 10.0.0.0/8"
        );
        assert!(matches!(
            TrustedProxies::parse("::/0"),
            Err(InvalidProxy::Everybody { position: 1, .. })
        ));
    }
}
