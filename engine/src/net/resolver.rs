//! Resolving a name and keeping only the addresses that may be connected to.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::{Forbidden, NetworkRules};

/// For so long, other connections of a client go to the same addresses: many requests that begin at once need one lookup.
const FRESH: Duration = Duration::from_secs(5);

/// A host behind a proxy needs no address here, so nobody waits long for one.
const LOOKUP_DEADLINE: Duration = Duration::from_secs(1);

/// The addresses that one client found last; clones share them. They are checked for each connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(Arc<Mutex<Option<Found>>>);

#[derive(Debug)]
struct Found {
    host: String,
    addresses: Vec<SocketAddr>,
    found_at: Instant,
}

impl Found {
    fn now(host: &str, addresses: Vec<SocketAddr>) -> Self {
        Self {
            host: host.to_owned(),
            addresses,
            found_at: Instant::now(),
        }
    }

    /// What was found for this host, if that is fresh.
    fn of(&self, host: &str) -> Option<&[SocketAddr]> {
        (self.host == host && self.found_at.elapsed() < FRESH).then_some(&*self.addresses)
    }
}

impl Names {
    /// The addresses of a host, looked up unless they are fresh. Concurrent requests wait for one lookup.
    ///
    /// # Errors
    /// Of the lookup.
    pub(super) async fn addresses(
        &self,
        host: &str,
        lookup: impl AsyncFnOnce() -> io::Result<Vec<SocketAddr>>,
    ) -> io::Result<Vec<SocketAddr>> {
        let mut last = self.0.lock().await;
        if let Some(found) = last.as_ref().and_then(|found| found.of(host)) {
            return Ok(found.to_vec());
        }
        *last = None;
        let addresses = lookup().await?;
        if !addresses.is_empty() {
            *last = Some(Found::now(host, addresses.clone()));
        }
        Ok(addresses)
    }

    /// The addresses of a host that may have none here. A lookup that fails or takes too long finds none, which is remembered as well.
    pub(super) async fn addresses_or_none(
        &self,
        host: &str,
        lookup: impl AsyncFnOnce() -> io::Result<Vec<SocketAddr>>,
    ) -> Vec<SocketAddr> {
        let mut last = self.0.lock().await;
        if let Some(found) = last.as_ref().and_then(|found| found.of(host)) {
            return found.to_vec();
        }
        let addresses = timeout(LOOKUP_DEADLINE, lookup()).await.ok().and_then(Result::ok);
        let addresses = addresses.unwrap_or_default();
        *last = Some(Found::now(host, addresses.clone()));
        addresses
    }

    /// The next connection looks up its host again.
    pub(super) async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

/// The rules forbid every address of a host; nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} ({}); an administrator can allow it in the network settings", resolved(.host, .address))]
pub(crate) struct Blocked {
    pub host: String,
    /// `None` if it has none here.
    pub address: Option<IpAddr>,
    pub reason: Forbidden,
}

/// A host that is an address is not named twice.
fn resolved(host: &str, address: &Option<IpAddr>) -> String {
    let Some(address) = address.map(|address| address.to_string()) else {
        return host.to_owned();
    };
    match host.trim_matches(['[', ']']) == address {
        true => address,
        false => format!("{host} is {address}"),
    }
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
                    address: Some(address.ip()),
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

/// A proxy that gets the name of a host may connect to any of its addresses.
pub(super) fn require_all_allowed(
    rules: &NetworkRules,
    host: &str,
    port: u16,
    addresses: &[SocketAddr],
) -> Result<(), Blocked> {
    addresses.iter().map(SocketAddr::ip).try_for_each(|address| {
        rules.check(host, address, port).map_err(|reason| Blocked {
            host: host.to_owned(),
            address: Some(address),
            reason,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_gets_no_name_that_may_lead_to_a_forbidden_address() {
        let addresses = ["1.1.1.1", "169.254.169.254"].map(|address| SocketAddr::new(address.parse().unwrap(), 443));
        let checked = |addresses| require_all_allowed(&NetworkRules::default(), "siem.example", 443, addresses);
        assert_eq!(checked(&addresses[..1]), Ok(()));
        assert_eq!(checked(&addresses).unwrap_err().reason, Forbidden::Metadata);
    }

    #[tokio::test(start_paused = true)]
    async fn that_a_name_has_no_address_is_known_for_a_while_too() {
        let (names, lookups) = (Names::default(), std::cell::Cell::new(0));
        let find = async || {
            let lookup = async || {
                lookups.set(lookups.get() + 1);
                Err(io::Error::other("no such name"))
            };
            names.addresses_or_none("siem.example", lookup).await
        };
        assert!(find().await.is_empty() && find().await.is_empty());
        assert_eq!(lookups.get(), 1);
        tokio::time::advance(FRESH).await;
        assert!(find().await.is_empty());
        assert_eq!(lookups.get(), 2);
    }

    fn keep(addresses: &[&str]) -> Result<Vec<String>, ResolveError> {
        let addresses = addresses
            .iter()
            .map(|address| SocketAddr::new(address.parse().unwrap(), 443));
        let kept = keep_allowed(&NetworkRules::default(), "siem.example", 443, addresses)?;
        Ok(kept.iter().map(|address| address.ip().to_string()).collect())
    }

    #[tokio::test(start_paused = true)]
    async fn many_connections_need_one_lookup_until_one_fails_or_it_is_old() {
        let (names, lookups) = (Names::default(), std::cell::Cell::new(0));
        let find = async |host: &str| {
            let lookup = async || {
                lookups.set(lookups.get() + 1);
                tokio::task::yield_now().await;
                Ok(vec![SocketAddr::from(([192, 0, 2, 1], 443))])
            };
            names.addresses(host, lookup).await.unwrap()
        };
        let found = futures::future::join_all((0..100).map(|_| find("siem.example"))).await;
        assert!(found.iter().all(|found| found.len() == 1));
        assert_eq!(lookups.get(), 1);
        names.forget().await;
        find("siem.example").await;
        assert_eq!(lookups.get(), 2, "a connection has failed");
        find("other.example").await;
        assert_eq!(lookups.get(), 3, "another host");
        tokio::time::advance(FRESH).await;
        find("other.example").await;
        assert_eq!(lookups.get(), 4, "it is old");
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
