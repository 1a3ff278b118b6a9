//! HTTP clients that can't be led astray.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use reqwest::redirect;
use url::{Host, Url};

use super::{
    Blocked, NetworkRules, Unresolved, resolver::GuardedResolver, tls::Trust, trace::Trace, traced::TracedClient,
};

/// No connection within this time is no connection.
pub(super) const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// Makes clients, all under the rules of their moment; clones share them.
#[derive(Clone, Debug)]
pub struct GuardedClients {
    rules: Arc<RwLock<Versioned>>,
    /// Where clients write down what they do, if they do.
    trace: Option<Trace>,
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
    #[error("the TLS certificates of this machine can't be used")]
    Trust(#[source] rustls::Error),
    #[error("a destination's URL has no host")]
    NoHost,
}

impl GuardedClients {
    pub fn new(rules: NetworkRules) -> Self {
        let rules = Arc::new(rules);
        Self {
            rules: Arc::new(RwLock::new(Versioned { rules, revision: 0 })),
            trace: None,
        }
    }

    /// Under the same rules, but with traced clients, and what they will have done.
    pub fn traced(&self) -> (Self, Trace) {
        let trace = Trace::begin();
        let clients = Self {
            rules: Arc::clone(&self.rules),
            trace: Some(trace.clone()),
        };
        (clients, trace)
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

    /// A client for the port of `url`, with connections of its own. It keeps to the rules of this moment.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn client_for(&self, url: &Url, deadline: Duration) -> Result<GuardedClient, ClientError> {
        let port = url.port_or_known_default().ok_or(ClientError::NoHost)?;
        let rules = self.rules();
        let form = match &self.trace {
            Some(trace) => Form::Traced(TracedClient {
                rules,
                port,
                deadline,
                trust: Trust::of_this_machine().map_err(ClientError::Trust)?,
                trace: trace.clone(),
            }),
            None => Form::pooled(rules, port, deadline)?,
        };
        Ok(GuardedClient { form, port })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the guarded client is made")]
fn build(resolver: GuardedResolver, deadline: Duration) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .dns_resolver(Arc::new(resolver))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        // A policy that never retries would still copy each request in case it did.
        .retry(reqwest::retry::never().max_retries_per_request(0))
        .connect_timeout(CONNECT_DEADLINE)
        .timeout(deadline)
        .pool_idle_timeout(Duration::from_secs(60))
        .tcp_nodelay(true)
        .build()
}

/// Sends to hosts on one port.
#[derive(Clone, Debug)]
pub struct GuardedClient {
    form: Form,
    port: u16,
}

#[derive(Clone, Debug)]
enum Form {
    Pooled {
        client: reqwest::Client,
        rules: Arc<NetworkRules>,
        port: u16,
    },
    Traced(TracedClient),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("the network rules forbid it")]
    Blocked(#[source] Blocked),
    #[error("the request failed")]
    Request(#[source] reqwest::Error),
    /// The resolver has checked names for another port.
    #[error("the request is for another port than its client")]
    OtherPort,
    #[error("the host has no address")]
    Unresolved(#[source] Unresolved),
    #[error("there is no connection")]
    Unconnected(#[source] NoConnection),
    #[error("the exchange failed")]
    Exchange(#[source] hyper::Error),
    #[error("the request took too long")]
    Late(#[source] Late),
}

/// No connection came about: no TCP, no TLS, or neither in time.
#[derive(Debug, thiserror::Error)]
#[error("no connection")]
pub(crate) struct NoConnection(#[source] pub(super) io::Error);

/// The deadline of the whole request has passed.
#[derive(Debug, thiserror::Error)]
#[error("operation timed out")]
pub(crate) struct Late;

impl GuardedClient {
    pub(crate) async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<reqwest::Response, SendError> {
        let mut request = reqwest::Request::new(http::Method::POST, url.clone());
        *request.headers_mut() = headers;
        *request.body_mut() = Some(body.into());
        self.execute(request).await
    }

    pub(crate) async fn execute(&self, request: reqwest::Request) -> Result<reqwest::Response, SendError> {
        if request.url().port_or_known_default() != Some(self.port) {
            return Err(SendError::OtherPort);
        }
        match &self.form {
            Form::Pooled { client, rules, port } => {
                check_literal(rules, request.url(), *port)?;
                client.execute(request).await.map_err(SendError::Request)
            }
            Form::Traced(client) => client.execute(request).await,
        }
    }
}

impl Form {
    fn pooled(rules: Arc<NetworkRules>, port: u16, deadline: Duration) -> Result<Self, ClientError> {
        let resolver = GuardedResolver {
            rules: Arc::clone(&rules),
            port,
        };
        let client = build(resolver, deadline).map_err(ClientError::Tls)?;
        Ok(Self::Pooled { client, rules, port })
    }
}

/// A literal address never reaches the resolver, so it is checked here.
fn check_literal(rules: &NetworkRules, url: &Url, port: u16) -> Result<(), SendError> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    rules.check(address, address, port).map_err(|reason| {
        let host = address.to_string();
        SendError::Blocked(Blocked { host, address, reason })
    })
}
