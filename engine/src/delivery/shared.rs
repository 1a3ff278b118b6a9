//! What every stream and every replay works with.

use std::sync::{Arc, PoisonError};

use domain::ids::DestinationId;
use futures::{FutureExt, future::BoxFuture};
use tokio::sync::Notify;

use super::{
    status::{Status, Statuses},
    waits::Waits,
};
use crate::{
    clock::Clock,
    log::{EventLog, LogError},
    net::GuardedClients,
    sink::SinkServices,
    store::Database,
};

/// Events of the log that are read at once, and bytes of their bodies.
pub(super) const PAGE_EVENTS: usize = 1_000;
pub(super) const PAGE_BYTES: usize = 4 * 1024 * 1024;

#[derive(Clone)]
pub(super) struct Shared {
    pub(super) log: EventLog,
    /// Where the log is read and decoded, so that the threads of workers need not.
    pub(super) reading: tokio::runtime::Handle,
    pub(super) database: Database,
    pub(super) clients: GuardedClients,
    pub(super) services: SinkServices,
    pub(super) clock: Clock,
    pub(super) statuses: Statuses,
    pub(super) waits: Waits,
    /// Wakes the supervisor.
    pub(super) wake: Arc<Notify>,
}

impl Shared {
    pub(super) fn status_of(&self, id: DestinationId) -> Option<Arc<Status>> {
        let statuses = self.statuses.read().unwrap_or_else(PoisonError::into_inner);
        statuses.get(&id).cloned()
    }

    /// Starts a read of the log on another thread.
    pub(super) fn read_log<T: Send + 'static>(
        &self,
        read: impl Future<Output = Result<T, LogError>> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, LogError>> {
        let read = self.reading.spawn(read);
        read.map(|read| read.unwrap_or(Err(LogError::Stopped))).boxed()
    }
}
