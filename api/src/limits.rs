//! Limits for clients: sign-in attempts, invalid tokens, requests, events, large bodies, and reads of the log.

mod ingest;
mod large_bodies;
mod log_reads;
mod rate;
mod sign_in_attempts;
mod throttle;

pub(crate) use self::{
    ingest::{FailedTokens, IngestRate, RefusalLog},
    large_bodies::{BodyPermit, LargeBodies, OfToken},
    log_reads::PAGE_BYTES,
    rate::{ApiRate, Owner, RateHeaders},
};
pub use self::{
    log_reads::LogReads,
    sign_in_attempts::{Attempt, SignInAttempts},
    throttle::Wait,
};
