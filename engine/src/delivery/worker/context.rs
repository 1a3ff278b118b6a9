//! What a worker is asked for, and what it works with.

use std::sync::Arc;

use domain::ids::DestinationId;
use tokio::{sync::Notify, time::Instant};

use super::super::status::Status;
use crate::{
    clock::Clock,
    log::EventLog,
    net::GuardedClients,
    sink::SinkServices,
    store::{Database, Destination},
};

/// What the supervisor wants.
#[derive(Clone, Debug)]
pub(in crate::delivery) enum Order {
    /// Deliver to the destination as it is configured here.
    Run(Arc<Destination>),
    /// Let what is in flight end until then, store the cursor, and end.
    Drain(Instant),
    /// The destination is gone: end at once.
    Abandon,
}

/// What a worker works with.
#[derive(Clone)]
pub(in crate::delivery) struct WorkerContext {
    pub(in crate::delivery) destination: DestinationId,
    pub(in crate::delivery) log: EventLog,
    /// Where pages of the log are read and decoded, so that the stream's own thread need not.
    pub(in crate::delivery) reading: tokio::runtime::Handle,
    pub(in crate::delivery) database: Database,
    pub(in crate::delivery) clients: GuardedClients,
    pub(in crate::delivery) services: SinkServices,
    pub(in crate::delivery) clock: Clock,
    pub(in crate::delivery) status: Arc<Status>,
    /// Refused events were changed in the store.
    pub(in crate::delivery) reload: Arc<Notify>,
}
