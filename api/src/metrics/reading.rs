//! Everything that a scrape reports, read at one time.

use std::time::Duration;

use domain::{Timestamp, alerts::InstanceCertificate, health::StreamFacts, ids::DestinationId};
use engine::{
    DestinationState, Engine, StreamTotals,
    admin::AdminError,
    log::{Stored, Writing},
};

use crate::{
    ingest::{AcceptedCounts, Refusal},
    services::Services,
};

/// The values of a scrape.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) started_at: Timestamp,
    /// `None` if the system does not report it.
    pub(super) resident_bytes: Option<u64>,
    pub(super) accepted: AcceptedCounts,
    pub(super) refused: Vec<(Refusal, u64)>,
    pub(super) log: LogReading,
    pub(super) certificates: Vec<InstanceCertificate>,
    /// Ordered by destination, oldest first.
    pub(super) streams: Vec<StreamReading>,
}

/// The values of the log.
#[derive(Debug)]
pub(super) struct LogReading {
    pub(super) stored: Stored,
    pub(super) limit_bytes: u64,
    /// Events that were ever removed from the log before the retention age.
    pub(super) pruned_early: u64,
    /// Events that were ever appended to the log.
    pub(super) appended: u64,
    pub(super) writing: Writing,
    pub(super) full_at: Option<Timestamp>,
    /// Events that could not be read since the start.
    pub(super) unreadable: u64,
}

/// One destination and its stream.
#[derive(Debug)]
pub(super) struct StreamReading {
    pub(super) id: DestinationId,
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) state: &'static str,
    /// `None` while the stream starts.
    pub(super) backlog: Option<u64>,
    /// Time for which the oldest event has waited; zero if no event waits.
    pub(super) lag: Duration,
    pub(super) facts: StreamFacts,
    pub(super) totals: StreamTotals,
}

impl Reading {
    /// # Errors
    /// [`AdminError::Internal`].
    pub(super) async fn take(services: &Services) -> Result<Self, AdminError> {
        let engine = &services.engine;
        let log = LogReading::take(engine).await?;
        let states = engine.list_destinations().await?;
        let now = engine.clock().now();
        let streams = states.into_iter().map(|state| StreamReading::new(engine, state, now));
        Ok(Self {
            started_at: services.started_at,
            resident_bytes: resident_bytes(),
            accepted: services.ingest_counters.read_accepted(),
            refused: services.ingest_counters.read_refused(),
            log,
            certificates: engine.instance_certificates(),
            streams: streams.collect(),
        })
    }
}

impl LogReading {
    async fn take(engine: &Engine) -> Result<Self, AdminError> {
        let log = engine.log();
        Ok(Self {
            stored: log.stored().await?,
            pruned_early: log.pruned_early().await?.events,
            limit_bytes: engine.retention_settings().log_size.value.bytes(),
            appended: u64::try_from(log.last_seq().get()).unwrap_or(0),
            writing: log.writing(),
            full_at: engine.log_full_at().await?,
            unreadable: log.unreadable_events(),
        })
    }

    /// Whether events are rejected because the log is full.
    pub(super) const fn is_full(&self) -> bool {
        self.stored.used_bytes >= self.limit_bytes
    }
}

impl StreamReading {
    fn new(engine: &Engine, state: DestinationState, now: Timestamp) -> Self {
        let DestinationState {
            destination,
            health,
            facts,
            ..
        } = state;
        let waits_since = facts.oldest_waiting_at;
        Self {
            id: destination.id,
            kind: destination.target.kind().as_str(),
            name: destination.name.to_string(),
            state: health.name(),
            backlog: engine.backlog_of(&destination),
            lag: waits_since.map_or(Duration::ZERO, |since| now.since(since)),
            facts,
            totals: engine.stream_totals(destination.id),
        }
    }
}

fn resident_bytes() -> Option<u64> {
    u64::try_from(memory_stats::memory_stats()?.physical_mem).ok()
}
