//! Resolving a name and keeping only the addresses that may be connected to.

use std::net::{IpAddr, SocketAddr};

use super::{Forbidden, NetworkRules};

/// The rules forbid every address of a host; nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} ({host} is {address}); an administrator can allow it in the network settings")]
pub(crate) struct Blocked {
    pub host: String,
    pub address: IpAddr,
    pub reason: Forbidden,
}

/// A host name has no address, or none could be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Host cannot be resolved or invalid")]
pub(crate) struct Unresolved;

/// The addresses of a host that may be connected to, at least one. The host may be an address itself.
pub(super) async fn resolve(rules: &NetworkRules, host: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
    let addresses = tokio::net::lookup_host((host, port)).await;
    keep_allowed(rules, host, port, addresses.map_err(|_| ResolveError::Unresolved)?)
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum ResolveError {
    Blocked(Blocked),
    Unresolved,
}

pub(super) fn keep_allowed(
    rules: &NetworkRules,
    host: &str,
    port: u16,
    addresses: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, ResolveError> {
    let mut allowed = Vec::new();
    let mut blocked = None;
    for address in addresses {
        match rules.check(host, address.ip(), port) {
            Ok(()) => allowed.push(address),
            Err(reason) => {
                blocked = Some(Blocked {
                    host: host.to_owned(),
                    address: address.ip(),
                    reason,
                })
            }
        }
    }
    match (allowed.is_empty(), blocked) {
        (false, _) => Ok(allowed),
        (true, Some(blocked)) => Err(ResolveError::Blocked(blocked)),
        (true, None) => Err(ResolveError::Unresolved),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(addresses: &[&str]) -> Result<Vec<String>, ResolveError> {
        let addresses = addresses
            .iter()
            .map(|address| SocketAddr::new(address.parse().unwrap(), 443));
        let kept = keep_allowed(&NetworkRules::default(), "siem.example", 443, addresses)?;
        Ok(kept.iter().map(|address| address.ip().to_string()).collect())
    }

    #[test]
    fn only_checked_addresses_are_left_to_connect_to() {
        assert_eq!(keep(&["10.0.0.1", "1.1.1.1", "::1"]), Ok(vec!["1.1.1.1".to_owned()]));
        assert_eq!(keep(&[]), Err(ResolveError::Unresolved));
        let Err(ResolveError::Blocked(blocked)) = keep(&["127.0.0.1"]) else {
            panic!("not blocked")
        };
        assert_eq!(blocked.reason, Forbidden::Loopback);
    }
}
