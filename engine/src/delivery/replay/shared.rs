//! What every lane works with.

use std::sync::Arc;

use tokio::sync::Notify;

use super::{super::status::Statuses, Waits};
use crate::{clock::Clock, log::EventLog, net::GuardedClients, sink::SinkServices, store::Database};

/// What every lane works with.
#[derive(Clone)]
pub(in crate::delivery) struct Shared {
    pub(in crate::delivery) log: EventLog,
    pub(in crate::delivery) database: Database,
    pub(in crate::delivery) clients: GuardedClients,
    pub(in crate::delivery) services: SinkServices,
    pub(in crate::delivery) clock: Clock,
    /// Of the streams.
    pub(in crate::delivery) statuses: Statuses,
    pub(in crate::delivery) waits: Waits,
    /// Of the supervisor, for when a lane has ended: another one may wait for that.
    pub(in crate::delivery) wake: Arc<Notify>,
}
