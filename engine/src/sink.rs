//! How events are sent to each kind of destination: one folder per kind.
//!
//! A sink sends and reports; it decides nothing. What follows from a report is policy (`domain::policy`), and done by the
//! worker.

mod address;
mod contract;
mod google;
mod http;
mod report;
mod s3;

use std::sync::Arc;

use domain::ids::ReplayId;

pub use self::contract::SinkServices;
pub(crate) use self::{
    contract::{Batch, Batching, Report, SendReport, Sink, SinkError, USER_AGENT},
    google::{GoogleSink, check_private_key},
    http::{HttpSink, LONG_SEGMENT, Signer, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP, secrets_of_url},
    report::{KEPT_BYTES, find as find_cause, masked, why_no_answer},
    s3::S3Sink,
};
use crate::{
    clock::Clock,
    net::GuardedClients,
    store::{Destination, Target},
};

#[cfg(test)]
pub(crate) use self::report::error_report;

/// The sink for a destination as it is configured now.
///
/// # Errors
/// [`SinkError`] if no connection can be set up on this machine, or with what is stored.
pub(crate) fn sink_for(
    destination: &Destination,
    clients: &GuardedClients,
    services: &SinkServices,
    clock: &Clock,
) -> Result<Arc<dyn Sink>, SinkError> {
    sink_to(&destination.target, clients, services, clock)
}

/// The sink for where a destination's events go.
///
/// # Errors
/// As [`sink_for`].
pub(crate) fn sink_to(
    target: &Target,
    clients: &GuardedClients,
    services: &SinkServices,
    clock: &Clock,
) -> Result<Arc<dyn Sink>, SinkError> {
    match target {
        Target::Http(target) => Ok(Arc::new(HttpSink::new(target, clients, services, clock.clone())?)),
        Target::GoogleCloudLogging(target) => Ok(Arc::new(GoogleSink::new(target, clients, services, clock.clone())?)),
        Target::AmazonS3(target) => Ok(Arc::new(S3Sink::new(target, clients, services, clock.clone())?)),
    }
}

/// The same, for a replay, by which everything that it sends is marked.
///
/// # Errors
/// As [`sink_for`].
pub(crate) fn replay_sink_for(
    destination: &Destination,
    clients: &GuardedClients,
    services: &SinkServices,
    clock: &Clock,
    replay: ReplayId,
) -> Result<Arc<dyn Sink>, SinkError> {
    let clock = clock.clone();
    match &destination.target {
        Target::Http(target) => {
            let sink = HttpSink::new(target, clients, services, clock)?;
            Ok(Arc::new(sink.for_replay(replay)))
        }
        Target::GoogleCloudLogging(target) => {
            let sink = GoogleSink::new(target, clients, services, clock)?;
            Ok(Arc::new(sink.for_replay(replay)))
        }
        Target::AmazonS3(target) => Ok(Arc::new(
            S3Sink::new(target, clients, services, clock)?.for_replay(replay),
        )),
    }
}
