//! A server from its start to its end.
//!
//! At the start: open the data folder, make the first user, listen, and only then say so. At the end, on SIGINT or
//! SIGTERM: take no more connections, finish the requests in progress, then let the engine store how far it is. Both ends
//! have a deadline; a second signal ends the process at once. What was acknowledged is on disk at every moment.

mod announcement;
mod connections;
mod deadlines;
mod open_files;
mod signals;
mod streams;
mod timed_body;
mod timed_stream;
mod tls;
mod token_uses;

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};

use api::{
    ApiConfig, Services, ServicesInner,
    web::{AddressRanges, PublicUrl, TrustedProxies},
};
use domain::access::NewPassword;
use engine::{Engine, EngineConfig, clock::Clock};
use tokio::{task::JoinHandle, time::Instant};

pub(crate) use self::announcement::ROOT_PASSWORD;
pub(crate) use self::tls::{Tls, TlsFiles, TlsSetting};
use self::{announcement::Announcement, connections::Listener, deadlines::ClientDeadlines, signals::Signals};
use crate::{cli::CommandError, router::router};

/// Settings that have been checked.
#[derive(Debug)]
pub(crate) struct ServeConfig {
    pub(crate) engine: EngineConfig,
    pub(crate) listen: SocketAddr,
    /// None means that of the listener.
    pub(crate) public_url: Option<PublicUrl>,
    /// None means that the listener speaks HTTP without TLS.
    pub(crate) tls: Option<Tls>,
    pub(crate) shutdown_deadline: Duration,
    /// Events a second for each token; none for no limit.
    pub(crate) ingest_rate: Option<NonZeroU32>,
    /// Requests a minute for each token and each user, apart from ingest; none for no limit.
    pub(crate) api_rate: Option<NonZeroU32>,
    pub(crate) trusted_proxies: TrustedProxies,
    /// From where metrics may be asked for without a token.
    pub(crate) metrics_allow: AddressRanges,
    /// For the user that is made at the first start.
    pub(crate) root_password: Option<NewPassword>,
}

/// Serves until a signal ends it.
///
/// # Errors
/// [`CommandError`] if it could not start.
pub(crate) async fn serve(config: ServeConfig) -> Result<(), CommandError> {
    let mut signals = Signals::listen().map_err(CommandError::Signals)?;
    // The one cryptography provider of the process; a second start of it would be ours too.
    drop(rustls::crypto::ring::default_provider().install_default());
    let deadline = config.shutdown_deadline;
    let (services, listener) = start(config).await?;
    run(&services, listener, &mut signals, deadline).await;
    Ok(())
}

/// Listens, opens the data folder, makes the first user, and only then says so.
async fn start(config: ServeConfig) -> Result<(Services, Listener), CommandError> {
    // Before anything is made or sent: a password is printed once, and must not be lost to a port that is taken.
    let listener = connections::listen(config.listen).map_err(|source| CommandError::Listen {
        address: config.listen,
        source,
    })?;
    let address = listener.local_addr().unwrap_or(config.listen);
    let is_tls = config.tls.is_some();
    let public_url = public_url(config.public_url, address, is_tls);
    let data_dir = config.engine.data_dir.clone();
    let engine = EngineConfig {
        public_url: public_url.as_str().to_owned(),
        listener_certificates: config.tls.as_ref().map(Tls::certificates),
        ..config.engine
    };
    let engine = Engine::open(engine, Clock::machine()).await?;
    let first_user = engine.ensure_first_user(config.root_password).await?;
    warn_of_risks(&public_url, &config.trusted_proxies, address, is_tls);
    Announcement {
        address,
        is_tls,
        public_url: &public_url,
        data_dir: &data_dir,
        first_user,
    }
    .print();
    let api = ApiConfig {
        public_url,
        trusted_proxies: config.trusted_proxies,
        metrics_allow: config.metrics_allow,
        ingest_rate: config.ingest_rate,
        api_rate: config.api_rate,
    };
    let tls = config.tls;
    Ok((ServicesInner::new(engine, api), Listener { listener, tls }))
}

/// The configured one, or that of the listener.
fn public_url(configured: Option<PublicUrl>, address: SocketAddr, is_tls: bool) -> PublicUrl {
    let configured = configured.map(|public_url| public_url.listening_on(address));
    configured.unwrap_or_else(|| PublicUrl::of_listener(address, is_tls))
}

async fn run(services: &Services, listener: Listener, signals: &mut Signals, deadline: Duration) {
    let storing_uses = tokio::spawn(token_uses::store_regularly(Arc::clone(services)));
    let following_files = listener.tls.clone().map(|tls| tokio::spawn(tls.follow_files()));
    let serving = connections::Connections::serve(
        listener,
        router(services),
        open_files::raise_limit(),
        ClientDeadlines::default(),
    );
    signals.next().await;
    tracing::info!("Stopping: finishing requests and deliveries in progress.");
    tokio::select! {
        () = shut_down(services, serving, deadline) => tracing::info!("Stopped."),
        () = signals.next() => tracing::warn!("Stopped immediately by a second signal."),
    }
    storing_uses.abort();
    following_files.inspect(JoinHandle::abort);
}

/// Requests may use most of the time; what they leave, and a quarter at least, is for the deliveries in progress.
async fn shut_down(services: &Services, serving: connections::Connections, deadline: Duration) {
    let stop_by = Instant::now() + deadline;
    serving.finish(stop_by - deadline / 4).await;
    token_uses::store(services).await;
    services
        .engine
        .shutdown(stop_by.saturating_duration_since(Instant::now()))
        .await;
}

/// Settings that work but are likely not what was meant.
fn warn_of_risks(public_url: &PublicUrl, trusted_proxies: &TrustedProxies, address: SocketAddr, is_tls: bool) {
    if !public_url.is_https() && !public_url.is_loopback() {
        tracing::warn!("The public URL is not https: passwords and tokens cross the network unencrypted.");
    }
    if public_url.is_https() && !is_tls && trusted_proxies.is_empty() {
        tracing::warn!(
            %address,
            "The public URL is https, so a proxy is in front of this server, but no proxy is trusted: audit events and \
             limits on sign-in attempts see the address of the proxy, not of the client. Set --trusted-proxies \
             (AUDIT_STREAMS_TRUSTED_PROXIES) to its address."
        );
    }
}
