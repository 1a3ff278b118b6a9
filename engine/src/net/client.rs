//! HTTP clients that can't be led astray.

use std::{
    io,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use domain::{
    alerts::{CertificateHolder, InstanceCertificate, Validity},
    connection_test::StageName,
    proxy::ProxyChoice,
};
use http::{HeaderMap, Method};
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    NetworkRules,
    ca_file::CaFile,
    certificate::{subject_of, validity_of},
    connect::Connector,
    exchange::{Request, Response},
    pool::{Connection, FailureKind, Pool, Unanswered},
    resolver::Names,
    route::{InstanceProxy, Route},
    send_error::{Identified, Late, NoConnection, SendError, whole_seconds},
    server_certificates::{Server, ServerCertificates},
    tls_options::TlsOptions,
    trace::{Recording, Trace},
    trust_store::TrustStore,
};

/// How often a request is repeated that no server has processed.
const UNPROCESSED_REPEATS: u32 = 3;

/// Makes clients, all under the rules of their moment; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct GuardedClients {
    rules: Arc<RwLock<Versioned>>,
    trust: TrustStore,
    tls: TlsOptions,
    route: Route,
    servers: ServerCertificates,
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
    #[error("a destination's URL has no host")]
    NoHost,
}

impl GuardedClients {
    pub(crate) fn new(rules: NetworkRules) -> Self {
        let rules = Arc::new(rules);
        Self {
            rules: Arc::new(RwLock::new(Versioned { rules, revision: 0 })),
            trust: TrustStore::of_this_machine(None),
            tls: TlsOptions::default(),
            route: Route::default(),
            servers: ServerCertificates::default(),
            trace: None,
        }
    }

    /// The certificates in this file are trusted in addition.
    #[must_use]
    pub(crate) fn with_ca_file(self, ca_file: Option<CaFile>) -> Self {
        Self {
            trust: TrustStore::of_this_machine(ca_file),
            ..self
        }
    }

    /// Connections go through this proxy, unless a destination says otherwise.
    #[must_use]
    pub(crate) fn with_instance_proxy(self, proxy: InstanceProxy) -> Self {
        let route = Route {
            instance: Arc::new(proxy),
            ..self.route
        };
        Self { route, ..self }
    }

    /// Clients of a destination that has chosen its proxy.
    pub(crate) fn with_proxy(&self, choice: ProxyChoice) -> Self {
        let route = Route {
            choice: Arc::new(choice),
            ..self.route.clone()
        };
        Self { route, ..self.clone() }
    }

    /// Clients of one destination, under the same rules.
    pub(crate) fn with_tls(&self, tls: TlsOptions) -> Self {
        Self {
            trust: self.trust.with_options(tls.clone()),
            tls,
            ..self.clone()
        }
    }

    /// From when until when the certificate of a server is valid, as it was shown to streams. `name` is asked for instead of the host.
    pub(crate) fn server_certificate(&self, url: &Url, name: Option<&str>, verify: bool) -> Option<Validity> {
        self.servers.of(&Server::of(url, name, verify)?)
    }

    /// The certificates of the operator's CA file.
    pub(crate) fn ca_file_certificates(&self) -> Vec<InstanceCertificate> {
        // While the file can't be read, which is logged where that is found out, nothing of it is in use.
        let roots = self.trust.extra_roots().unwrap_or_default();
        let certificates = roots.iter().filter_map(|der| {
            Some(InstanceCertificate {
                holder: CertificateHolder::CaFile,
                name: subject_of(der)?,
                validity: validity_of(der)?,
            })
        });
        certificates.collect()
    }

    #[cfg(test)]
    pub(super) fn trusting(rules: NetworkRules, roots: Vec<CertificateDer<'static>>) -> Self {
        Self {
            trust: TrustStore::fixed(roots),
            ..Self::new(rules)
        }
    }

    /// Under the same rules, but with traced clients, and what they will have done.
    pub(crate) fn traced(&self) -> (Self, Trace) {
        let trace = Trace::begin();
        let clients = Self {
            trace: Some(trace.clone()),
            ..self.clone()
        };
        (clients, trace)
    }

    /// What the operator trusts beside the certificates of the machine.
    ///
    /// # Errors
    /// If they could never be read.
    pub(super) fn extra_roots(&self) -> Result<Vec<CertificateDer<'static>>, rustls::Error> {
        self.trust.extra_roots()
    }

    /// The rules under which clients are made now.
    pub(crate) fn rules(&self) -> Arc<NetworkRules> {
        Arc::clone(&self.read().rules)
    }

    /// Grows when the rules or the trusted certificates change: a client that was made before must be made anew, for it may
    /// have a connection that is no longer allowed.
    pub(crate) fn revision(&self) -> u64 {
        self.read().revision + self.trust.revision()
    }

    /// Makes clients under other rules from now on.
    pub(crate) fn set_rules(&self, rules: NetworkRules) {
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
    pub(crate) fn client_for(&self, url: &Url, deadline: Duration) -> Result<GuardedClient, ClientError> {
        let port = url.port_or_known_default().ok_or(ClientError::NoHost)?;
        Ok(GuardedClient {
            connector: Connector {
                rules: self.rules(),
                port,
                trust: self.trust.clone(),
                tls: self.tls.clone(),
                servers: self.servers.clone(),
                names: Names::default(),
                route: self.route.clone(),
                proxy_names: Names::default(),
            },
            deadline,
            mode: match &self.trace {
                Some(trace) => Mode::Traced(trace.clone()),
                None => Mode::Pooled(Pool::default()),
            },
        })
    }
}

/// Sends to hosts on one port; clones share the connections.
#[derive(Clone, Debug)]
pub(crate) struct GuardedClient {
    connector: Connector,
    /// Of one request, from resolving the name to the end of the response.
    deadline: Duration,
    mode: Mode,
}

#[derive(Clone, Debug)]
enum Mode {
    /// Connections are kept for later requests.
    Pooled(Pool),
    /// Every request has a connection of its own, and each stage is recorded.
    Traced(Trace),
}

impl GuardedClient {
    /// Posts to a URL and waits for the head of the response.
    ///
    /// A request is repeated at once, on another connection, when the server has certainly not processed it, or when a kept
    /// connection ended without a byte of a response. In the second case a server may get the request twice.
    pub(crate) async fn post(&self, url: &Url, headers: HeaderMap, body: Bytes) -> Result<Response, SendError> {
        self.execute(Request::new(Method::POST, url.clone(), headers, body)?)
            .await
    }

    /// The same for any request that has an absolute URI. The path is sent exactly as it is.
    pub(crate) async fn send(&self, request: http::Request<Bytes>) -> Result<Response, SendError> {
        let (head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string()).map_err(SendError::Url)?;
        let request = Request::new(head.method, url, head.headers, body)?;
        self.execute(match head.uri.path_and_query() {
            Some(path) => request.with_path(path.clone()),
            None => request,
        })
        .await
    }

    async fn execute(&self, request: Request) -> Result<Response, SendError> {
        if request.url().port_or_known_default() != Some(self.connector.port) {
            return Err(SendError::OtherPort);
        }
        let recording = match &self.mode {
            Mode::Pooled(_) => Recording::OFF,
            Mode::Traced(trace) => request.record(trace),
        };
        let deadline = Instant::now() + self.deadline;
        let is_connected = AtomicBool::new(false);
        let exchange = Box::pin(self.exchange(&request, &recording, (deadline, &is_connected)));
        if let Ok(answered) = timeout_at(deadline, exchange).await {
            return answered;
        }
        recording.failed(format!("No answer within {}.", whole_seconds(self.deadline)));
        // A request that waited for a connection was never sent.
        Err(match is_connected.into_inner() {
            true => SendError::Late(Late),
            false => SendError::Unconnected(NoConnection(io::ErrorKind::TimedOut.into())),
        })
    }

    async fn exchange(
        &self,
        request: &Request,
        recording: &Recording,
        (deadline, is_connected): (Instant, &AtomicBool),
    ) -> Result<Response, SendError> {
        let (mut repeats, mut use_kept) = (Repeats::default(), true);
        loop {
            let mut connection = self.connection(request, use_kept, recording).await?;
            is_connected.store(true, Ordering::Relaxed);
            recording.begin(StageName::Request);
            let message = request.message(connection.is_http1(), recording)?;
            let unanswered = Unanswered::new(&connection, self.pool());
            let sent_at = Instant::now();
            let answered = connection.send(message).await;
            unanswered.answered();
            let failure = match answered {
                Ok(response) => {
                    let connection = (connection, self.pool().cloned());
                    return Ok(Response::new(
                        response,
                        connection,
                        (sent_at, deadline),
                        recording.clone(),
                    ));
                }
                Err(failure) => failure,
            };
            if !repeats.allow(failure.kind) {
                recording.failed(format!("{}.", crate::error_chain(&failure.error)));
                return Err(match connection.tls_failure() {
                    Some(failure) => {
                        let has_identity = self.connector.tls.identity.is_some();
                        let failure = Identified::mark(io::Error::other(failure), has_identity);
                        SendError::Unconnected(NoConnection(failure))
                    }
                    None => SendError::Exchange(failure.error),
                });
            }
            // A server that refuses a stream has said how many it admits: the connection is good for one more try.
            use_kept = failure.kind == FailureKind::Refused && repeats.unprocessed == 1;
            if let Some(pool) = self.pool().filter(|_| !use_kept) {
                pool.retire(&connection);
            }
        }
    }

    async fn connection(
        &self,
        request: &Request,
        use_kept: bool,
        recording: &Recording,
    ) -> Result<Connection, SendError> {
        let host = request.authority();
        let connecting = self.connector.connect(request.url(), recording);
        let Some(pool) = self.pool() else {
            return Connection::establish(host.clone(), connecting.await?).await;
        };
        let kept = match use_kept {
            true => pool.kept(host).await,
            false => None,
        };
        match kept {
            Some(kept) => Ok(kept),
            None => pool.connect(host, connecting).await,
        }
    }

    const fn pool(&self) -> Option<&Pool> {
        match &self.mode {
            Mode::Pooled(pool) => Some(pool),
            Mode::Traced(_) => None,
        }
    }
}

/// The repeats of one request, which count as one attempt.
#[derive(Default)]
struct Repeats {
    unprocessed: u32,
    /// The server may have processed the request after all, so this happens once.
    closed_idle: bool,
}

impl Repeats {
    fn allow(&mut self, failure: FailureKind) -> bool {
        match failure {
            FailureKind::Refused | FailureKind::Unprocessed => {
                self.unprocessed += 1;
                self.unprocessed <= UNPROCESSED_REPEATS
            }
            FailureKind::ClosedIdle => !std::mem::replace(&mut self.closed_idle, true),
            FailureKind::Final => false,
        }
    }
}
