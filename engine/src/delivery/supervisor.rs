//! Starts, reconfigures and ends the workers of streams, so that they match the stored destinations.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use domain::{
    Timestamp,
    alerts::StreamSeen,
    health::{Concurrency, StreamHealth},
    ids::{DestinationId, ReplayId, Seq},
    replay::ReplayWait,
};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinHandle,
    time::{Instant, MissedTickBehavior},
};

use super::{
    AcceptedRequest, StreamTotals,
    replay::ReplaySupervisor,
    shared::Shared,
    status::{ParkError, Status, Statuses},
    thread::{Command, WorkerThread},
    waits::Waits,
    worker::StreamWorker,
};
use crate::{
    clock::Clock,
    error_chain::error_chain,
    instance_events::Recorded,
    log::EventLog,
    net::GuardedClients,
    sink::SinkServices,
    storage::files_are_missing,
    store::{Database, Destination, StoreError},
};

/// How often the supervisor reconciles without a signal, in case one was lost.
const RECONCILE_PERIOD: Duration = Duration::from_secs(5);

/// How long a change waits until it is applied: long enough for a second attempt after the destinations could not be read.
const APPLIED_WITHIN: Duration = Duration::from_secs(12);

/// The handle to the running delivery.
pub(crate) struct Delivery {
    shared: Shared,
    requests: watch::Sender<u64>,
    handled: watch::Receiver<u64>,
    stop: watch::Sender<Option<Instant>>,
    supervisor: JoinHandle<()>,
    ended: tokio::sync::Mutex<mpsc::Receiver<()>>,
}

impl Delivery {
    /// Starts the supervisor on the current runtime, and through it a worker for each destination.
    pub(crate) fn start(
        log: EventLog,
        database: Database,
        clients: GuardedClients,
        services: SinkServices,
        clock: Clock,
    ) -> Self {
        let shared = Shared {
            log,
            reading: tokio::runtime::Handle::current(),
            database,
            clients,
            services,
            clock,
            statuses: Statuses::default(),
            waits: Waits::default(),
            wake: Arc::new(Notify::new()),
        };
        let (stop, stopped) = watch::channel(None);
        let (requests, requested) = watch::channel(0);
        let (handling, handled) = watch::channel(0);
        // Every worker holds a sender; when the last has ended, the receiver knows.
        let (running, ended) = mpsc::channel(1);
        let supervisor = Supervisor {
            replays: ReplaySupervisor::new(shared.clone(), running.clone()),
            shared: shared.clone(),
            requested,
            handling,
            workers: HashMap::new(),
            running,
        };
        let supervisor = tokio::spawn(supervisor.run(stopped));
        Self {
            shared,
            requests,
            handled,
            stop,
            supervisor,
            ended: tokio::sync::Mutex::new(ended),
        }
    }

    /// Something was changed in the store: returns once every worker has been notified, so that nothing that is appended to the
    /// log from then on is sent under what was configured before.
    pub(crate) async fn apply(&self) {
        let mut ticket = 0;
        self.requests.send_modify(|requests| {
            *requests += 1;
            ticket = *requests;
        });
        self.shared.wake.notify_one();
        let mut handled = self.handled.clone();
        let applied = tokio::time::timeout(APPLIED_WITHIN, handled.wait_for(|handled| *handled >= ticket)).await;
        if !matches!(applied, Ok(Ok(_))) {
            tracing::error!("A change is stored, but the streams have not applied it yet.");
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        !self.supervisor.is_finished()
    }

    pub(crate) fn health_of(&self, destination: &Destination) -> StreamHealth {
        self.shared
            .status_of(destination.id)
            .map_or(StreamHealth::Starting, |status| {
                status.health(destination.stream_state, self.shared.log.last_seq())
            })
    }

    /// An administrator has parked so many events of a stream in the store.
    pub(crate) fn events_were_parked(&self, id: DestinationId, events: u64) {
        if let Some(status) = self.shared.status_of(id) {
            status.totals.parked(events);
        }
    }

    /// The health of a stream, and what alerts make of it.
    pub(crate) fn seen_by_alerts(&self, destination: &Destination) -> (StreamHealth, StreamSeen) {
        let status = self.shared.status_of(destination.id);
        status.map_or((StreamHealth::Starting, StreamSeen::Starting), |status| {
            status.seen_by_alerts(destination.stream_state, self.shared.log.last_seq())
        })
    }

    /// When an event was last accepted; and the position after which something waits, if the log goes on after it.
    pub(crate) fn reach_of(&self, id: DestinationId) -> (Option<Timestamp>, Option<Seq>) {
        self.shared
            .status_of(id)
            .map_or((None, None), |status| status.reach(self.shared.log.last_seq()))
    }

    /// How many positions of the log are still to be acknowledged, 0 for an inactive destination; `None` while its stream starts.
    pub(crate) fn backlog_of(&self, destination: &Destination) -> Option<u64> {
        if !destination.stream_state.active {
            return Some(0);
        }
        self.shared
            .status_of(destination.id)?
            .behind(self.shared.log.last_seq())
    }

    /// How many requests a stream may have in flight, and has; `None` if it does not run.
    pub(crate) fn concurrency_of(&self, id: DestinationId) -> Option<Concurrency> {
        self.shared.status_of(id)?.concurrency()
    }

    pub(crate) fn totals_of(&self, id: DestinationId) -> StreamTotals {
        self.shared
            .status_of(id)
            .map_or_else(StreamTotals::default, |status| status.totals.read())
    }

    /// The last accepted requests of a stream since the server was started, the oldest first.
    pub(crate) fn recent_requests(&self, id: DestinationId) -> Vec<AcceptedRequest> {
        self.shared
            .status_of(id)
            .map_or_else(Vec::new, |status| status.totals.recent())
    }

    /// Makes a stream that backs off probe immediately, and a replay to the same destination try again. Returns false if there is no
    /// such stream.
    pub(crate) fn probe(&self, id: DestinationId) -> bool {
        let status = self.shared.status_of(id);
        status.is_some_and(|status| {
            status.want_probe();
            true
        })
    }

    /// Like [`Self::probe`], and waits until the next request of the stream has ended, but not longer than this. Returns
    /// whether it was accepted; `None` if none has ended.
    pub(crate) async fn probe_and_wait(&self, id: DestinationId, longest: Duration) -> Option<bool> {
        let status = self.shared.status_of(id)?;
        let before = status.totals.read();
        status.want_probe();
        let attempted = status.attempted_since(&before);
        tokio::time::timeout(longest, attempted).await.ok()
    }

    /// Has a stream that is backing off park an event that it is stuck at, together with the audit event about that.
    ///
    /// # Errors
    /// [`ParkError`]; nothing was changed, unless it was not stored in time.
    pub(crate) async fn park(&self, id: DestinationId, seq: Seq, instance_event: Recorded) -> Result<(), ParkError> {
        let status = self.shared.status_of(id).ok_or(ParkError::NotStuck)?;
        status.park(seq, instance_event).await
    }

    /// What a running replay waits for; `None` if it sends.
    pub(crate) fn replay_wait(&self, replay: ReplayId) -> Option<ReplayWait> {
        self.shared.waits.of(replay)
    }

    /// Sends nothing new, lets what is in flight end within the deadline, and stores how far each stream is.
    pub(crate) async fn stop(&self, deadline: Duration) {
        self.stop.send_replace(Some(Instant::now() + deadline));
        let mut ended = self.ended.lock().await;
        // A little more than the workers themselves are given, for their last commit.
        let all_ended = tokio::time::timeout(deadline + Duration::from_secs(1), ended.recv()).await;
        if all_ended.is_err() {
            tracing::warn!(
                "Some streams did not stop in time; events in flight will be sent again after the next start."
            );
        }
    }
}

struct Supervisor {
    shared: Shared,
    /// How many changes are waiting to be applied, and how many of them have been.
    requested: watch::Receiver<u64>,
    handling: watch::Sender<u64>,
    workers: HashMap<DestinationId, Running>,
    replays: ReplaySupervisor,
    running: mpsc::Sender<()>,
}

struct Running {
    worker: WorkerThread,
    reload: Arc<Notify>,
}

impl Supervisor {
    async fn run(mut self, mut stop: watch::Receiver<Option<Instant>>) {
        let wake = Arc::clone(&self.shared.wake);
        let mut ticks = tokio::time::interval(RECONCILE_PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = wake.notified() => {}
                _ = stop.changed() => break,
            }
            let asked = *self.requested.borrow();
            match self.reconcile().await {
                Ok(()) => drop(self.handling.send_replace(asked)),
                Err(error) if files_are_missing(&error) => {}
                Err(error) => tracing::error!(
                    error = error_chain(&error),
                    "The destinations could not be read; the streams keep their configuration."
                ),
            }
        }
        let deadline = stop.borrow().unwrap_or_else(Instant::now);
        for running in self.workers.values() {
            running.worker.send(Command::Drain(deadline));
        }
        self.replays.drain(deadline);
    }

    /// Makes the running workers match the stored destinations. Idempotent.
    async fn reconcile(&mut self) -> Result<(), StoreError> {
        // Read first: of rules that change meanwhile the next round knows.
        let revision = self.shared.clients.revision();
        let configured = self.shared.database.list_destinations().await?;
        self.end_missing(&configured);
        self.replays.reconcile(&configured, revision).await;
        for destination in configured {
            let id = destination.id;
            match self.workers.get_mut(&id) {
                Some(running) if running.worker.has_ended() => {
                    tracing::error!(
                        destination_id = id.get(),
                        "The worker of a stream ended unexpectedly; it is restarted."
                    );
                    self.start_worker(&destination, revision);
                }
                Some(running) => {
                    if !running.worker.configure(&destination, revision) {
                        running.reload.notify_one();
                    }
                }
                None => self.start_worker(&destination, revision),
            }
        }
        Ok(())
    }

    fn end_missing(&mut self, configured: &[Destination]) {
        self.workers.retain(|id, running| {
            let is_configured = configured.iter().any(|destination| destination.id == *id);
            if !is_configured {
                running.worker.send(Command::Abandon);
                self.shared
                    .statuses
                    .write()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(id);
            }
            is_configured
        });
    }

    fn start_worker(&mut self, destination: &Destination, revision: u64) {
        let id = destination.id;
        let (status, reload) = (Arc::<Status>::default(), Arc::<Notify>::default());
        let stream = StreamWorker {
            destination: id,
            shared: self.shared.clone(),
            status: Arc::clone(&status),
            reload: Arc::clone(&reload),
        };
        match WorkerThread::start(stream, destination, revision, self.running.clone()) {
            Ok(worker) => {
                let mut statuses = self.shared.statuses.write().unwrap_or_else(PoisonError::into_inner);
                statuses.insert(id, status);
                self.workers.insert(id, Running { worker, reload });
            }
            Err(error) => tracing::error!(
                destination_id = id.get(),
                error = error_chain(&error),
                "The thread of a stream could not be started; this is retried."
            ),
        }
    }
}
