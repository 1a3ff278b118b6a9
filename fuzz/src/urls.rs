//! Addresses that administrators choose: of destinations, of proxies, and of what the network rules open.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use domain::{
    destination::DestinationUrl,
    proxy::{NoProxy, ProxyChoice, ProxyUrl},
    settings::AllowEntry,
};
use engine::fuzz::Rules;
use url::{Host, Url};

use crate::lines::Lines;

/// The lines of the input are the URL of a destination, an entry of the allowlist, a proxy, and hosts without one.
pub fn run(input: &[u8]) {
    let mut lines = Lines::of(input);
    let url = lines.take();
    let entry: Option<AllowEntry> = lines.take().parse().ok();
    if let Ok(accepted) = DestinationUrl::parse(&url) {
        check_url(&accepted);
        check_normal(&accepted);
        check_rules(accepted.as_str(), entry.as_ref());
    }
    if let Some(entry) = entry {
        assert_eq!(entry.to_string().parse(), Ok(entry));
    }
    check_proxy(&lines.take());
    if let (Ok(hosts), Ok(url)) = (lines.take().parse::<NoProxy>(), Url::parse(&url)) {
        assert!(!hosts.names(&url) || url.has_host());
    }
}

fn parsed(text: &str) -> Url {
    match Url::parse(text) {
        Ok(url) => url,
        Err(error) => panic!("{error}: {text}"),
    }
}

/// A URL that is accepted has a host and no credentials, and the parser of the client agrees with ours.
fn check_url(accepted: &DestinationUrl) {
    let url = parsed(accepted.as_str());
    assert!(url.has_host() && matches!(url.scheme(), "http" | "https"), "{url}");
    assert!(
        url.username().is_empty() && url.password().is_none() && url.fragment().is_none(),
        "{url}"
    );
    assert_eq!(accepted.is_https(), url.scheme() == "https", "{url}");
    assert_eq!(
        format!("{accepted:?}"),
        format!("DestinationUrl({}/..)", accepted.origin())
    );
}

/// The normal form leads to the same place, and is its own normal form.
fn check_normal(accepted: &DestinationUrl) {
    let Ok(normal) = DestinationUrl::normal(accepted.as_str()) else {
        // Escapes can make it too long.
        return;
    };
    assert_eq!(DestinationUrl::normal(normal.as_str()).as_ref(), Ok(&normal));
    let (url, same) = (parsed(accepted.as_str()), parsed(normal.as_str()));
    assert_eq!(
        (url.origin(), url.query()),
        (same.origin(), same.query()),
        "{url} is not {same}"
    );
    assert_eq!(
        url.path().trim_end_matches('/'),
        same.path().trim_end_matches('/'),
        "{url} is not {same}"
    );
}

/// Without exceptions, only public addresses are admitted; with one, only what it names.
fn check_rules(url: &str, entry: Option<&AllowEntry>) {
    let url = parsed(url);
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        panic!("{url} has no host");
    };
    let none = Rules::default();
    let is_open = none.admit_url(&url);
    assert!(!none.admit_by_proxy(&url), "{url} can't be checked");
    let address = match host {
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => IpAddr::V6(address),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            assert!(
                !is_open || (name != "localhost" && !name.ends_with(".localhost")),
                "{url}"
            );
            return;
        }
    };
    assert!(!is_open || is_public(address), "{url} is admitted");
    assert_eq!(is_open, none.admit_address(&address.to_string(), address, port));
    if let Some(entry) = entry {
        let is_open_now = Rules::new(false, vec![entry.clone()]).admit_url(&url);
        let is_named = entry.admits(&address.to_string(), address, port) || entry.names(address, port);
        assert!(!is_open_now || is_open || is_named, "{entry} admits {url}");
        let is_metadata = address == IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));
        assert!(
            !is_open_now || !is_metadata || entry.names(address, port),
            "{entry} admits {url}"
        );
    }
}

/// Independent of the table that is tested: what the standard library knows, and what carries an IPv4 address.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => {
            let is_global_unicast = (address.segments()[0] & 0xe000) == 0x2000;
            let is_local = address.is_loopback() || address.is_unspecified() || address.is_multicast();
            let is_private = address.is_unique_local() || address.is_unicast_link_local();
            let embedded = embedded(address);
            !is_local && !is_private && embedded.map_or(is_global_unicast, is_public_v4)
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_local = address.is_loopback() || address.is_private() || address.is_link_local() || first == 0;
    let is_special = address.is_multicast() || address.is_broadcast() || address.is_documentation() || first >= 240;
    !is_shared && !is_local && !is_special
}

fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let from = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match (a, b) {
        (0x2002, _) => from(b, c),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => from(g, h),
        (0, 0) if (c, d, e, f) == (0, 0, 0, 0xffff) => from(g, h),
        _ => None,
    }
}

/// A proxy reads back, and is shown without its password.
fn check_proxy(text: &str) {
    let Ok(proxy) = ProxyUrl::parse(text) else { return };
    assert_eq!(ProxyUrl::parse(&proxy.expose()).as_ref(), Ok(&proxy));
    assert!(proxy.port() != 0 && !proxy.host().is_empty());
    let (url, masked) = (parsed(&proxy.expose()), proxy.masked());
    let shown = [masked.as_str(), &proxy.origin(), &format!("{proxy:?}")].join(" ");
    let password = url.password().unwrap_or_default();
    let elsewhere = [url.username(), proxy.host(), &proxy.origin()].join(" ");
    let is_telling = password.len() >= 6 && !elsewhere.contains(password) && !proxy.is_masked();
    assert!(!is_telling || !shown.contains(password), "{shown}");
    assert!(
        password.is_empty() || ProxyUrl::parse(&masked).is_ok_and(|masked| masked.is_masked()),
        "{masked}"
    );
    assert_eq!(
        ProxyChoice::unmasked(&masked, Some(&proxy.expose())),
        Some(proxy.expose())
    );
}
