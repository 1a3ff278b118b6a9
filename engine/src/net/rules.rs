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
mod tests;
