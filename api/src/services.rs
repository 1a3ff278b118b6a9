//! The state that the handlers share.

use std::{num::NonZeroU32, sync::Arc};

use domain::{Timestamp, access::SessionCookie};
use engine::Engine;

use crate::{
    export::ExportPermits,
    ingest::IngestCounters,
    limits::{ApiRate, FailedTokens, IngestRate, LargeBodies, LogReads, RefusalLog},
    web::{AddressRanges, PublicUrl, TrustedProxies},
};

/// The state of every handler.
pub type Services = Arc<ServicesInner>;

/// Settings of the APIs that do not change while the server runs.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// The URL at which browsers reach this server.
    pub public_url: PublicUrl,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted.
    pub trusted_proxies: TrustedProxies,
    /// Addresses that can read the metrics without a token.
    pub metrics_allow: AddressRanges,
    /// Events per second for each token; `None` for no limit.
    pub ingest_rate: Option<NonZeroU32>,
    /// Requests per minute for each token and each user, except for ingest; `None` for no limit.
    pub api_rate: Option<NonZeroU32>,
}

impl ApiConfig {
    /// No limits, no proxies, and metrics only with a token.
    #[must_use]
    pub fn new(public_url: PublicUrl) -> Self {
        Self {
            public_url,
            trusted_proxies: TrustedProxies::default(),
            metrics_allow: AddressRanges::default(),
            ingest_rate: None,
            api_rate: None,
        }
    }
}

/// The services of a running server.
pub struct ServicesInner {
    /// The engine behind the APIs.
    pub engine: Arc<Engine>,
    /// The session cookie of the public URL.
    pub cookie: SessionCookie,
    /// The URL at which clients reach this server.
    pub public_url: PublicUrl,
    pub(crate) started_at: Timestamp,
    pub(crate) failed_tokens: FailedTokens,
    pub(crate) ingest_rate: IngestRate,
    pub(crate) ingest_counters: IngestCounters,
    pub(crate) api_rate: ApiRate,
    pub(crate) large_bodies: LargeBodies,
    pub(crate) log_reads: LogReads,
    pub(crate) export_permits: ExportPermits,
    pub(crate) refusal_log: RefusalLog,
    pub(crate) trusted_proxies: TrustedProxies,
    /// Addresses that can read the metrics without a token.
    pub(crate) metrics_allow: AddressRanges,
}

impl ServicesInner {
    /// The services over an open engine, with all limits unused.
    #[must_use]
    pub fn new(engine: Engine, config: ApiConfig) -> Services {
        Arc::new(Self {
            started_at: engine.clock().now(),
            engine: Arc::new(engine),
            failed_tokens: FailedTokens::new(),
            ingest_rate: IngestRate::new(config.ingest_rate),
            ingest_counters: IngestCounters::default(),
            api_rate: ApiRate::new(config.api_rate),
            large_bodies: LargeBodies::default(),
            log_reads: LogReads::default(),
            export_permits: ExportPermits::default(),
            refusal_log: RefusalLog::new(),
            cookie: SessionCookie::new(config.public_url.is_https(), config.public_url.port()),
            public_url: config.public_url,
            trusted_proxies: config.trusted_proxies,
            metrics_allow: config.metrics_allow,
        })
    }
}
