//! Lists of addresses and ranges from the configuration.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;

/// Addresses and ranges, in the order of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressRanges(Vec<IpNet>);

/// An entry that is neither an address nor a range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {position} ({text}) must be an IP address or a range such as 10.0.0.0/8")]
pub struct InvalidRange {
    position: usize,
    text: String,
}

impl AddressRanges {
    /// Parses a list with commas; blank entries are ignored.
    ///
    /// # Errors
    /// [`InvalidRange`] for the first entry that can't be used.
    pub fn parse(text: &str) -> Result<Self, InvalidRange> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let ranges = entries.zip(1..).map(|(entry, position)| {
            let range = IpNet::from_str(entry).or_else(|_| IpAddr::from_str(entry).map(IpNet::from));
            range.map_err(|_| InvalidRange {
                position,
                text: entry.to_owned(),
            })
        });
        ranges.collect::<Result<_, _>>().map(Self)
    }

    /// Whether the list has no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an entry includes the address.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(&address))
    }

    /// The first entry that includes every address, with its position from 1.
    pub(super) fn everybody(&self) -> Option<(usize, IpNet)> {
        let mut ranges = (1..).zip(&self.0);
        let found = ranges.find(|(_, range)| range.prefix_len() == 0);
        found.map(|(position, range)| (position, *range))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ranges_are_listed_with_commas() {
        let ranges = AddressRanges::parse("192.0.2.1, 10.0.0.0/8,,2001:db8::/32").unwrap();
        let contains = |address: &str| ranges.contains(address.parse().unwrap());
        assert!(contains("192.0.2.1") && contains("10.255.0.1") && contains("2001:db8::7"));
        assert!(!contains("192.0.2.2") && !contains("11.0.0.1") && !contains("::1"));
        assert!(AddressRanges::parse(" , ").unwrap().is_empty());
        assert_eq!(ranges.everybody(), None);
    }

    #[test]
    fn a_malformed_entry_is_named() {
        let error = AddressRanges::parse("10.0.0.1,,prometheus.example").unwrap_err();
        assert_eq!(
            error.to_string(),
            "entry 2 (prometheus.example) must be an IP address or a range such as 10.0.0.0/8"
        );
    }
}
