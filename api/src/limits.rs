//! Limits for clients: invalid tokens, requests, events, large bodies, and reads of the log.

mod ingest;
mod large_bodies;
mod log_reads;
mod rate;

pub(crate) use self::log_reads::LogReads;
pub(crate) use self::{
    ingest::{FailedTokens, IngestRate, RefusalLog},
    large_bodies::{BodyPermit, LargeBodies, OfToken},
    log_reads::PAGE_BYTES,
    rate::{ApiRate, Owner, RateHeaders},
};
