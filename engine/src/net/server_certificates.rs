//! Until when the certificates of servers are valid, as they were shown when connections were made.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::alerts::Validity;
use tokio::time::Instant;
use url::{Host, Url};

/// Servers behind one name may have several certificates. A connection lives for an hour at most, so what was shown longer ago than this
/// before the last one is no longer in use.
const IN_USE: Duration = Duration::from_secs(2 * 60 * 60);

/// Of one server at most; the ones that were shown longest ago are forgotten.
const KEPT: usize = 16;

/// The certificates that each server showed; clones share them.
#[derive(Clone, Default)]
pub(super) struct ServerCertificates(Arc<Mutex<HashMap<Server, Vec<Sighting>>>>);

/// A certificate, and when it was shown last. Two that are valid for the same time are as good as one.
struct Sighting {
    validity: Validity,
    seen_at: Instant,
}

/// One server may have a certificate for each name that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Server {
    host: String,
    port: u16,
    name: Option<String>,
    /// One that is not verified may be anything.
    verify: bool,
}

impl Server {
    /// `name` is asked for instead of the host.
    pub(super) fn of(url: &Url, name: Option<&str>, verify: bool) -> Option<Self> {
        Some(Self {
            host: host_of(url)?,
            port: url.port_or_known_default()?,
            name: name.map(str::to_owned),
            verify,
        })
    }
}

/// A name, or an address without brackets.
pub(super) fn host_of(url: &Url) -> Option<String> {
    Some(match url.host()? {
        Host::Domain(host) => host.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    })
}

impl ServerCertificates {
    pub(super) fn note(&self, server: Server, validity: Validity) {
        let (mut servers, now) = (self.0.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        let seen = servers.entry(server).or_default();
        seen.retain(|sighting| sighting.validity != validity && now.duration_since(sighting.seen_at) < IN_USE);
        seen.insert(0, Sighting { validity, seen_at: now });
        seen.truncate(KEPT);
    }

    /// The certificate that expires first, of those that are in use.
    pub(super) fn of(&self, server: &Server) -> Option<Validity> {
        let servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = servers.get(server)?.iter().map(|sighting| sighting.validity);
        seen.min_by_key(|validity| validity.until)
    }
}

impl fmt::Debug for ServerCertificates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ServerCertificates(..)")
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use tokio::time::advance;

    use super::*;

    fn until(until: i64) -> Validity {
        Validity {
            from: Timestamp::from_unix_ms(0),
            until: Timestamp::from_unix_ms(until),
        }
    }

    fn server(verify: bool) -> Server {
        Server::of(&"https://siem.example".parse().unwrap(), None, verify).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_end_of_those_in_use_counts() {
        let servers = ServerCertificates::default();
        assert_eq!(servers.of(&server(true)), None);
        for _ in 0..5 {
            servers.note(server(true), until(100));
            advance(IN_USE / 4).await;
            servers.note(server(true), until(200));
            advance(IN_USE / 4).await;
            assert_eq!(servers.of(&server(true)), Some(until(100)));
        }
        advance(IN_USE * 10).await;
        assert_eq!(servers.of(&server(true)), Some(until(100)), "nobody knows better");
        servers.note(server(true), until(200));
        assert_eq!(servers.of(&server(true)), Some(until(200)));
    }

    #[tokio::test]
    async fn what_is_not_verified_is_noted_by_itself() {
        let servers = ServerCertificates::default();
        servers.note(server(false), until(100));
        servers.note(server(true), until(200));
        assert_eq!(servers.of(&server(true)), Some(until(200)));
        assert_eq!(servers.of(&server(false)), Some(until(100)));
    }
}
