//! What the handlers share. Each field is one service; all of it is made once, at the start.

use std::sync::Arc;

use domain::Timestamp;
use engine::Engine;

use crate::{
    access::{SessionCookie, SignInAttempts},
    api::{ApiRate, FailedTokens, IngestFigures, IngestRate, LargeBodies, LogReads, RefusalLog},
    export::ExportPlaces,
    page::CountedReplays,
    web::{AddressRanges, PublicUrl, TrustedProxies},
};

/// Handed to every handler.
pub(crate) type Services = Arc<ServicesInner>;

/// The services of a running server.
pub(crate) struct ServicesInner {
    pub(crate) engine: Engine,
    pub(crate) started_at: Timestamp,
    pub(crate) sign_in_attempts: SignInAttempts,
    pub(crate) failed_tokens: FailedTokens,
    pub(crate) ingest_rate: IngestRate,
    pub(crate) ingest_figures: IngestFigures,
    pub(crate) api_rate: ApiRate,
    pub(crate) large_bodies: LargeBodies,
    pub(crate) log_reads: LogReads,
    pub(crate) export_places: ExportPlaces,
    pub(crate) refusal_log: RefusalLog,
    pub(crate) counted_replays: CountedReplays,
    pub(crate) cookie: SessionCookie,
    pub(crate) public_url: PublicUrl,
    pub(crate) trusted_proxies: TrustedProxies,
    /// From where metrics may be asked for without a token.
    pub(crate) metrics_allow: AddressRanges,
}
