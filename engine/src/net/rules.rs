//! Which addresses may be connected to: the table, and the operator's exceptions.
//!
//! Ranges are those of the IANA special-purpose registries
//! (<https://www.iana.org/assignments/iana-ipv4-special-registry>, <https://www.iana.org/assignments/iana-ipv6-special-registry>).

use std::{
    fmt::Display,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use domain::{
    settings::AllowEntry,
    view::{RuleVerdict, RuleView},
};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// What an operator allows beyond the public internet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkRules {
    /// Loopback, private and shared addresses may be connected to.
    pub allow_local_network: bool,
    /// What is open even though local networks are not.
    pub allowlist: Vec<AllowEntry>,
}

/// Why an address is not connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Forbidden {
    #[error("Requests to localhost are not allowed")]
    Localhost,
    #[error("Requests to loopback addresses are not allowed")]
    Loopback,
    #[error("Requests to the local network are not allowed")]
    Private,
    #[error("Requests to the link local network are not allowed")]
    LinkLocal,
    #[error("Requests to the shared address space are not allowed")]
    Shared,
    #[error("Requests to the limited broadcast address are not allowed")]
    Broadcast,
    #[error("Requests to reserved addresses are not allowed")]
    Reserved,
    #[error("Requests to cloud metadata services are not allowed")]
    Metadata,
    #[error(
        "Requests to names that only a proxy can resolve are not allowed, because their addresses can't be checked"
    )]
    Unresolvable,
}

impl Forbidden {
    /// The kinds that the tables hold, and what each is called.
    const KINDS: [(Self, &'static str); 7] = [
        (Self::Loopback, "Loopback (this machine)"),
        (Self::Private, "Private networks"),
        (Self::LinkLocal, "Link-local addresses"),
        (Self::Shared, "Carrier-grade NAT"),
        (Self::Broadcast, "Limited broadcast"),
        (
            Self::Reserved,
            "Reserved addresses: documentation, benchmarks, multicast and others",
        ),
        (Self::Metadata, "Cloud metadata services"),
    ];

    /// Whether "Allow requests to the local network" opens it.
    const fn is_local(self) -> bool {
        matches!(self, Self::Localhost | Self::Loopback | Self::Private | Self::Shared)
    }
}

impl NetworkRules {
    /// Whether `host` at `port` may be connected to at `address`.
    ///
    /// # Errors
    /// [`Forbidden`], saying why not.
    pub fn check(&self, host: impl Display, address: IpAddr, port: u16) -> Result<(), Forbidden> {
        let Some(forbidden) = classify(address) else {
            return Ok(());
        };
        let is_allowed = match self.verdict(forbidden) {
            RuleVerdict::Allowed => true,
            RuleVerdict::Refused => {
                let host = host.to_string();
                self.allowlist.iter().any(|entry| entry.admits(&host, address, port))
            }
            RuleVerdict::ExactOnly => self.allowlist.iter().any(|entry| entry.names(address, port)),
        };
        if is_allowed { Ok(()) } else { Err(forbidden) }
    }

    /// The rule for each kind of address that is not on the public internet.
    pub(crate) fn explain(&self) -> Vec<RuleView> {
        let kinds = Forbidden::KINDS.into_iter().map(|(forbidden, what)| RuleView {
            what: what.to_owned(),
            ranges: ranges_of(forbidden),
            verdict: self.verdict(forbidden),
        });
        kinds.collect()
    }

    const fn verdict(&self, forbidden: Forbidden) -> RuleVerdict {
        match forbidden {
            // Link-local addresses are those of metadata services of clouds that are not in the table.
            Forbidden::Metadata | Forbidden::LinkLocal => RuleVerdict::ExactOnly,
            _ if self.allow_local_network && forbidden.is_local() => RuleVerdict::Allowed,
            _ => RuleVerdict::Refused,
        }
    }
}

/// Names under which clouds serve metadata, where their name servers know them.
const METADATA_NAMES: [&str; 4] = [
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data.ec2.internal",
];

impl NetworkRules {
    /// Whether a proxy may be asked to connect to a host whose addresses are not known here.
    ///
    /// # Errors
    /// [`Forbidden`], saying why not.
    pub(crate) fn check_unresolvable(&self, url: &Url) -> Result<(), Forbidden> {
        self.check_unresolved(url)?;
        let (host, port) = url.host_str().zip(url.port_or_known_default()).unwrap_or_default();
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        if METADATA_NAMES.contains(&name.as_str()) {
            return Err(Forbidden::Metadata);
        }
        // No range holds it, except one that holds every address.
        let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        match self.allowlist.iter().any(|entry| entry.admits(host, nowhere, port)) {
            true => Ok(()),
            false => Err(Forbidden::Unresolvable),
        }
    }
}

fn ranges_of(forbidden: Forbidden) -> Vec<String> {
    let v4 = V4
        .iter()
        .filter(|(_, kind)| *kind == forbidden)
        .map(|(range, _)| IpNet::V4(*range));
    let v6 = V6
        .iter()
        .filter(|(_, kind)| *kind == forbidden)
        .map(|(range, _)| IpNet::V6(*range));
    let text = |range: IpNet| match range.prefix_len() == range.max_prefix_len() {
        true => range.addr().to_string(),
        false => range.to_string(),
    };
    v4.chain(v6).map(text).collect()
}

impl NetworkRules {
    /// What can be said of a URL's host without resolving it: literal addresses, and `localhost`.
    ///
    /// # Errors
    /// [`Forbidden`], saying why it would never be connected to under these rules.
    pub(crate) fn check_unresolved(&self, url: &Url) -> Result<(), Forbidden> {
        let Some((host, port)) = url.host().zip(url.port_or_known_default()) else {
            return Ok(());
        };
        let (name, address) = match host {
            Host::Ipv4(address) => (address.to_string(), IpAddr::V4(address)),
            Host::Ipv6(address) => (address.to_string(), IpAddr::V6(address)),
            Host::Domain(name) if is_localhost(name) => (name.to_owned(), IpAddr::V4(Ipv4Addr::LOCALHOST)),
            Host::Domain(_) => return Ok(()),
        };
        match self.check(&name, address, port) {
            Err(Forbidden::Loopback) if is_localhost(&name) => Err(Forbidden::Localhost),
            checked => checked,
        }
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// None for an address of the public internet. IPv6 forms that carry an IPv4 address count as that address.
fn classify(address: IpAddr) -> Option<Forbidden> {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => match embedded_v4(address) {
            // Nothing on the internet has an IPv4-compatible address.
            Some(embedded) if V4_COMPATIBLE.contains(&address) => {
                classify_v4(embedded).or_else(|| classify_v6(address))
            }
            Some(embedded) => classify_v4(embedded),
            None => classify_v6(address),
        },
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(segments: [u16; 8], prefix: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

/// The first range that holds the address decides.
const V4: [(Ipv4Net, Forbidden); 26] = [
    (v4(169, 254, 169, 254, 32), Forbidden::Metadata), // AWS, Google Cloud, Azure, and most others
    (v4(169, 254, 170, 2, 32), Forbidden::Metadata),   // AWS container credentials
    (v4(169, 254, 170, 23, 32), Forbidden::Metadata),  // AWS pod identity
    (v4(100, 100, 100, 200, 32), Forbidden::Metadata), // Alibaba Cloud
    (v4(192, 0, 0, 192, 32), Forbidden::Metadata),     // Oracle Cloud
    (v4(168, 63, 129, 16, 32), Forbidden::Metadata),   // Azure
    (v4(169, 254, 0, 23, 32), Forbidden::Metadata),    // Tencent Cloud
    (v4(255, 255, 255, 255, 32), Forbidden::Broadcast),
    (v4(127, 0, 0, 0, 8), Forbidden::Loopback),
    (v4(0, 0, 0, 0, 8), Forbidden::Loopback), // "this host": connects to loopback on many systems
    (v4(10, 0, 0, 0, 8), Forbidden::Private),
    (v4(172, 16, 0, 0, 12), Forbidden::Private),
    (v4(192, 168, 0, 0, 16), Forbidden::Private),
    (v4(169, 254, 0, 0, 16), Forbidden::LinkLocal),
    (v4(100, 64, 0, 0, 10), Forbidden::Shared),
    (v4(192, 0, 0, 0, 24), Forbidden::Reserved),    // protocol assignments
    (v4(192, 0, 2, 0, 24), Forbidden::Reserved),    // documentation
    (v4(198, 51, 100, 0, 24), Forbidden::Reserved), // documentation
    (v4(203, 0, 113, 0, 24), Forbidden::Reserved),  // documentation
    (v4(198, 18, 0, 0, 15), Forbidden::Reserved),   // benchmarking
    (v4(192, 31, 196, 0, 24), Forbidden::Reserved), // AS112
    (v4(192, 52, 193, 0, 24), Forbidden::Reserved), // multicast tunnelling
    (v4(192, 88, 99, 0, 24), Forbidden::Reserved),  // 6to4 relays, deprecated
    (v4(192, 175, 48, 0, 24), Forbidden::Reserved), // AS112
    (v4(224, 0, 0, 0, 4), Forbidden::Reserved),     // multicast
    (v4(240, 0, 0, 0, 4), Forbidden::Reserved),     // future use
];

fn classify_v4(address: Ipv4Addr) -> Option<Forbidden> {
    V4.iter()
        .find(|(range, _)| range.contains(&address))
        .map(|(_, forbidden)| *forbidden)
}

/// Deprecated: an IPv4 address behind 96 zero bits.
const V4_COMPATIBLE: Ipv6Net = v6([0, 0, 0, 0, 0, 0, 0, 0], 96);

const V6: [(Ipv6Net, Forbidden); 19] = [
    (v6([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42], 128), Forbidden::Metadata), // Scaleway
    (v6([0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe], 128), Forbidden::Metadata), // Oracle Cloud
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128), Forbidden::Metadata), // AWS
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23], 128), Forbidden::Metadata), // AWS pod identity
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), Forbidden::Reserved), // local translation: the layout is the operator's
    (v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), Forbidden::Metadata), // Google Cloud
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Forbidden::Loopback),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), Forbidden::Loopback),
    (V4_COMPATIBLE, Forbidden::Reserved),
    (v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48), Forbidden::Reserved), // AS112
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), Forbidden::LinkLocal),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), Forbidden::Private),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), Forbidden::Private), // site-local, deprecated
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), Forbidden::Reserved), // documentation
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), Forbidden::Reserved), // documentation
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), Forbidden::Reserved), // protocol assignments, Teredo and benchmarking among them
    // What is routed on the internet is 2000::/3; these three are the rest.
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 3), Forbidden::Reserved),
    (v6([0x4000, 0, 0, 0, 0, 0, 0, 0], 2), Forbidden::Reserved),
    (v6([0x8000, 0, 0, 0, 0, 0, 0, 0], 1), Forbidden::Reserved),
];

fn classify_v6(address: Ipv6Addr) -> Option<Forbidden> {
    V6.iter()
        .find(|(range, _)| range.contains(&address))
        .map(|(_, forbidden)| *forbidden)
}

/// The IPv4 address inside a v4-mapped, v4-compatible, NAT64 or 6to4 address.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let from = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0, 0, 0, 0, 0xffff, 0] => from(g, h),
        [0, 0, 0, 0, 0, 0] if g != 0 => from(g, h),
        [0x64, 0xff9b, 0, 0, 0, 0] => from(g, h),
        [0x2002, high, low, ..] => from(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn class(address: &str) -> Option<Forbidden> {
        classify(address.parse().unwrap())
    }

    #[test]
    fn public_addresses_are_open() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.128.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "2606:4700::1111",
            "2a00::1",
        ] {
            assert_eq!(class(address), None, "{address}");
        }
    }

    #[test]
    fn each_special_range_is_closed() {
        for (address, expected) in [
            ("127.0.0.1", Forbidden::Loopback),
            ("127.255.255.255", Forbidden::Loopback),
            ("0.0.0.0", Forbidden::Loopback),
            ("10.1.2.3", Forbidden::Private),
            ("172.31.255.255", Forbidden::Private),
            ("192.168.0.1", Forbidden::Private),
            ("169.254.1.1", Forbidden::LinkLocal),
            ("100.64.0.1", Forbidden::Shared),
            ("255.255.255.255", Forbidden::Broadcast),
            ("224.0.0.1", Forbidden::Reserved),
            ("240.0.0.1", Forbidden::Reserved),
            ("192.0.2.1", Forbidden::Reserved),
            ("198.18.0.1", Forbidden::Reserved),
            ("169.254.169.254", Forbidden::Metadata),
            ("100.100.100.200", Forbidden::Metadata),
            ("::1", Forbidden::Loopback),
            ("::", Forbidden::Loopback),
            ("fe80::1", Forbidden::LinkLocal),
            ("fd12::1", Forbidden::Private),
            ("fec0::1", Forbidden::Private),
            ("ff02::1", Forbidden::Reserved),
            ("2001:db8::1", Forbidden::Reserved),
            ("2001:0:1::1", Forbidden::Reserved),
            ("fd00:ec2::254", Forbidden::Metadata),
        ] {
            assert_eq!(class(address), Some(expected), "{address}");
        }
    }

    #[test]
    fn an_ipv4_address_hides_in_no_ipv6_form() {
        for address in [
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "::ffff:0:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:a00:1::",
        ] {
            assert_eq!(class(address), Some(Forbidden::Private), "{address}");
        }
        assert_eq!(class("::ffff:169.254.169.254"), Some(Forbidden::Metadata));
        assert_eq!(class("64:ff9b::8.8.8.8"), None);
        assert_eq!(class("64:ff9b:1:a00:0:100:808:808"), Some(Forbidden::Reserved));
        assert_eq!(class("168.63.129.16"), Some(Forbidden::Metadata));
    }

    #[test]
    fn what_is_explained_is_what_is_checked() {
        for allow_local_network in [false, true] {
            let rules = NetworkRules {
                allow_local_network,
                allowlist: Vec::new(),
            };
            let explained = rules.explain();
            assert_eq!(
                explained.iter().map(|kind| kind.ranges.len()).sum::<usize>(),
                V4.len() + V6.len()
            );
            for kind in explained {
                for range in &kind.ranges {
                    let first: IpAddr = range.split('/').next().unwrap().parse().unwrap();
                    // The first address of a range may be one of a narrower range before it.
                    let narrower = Forbidden::KINDS
                        .iter()
                        .any(|(other, what)| *what != kind.what && classify(first) == Some(*other));
                    let is_open = rules.check("x", first, 443).is_ok();
                    assert!(
                        narrower || is_open == (kind.verdict == RuleVerdict::Allowed),
                        "{range}: {kind:?}"
                    );
                }
            }
        }
        let exact_only = NetworkRules::default()
            .explain()
            .into_iter()
            .filter(|kind| kind.verdict == RuleVerdict::ExactOnly);
        assert_eq!(
            exact_only.map(|kind| kind.what).collect::<Vec<_>>(),
            ["Link-local addresses", "Cloud metadata services"]
        );
    }

    /// What an address may be disguised as.
    fn forms(address: Ipv4Addr) -> [IpAddr; 6] {
        let [a, b, c, d] = address.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        [
            IpAddr::V4(address),
            address.to_ipv6_mapped().into(),
            Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low).into(),
            Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low).into(),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low).into(),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1).into(),
        ]
    }

    #[test]
    fn a_metadata_service_is_opened_by_its_exact_address_alone() {
        let rules = |entry: &str| NetworkRules {
            allow_local_network: true,
            allowlist: vec![entry.parse().unwrap()],
        };
        let named = rules("169.254.169.254:80");
        let metadata = Ipv4Addr::new(169, 254, 169, 254);
        assert_eq!(named.check("x", metadata.into(), 80), Ok(()));
        assert_eq!(named.check("x", metadata.into(), 443), Err(Forbidden::Metadata));
        for range in ["169.254.0.0/16", "0.0.0.0/0", "metadata.internal", "169.254.169.0/24"] {
            let checked = rules(range).check("metadata.internal", metadata.into(), 80);
            assert_eq!(checked, Err(Forbidden::Metadata), "{range}");
        }
    }

    /// The entries of the tables that stay closed when local networks are open.
    fn exact_only() -> Vec<IpNet> {
        let is_closed = |kind| NetworkRules::verdict(&open(), kind) == RuleVerdict::ExactOnly;
        let v4 = V4
            .iter()
            .filter(|(_, kind)| is_closed(*kind))
            .map(|(net, _)| IpNet::V4(*net));
        let v6 = V6
            .iter()
            .filter(|(_, kind)| is_closed(*kind))
            .map(|(net, _)| IpNet::V6(*net));
        v4.chain(v6).collect()
    }

    fn open() -> NetworkRules {
        NetworkRules {
            allow_local_network: true,
            allowlist: Vec::new(),
        }
    }

    /// An address of the range, chosen by `bits`.
    fn within(range: IpNet, bits: u128) -> IpAddr {
        match range {
            IpNet::V4(range) => {
                let bits = u32::try_from(bits & u128::from(u32::MAX)).unwrap();
                Ipv4Addr::from(u32::from(range.network()) | (bits & u32::from(range.hostmask()))).into()
            }
            IpNet::V6(range) => {
                Ipv6Addr::from(u128::from(range.network()) | (bits & u128::from(range.hostmask()))).into()
            }
        }
    }

    /// From the IANA registries and the clouds' documentation, written once more: not taken from the tables.
    const CLOSED: [&str; 43] = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "100.100.100.200/32",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "100:0:0:1::/64",
        "2001::/32",
        "2001:1::1/128",
        "2001:2::/48",
        "2001:3::/32",
        "2001:4:112::/48",
        "2001:10::/28",
        "2001:20::/28",
        "2001:30::/28",
        "2001:db8::/32",
        "2620:4f:8000::/48",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fd00:42::42/128",
        "fd00:c1::a9fe:a9fe/128",
        "fd00:ec2::254/128",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    ];

    #[test]
    fn what_needs_no_resolving_is_told_at_once() {
        let check = |url: &str| NetworkRules::default().check_unresolved(&url.parse().unwrap());
        assert_eq!(check("http://localhost:9000/"), Err(Forbidden::Localhost));
        assert_eq!(check("http://127.1/"), Err(Forbidden::Loopback));
        assert_eq!(check("http://[::ffff:10.0.0.1]/"), Err(Forbidden::Private));
        assert_eq!(check("https://1.1.1.1/"), Ok(()));
        assert_eq!(
            check("https://siem.example/"),
            Ok(()),
            "a name is judged when it is resolved"
        );
        assert_eq!(
            open().check_unresolved(&"http://localhost:9000/".parse().unwrap()),
            Ok(())
        );
    }

    #[test]
    fn a_name_without_addresses_needs_an_entry_of_its_own() {
        let check = |rules: &NetworkRules, url: &str| rules.check_unresolvable(&url.parse().unwrap());
        let named = NetworkRules {
            allow_local_network: false,
            allowlist: vec!["siem.example:443".parse().unwrap(), "10.0.0.0/8".parse().unwrap()],
        };
        let closed = Err(Forbidden::Unresolvable);
        assert_eq!(check(&NetworkRules::default(), "https://siem.example/"), closed);
        assert_eq!(check(&named, "https://SIEM.example/"), Ok(()));
        assert_eq!(check(&named, "https://siem.example:8443/"), closed);
        assert_eq!(check(&named, "https://other.example/"), closed);
        assert_eq!(
            check(&open(), "https://siem.example/"),
            closed,
            "it may be a metadata service"
        );
        let metadata = NetworkRules {
            allow_local_network: true,
            allowlist: vec!["metadata.google.internal".parse().unwrap()],
        };
        assert_eq!(
            check(&metadata, "http://metadata.google.internal./"),
            Err(Forbidden::Metadata)
        );
        assert_eq!(
            check(&NetworkRules::default(), "http://localhost/"),
            Err(Forbidden::Localhost)
        );
    }

    #[test]
    fn an_allowlist_opens_just_what_it_names() {
        let rules = NetworkRules {
            allow_local_network: false,
            allowlist: vec!["siem.internal:8088".parse().unwrap()],
        };
        let address: IpAddr = "10.0.0.7".parse().unwrap();
        assert_eq!(rules.check("siem.internal", address, 8088), Ok(()));
        assert_eq!(rules.check("siem.internal", address, 80), Err(Forbidden::Private));
        assert_eq!(rules.check("10.0.0.7", address, 8088), Err(Forbidden::Private));
    }

    proptest! {
        #[test]
        fn every_form_of_an_ipv4_address_is_judged_alike(bits in any::<u32>()) {
            let address = Ipv4Addr::from(bits);
            let expected = classify_v4(address);
            for form in forms(address) {
                let is_compatible = matches!(form, IpAddr::V6(form) if V4_COMPATIBLE.contains(&form));
                let reserved = is_compatible.then_some(Forbidden::Reserved);
                prop_assert_eq!(classify(form), expected.or(reserved), "{}", form);
            }
        }

        #[test]
        fn every_special_range_is_closed_in_every_form(index in 0..CLOSED.len(), bits in any::<u128>()) {
            let address = within(CLOSED[index].parse().unwrap(), bits);
            let forms = match address {
                IpAddr::V4(address) => forms(address).to_vec(),
                IpAddr::V6(_) => vec![address],
            };
            for form in forms {
                prop_assert!(NetworkRules::default().check("siem.example", form, 443).is_err(), "{}", form);
            }
        }

        #[test]
        fn metadata_and_link_local_stay_closed_beside_open_local_networks(
            index in any::<proptest::sample::Index>(), bits in any::<u128>(), prefix in 0_u8..32,
        ) {
            let closed = exact_only();
            let address = within(closed[index.index(closed.len())], bits);
            let forms = match address {
                IpAddr::V4(address) => forms(address).to_vec(),
                IpAddr::V6(_) => vec![address],
            };
            for form in forms {
                let around = IpNet::new(form, prefix).unwrap();
                let entries = [around.to_string(), "siem.example".to_owned(), form.to_string()];
                let [around, host, exact] = entries.map(|entry| entry.parse::<AllowEntry>().unwrap());
                let check = |allowlist: Vec<AllowEntry>| {
                    NetworkRules { allowlist, ..open() }.check("siem.example", form, 443)
                };
                prop_assert!(check(Vec::new()).is_err(), "{}", form);
                prop_assert!(check(vec![around, host]).is_err(), "{}", form);
                prop_assert_eq!(check(vec![exact]), Ok(()), "{}", form);
            }
        }

        #[test]
        fn nothing_that_std_calls_local_is_open(bits in any::<u32>()) {
            let address = Ipv4Addr::from(bits);
            let local = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_multicast() || address.is_broadcast() || address.is_documentation() || address.is_unspecified();
            prop_assert!(!local || classify_v4(address).is_some());
        }
    }
}
