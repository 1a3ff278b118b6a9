//! How events are sent to each kind of destination: one folder per kind.
//!
//! A sink sends and reports; it decides nothing. What follows from a report is policy (`domain::policy`), and done by the
//! worker.

mod address;
mod certificates;
mod contract;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzz;
mod google;
mod http;
mod kind;
mod report;
mod s3;
mod sources;
mod tls;

use std::sync::Arc;

use domain::{destination::DestinationKind, ids::ReplayId};

pub use self::contract::SinkServices;
pub(crate) use self::{
    certificates::{CertificatesSeen, certificates_of},
    contract::{Batch, Batching, Report, SendReport, Sink, SinkError, USER_AGENT},
    http::{Signer, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP},
    kind::SinkKind,
    report::{KEPT_BYTES, find as find_cause, masked, why_no_answer},
};
use crate::{
    clock::Clock,
    net::GuardedClients,
    store::{Destination, Target},
};

#[cfg(test)]
pub(crate) use self::{google::GoogleSink, report::error_report};

/// How one sends to a kind of destination: the one list of them.
pub(crate) const fn sink_kind(kind: DestinationKind) -> &'static SinkKind {
    match kind {
        DestinationKind::Http => &http::KIND,
        DestinationKind::GoogleCloudLogging => &google::KIND,
        DestinationKind::AmazonS3 => &s3::KIND,
    }
}

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
    (sink_kind(target.kind).connect)(target, clients, services, clock.clone(), None)
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
    let target = &destination.target;
    (sink_kind(target.kind).connect)(target, clients, services, clock.clone(), Some(replay))
}
