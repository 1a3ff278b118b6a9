//! A host, address or range that an operator opens by name.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;

/// One entry: `siem.internal`, `10.0.0.7`, `10.0.0.0/8`, each with an optional `:port`; IPv6 with a port in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowEntry {
    place: Place,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Host(String),
    Range(IpNet),
}

/// The text is none of the forms of an entry.
/// A text that is no entry of the allowlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a host name, an address or a range, with an optional port, for example siem.internal:8088 or 10.0.0.0/8"
)]
pub struct InvalidAllowEntry;

impl AllowEntry {
    /// Whether this entry opens `address`, which `host` resolved to, at `port`.
    pub fn admits(&self, host: &str, address: IpAddr, port: u16) -> bool {
        let place = match &self.place {
            Place::Host(name) => name.eq_ignore_ascii_case(host.trim_end_matches('.')),
            Place::Range(range) => range.contains(&address),
        };
        place && self.port.is_none_or(|own| own == port)
    }
}

impl AllowEntry {
    /// Whether this entry is exactly this address: not a range that it lies in, and not a host name, which may resolve to
    /// another address tomorrow. Addresses are compared in the form [`IpAddr::to_canonical`].
    pub fn names(&self, address: IpAddr, port: u16) -> bool {
        let is_named = match &self.place {
            Place::Host(_) => false,
            Place::Range(range) => {
                range.prefix_len() == range.max_prefix_len() && range.addr().to_canonical() == address.to_canonical()
            }
        };
        is_named && self.port.is_none_or(|own| own == port)
    }
}

impl FromStr for AllowEntry {
    type Err = InvalidAllowEntry;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Some(place) = parse_range(text) {
            return Ok(Self { place, port: None });
        }
        let (place, port) = match text.rsplit_once(':') {
            Some((place, port)) => (place, Some(port.parse().map_err(|_| InvalidAllowEntry)?)),
            None => (text, None),
        };
        let unbracketed = place
            .strip_prefix('[')
            .and_then(|place| place.strip_suffix(']'))
            .unwrap_or(place);
        let place = parse_range(unbracketed)
            .or_else(|| parse_host(place))
            .ok_or(InvalidAllowEntry)?;
        Ok(Self { place, port })
    }
}

fn parse_range(text: &str) -> Option<Place> {
    let range = text
        .parse::<IpNet>()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    Some(Place::Range(range.trunc()))
}

fn parse_host(text: &str) -> Option<Place> {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (!is_number && text.len() <= 253 && text.split('.').all(is_label)).then(|| Place::Host(text.to_ascii_lowercase()))
}

/// As short as it can be written.
impl fmt::Display for AllowEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Host(host) => formatter.write_str(host)?,
            Place::Range(range) => {
                let text = match range.prefix_len() == range.max_prefix_len() {
                    true => range.addr().to_string(),
                    false => range.to_string(),
                };
                match (range, self.port) {
                    (IpNet::V6(_), Some(_)) => write!(formatter, "[{text}]")?,
                    _ => formatter.write_str(&text)?,
                }
            }
        }
        self.port.map_or(Ok(()), |port| write!(formatter, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(entry: &str, host: &str, address: &str, port: u16) -> bool {
        entry
            .parse::<AllowEntry>()
            .unwrap()
            .admits(host, address.parse().unwrap(), port)
    }

    #[test]
    fn each_form_opens_what_it_names() {
        assert!(admits("siem.internal", "SIEM.internal.", "10.0.0.7", 80));
        assert!(!admits("siem.internal", "x.siem.internal", "10.0.0.7", 80));
        assert!(admits("10.0.0.7", "anything", "10.0.0.7", 80));
        assert!(admits("10.0.0.0/8", "anything", "10.255.0.1", 80));
        assert!(!admits("10.0.0.0/8", "anything", "11.0.0.1", 80));
        assert!(admits("10.0.0.0/8:443", "anything", "10.0.0.1", 443));
        assert!(!admits("10.0.0.0/8:443", "anything", "10.0.0.1", 80));
        assert!(admits("fd00::/8", "anything", "fd00::1", 80));
        assert!(admits("[fd00::1]:8088", "anything", "fd00::1", 8088));
        assert!(!admits("[fd00::1]:8088", "anything", "fd00::1", 80));
        assert!(admits("localhost:9000", "localhost", "127.0.0.1", 9000));
    }

    #[test]
    fn only_a_single_address_names_an_address() {
        let names = |entry: &str, address: &str, port| {
            let entry: AllowEntry = entry.parse().unwrap();
            entry.names(address.parse().unwrap(), port)
        };
        assert!(names("169.254.169.254", "169.254.169.254", 80));
        assert!(names("169.254.169.254/32", "169.254.169.254", 80));
        assert!(names("169.254.169.254:80", "::ffff:169.254.169.254", 80));
        assert!(names("fd00:ec2::254", "fd00:ec2::254", 80));
        assert!(!names("169.254.169.254:80", "169.254.169.254", 443));
        assert!(!names("169.254.169.254", "169.254.169.253", 80));
        assert!(!names("169.254.169.254/31", "169.254.169.254", 80));
        assert!(!names("0.0.0.0/0", "169.254.169.254", 80));
        assert!(!names("metadata.internal", "169.254.169.254", 80));
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        for bad in [
            "",
            "a b",
            "https://x",
            "x:99999",
            "x:",
            "10.0.0.0/33",
            "999.1.1.1",
            "-/8",
            "[::1",
            "a..b",
        ] {
            assert_eq!(bad.parse::<AllowEntry>(), Err(InvalidAllowEntry), "{bad:?}");
        }
    }

    #[test]
    fn an_entry_reads_back_as_written() {
        for text in [
            "siem.internal",
            "siem.internal:8088",
            "10.0.0.0/8",
            "10.0.0.7",
            "10.0.0.7:443",
            "10.0.0.0/8:443",
            "fd00::7",
            "[fd00::7]:443",
            "[fd00::/8]:443",
        ] {
            let entry: AllowEntry = text.parse().unwrap();
            assert_eq!(entry.to_string(), text);
        }
    }
}
