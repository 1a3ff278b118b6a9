//! HTTP clients that can't be led astray.

use std::{
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use reqwest::redirect;
use url::{Host, Url};

use super::{Blocked, NetworkRules, resolver::GuardedResolver};

/// No connection within this time is no connection.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// Makes clients, all under the rules of their moment; clones share them.
#[derive(Clone, Debug)]
pub struct GuardedClients {
    rules: Arc<RwLock<Versioned>>,
}

#[derive(Debug)]
struct Versioned {
    rules: Arc<NetworkRules>,
    revision: u64,
}

/// A client could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("the TLS certificates of this machine can't be used")]
    Tls(#[source] reqwest::Error),
    #[error("a destination's URL has no host")]
    NoHost,
}

impl GuardedClients {
    pub fn new(rules: NetworkRules) -> Self {
        let rules = Arc::new(rules);
        Self {
            rules: Arc::new(RwLock::new(Versioned { rules, revision: 0 })),
        }
    }

    /// The rules under which clients are made now.
    pub fn rules(&self) -> Arc<NetworkRules> {
        Arc::clone(&self.read().rules)
    }

    /// Grows when the rules change: a client that was made before must be made anew, for it may hold a connection that the
    /// rules no longer allow.
    pub fn revision(&self) -> u64 {
        self.read().revision
    }

    /// Makes clients under other rules from now on.
    pub fn set_rules(&self, rules: NetworkRules) {
        let mut versioned = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        if *versioned.rules != rules {
            versioned.rules = Arc::new(rules);
            versioned.revision += 1;
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Versioned> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client for the host and port of `url`, with connections of its own. It keeps to the rules of this moment.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn client_for(&self, url: &Url, deadline: Duration) -> Result<GuardedClient, ClientError> {
        let port = url.port_or_known_default().ok_or(ClientError::NoHost)?;
        let literal = match url.host().ok_or(ClientError::NoHost)? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        let rules = self.rules();
        let blocked = literal.and_then(|address| {
            let host = address.to_string();
            let reason = rules.check(&host, address, port).err()?;
            Some(Blocked { host, address, reason })
        });
        let resolver = GuardedResolver { rules, port };
        let client = build(resolver, deadline).map_err(ClientError::Tls)?;
        Ok(GuardedClient {
            client,
            url: url.clone(),
            blocked,
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the guarded client is made")]
fn build(resolver: GuardedResolver, deadline: Duration) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .dns_resolver(Arc::new(resolver))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_DEADLINE)
        .timeout(deadline)
        .pool_idle_timeout(Duration::from_secs(60))
        .tcp_nodelay(true)
        .build()
}

/// Sends to one URL.
#[derive(Clone, Debug)]
pub struct GuardedClient {
    client: reqwest::Client,
    url: Url,
    blocked: Option<Blocked>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error(transparent)]
    Blocked(Blocked),
    #[error("the request failed")]
    Request(#[source] reqwest::Error),
}

impl GuardedClient {
    /// Posts to the URL.
    pub(crate) async fn post(&self, headers: HeaderMap, body: Bytes) -> Result<reqwest::Response, SendError> {
        if let Some(blocked) = &self.blocked {
            return Err(SendError::Blocked(blocked.clone()));
        }
        let mut request = reqwest::Request::new(http::Method::POST, self.url.clone());
        *request.headers_mut() = headers;
        *request.body_mut() = Some(body.into());
        self.client.execute(request).await.map_err(SendError::Request)
    }
}
