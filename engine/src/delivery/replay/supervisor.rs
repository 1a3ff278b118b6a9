//! Starts, reconfigures and ends the workers of replays, so that they match the replays that are stored as running.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use domain::{
    destination::DeliveryLimits,
    ids::{DestinationId, ReplayId},
};
use tokio::{sync::mpsc, time::Instant};

use super::{
    super::{
        shared::Shared,
        thread::{Command, WorkerThread},
    },
    worker::ReplayWorker,
};
use crate::{
    error_chain::error_chain,
    storage::files_are_missing,
    store::{Destination, Replay, StoreError},
};

/// What is in flight when a replay is cancelled may take this long to end, longer than any attempt does: only then is it known
/// how much was sent. An attempt has up to two requests, each with the timeout of the destination: Google's are for an access token and for
/// the entries.
const CANCEL_GRACE: Duration = Duration::from_secs(2 * DeliveryLimits::LONGEST_TIMEOUT.as_secs() + 5);

/// The workers that run.
pub(in crate::delivery) struct ReplaySupervisor {
    shared: Shared,
    workers: HashMap<ReplayId, (DestinationId, WorkerThread)>,
    /// Threads of workers that are to end, while what they have in flight does.
    draining: Vec<(DestinationId, WorkerThread)>,
    /// Held by every worker; when the last has ended, its receiver knows.
    running: mpsc::Sender<()>,
}

impl ReplaySupervisor {
    pub(in crate::delivery) fn new(shared: Shared, running: mpsc::Sender<()>) -> Self {
        Self {
            shared,
            workers: HashMap::new(),
            draining: Vec::new(),
            running,
        }
    }

    /// Makes the running workers match the stored replays. Idempotent. Replays that can't be read are retried in the next round.
    pub(in crate::delivery) async fn reconcile(&mut self, configured: &[Destination], revision: u64) {
        // Looked at first: a worker that ends from here on has perhaps just finished what is read as running.
        let ended = self.workers.iter().filter(|(_, (_, worker))| worker.has_ended());
        let ended: Vec<ReplayId> = ended.map(|(id, _)| *id).collect();
        let replays = match self.shared.database.list_running_replays().await {
            Ok(replays) => readable(replays),
            Err(error) if files_are_missing(&error) => return,
            Err(error) => {
                tracing::error!(
                    error = error_chain(&error),
                    "The replays could not be read; running ones keep their configuration."
                );
                return;
            }
        };
        self.workers.retain(|id, _| !ended.contains(id));
        self.end_others(&replays, configured);
        for replay in replays {
            let destination = configured
                .iter()
                .find(|destination| destination.id == replay.destination);
            // One that was added a moment ago is found in the next round.
            let Some(destination) = destination else { continue };
            let is_draining = self.is_draining(destination.id);
            match self.workers.get_mut(&replay.id) {
                Some((_, worker)) => {
                    worker.configure(destination, revision);
                }
                // Only one replay at a time sends to a destination: this one starts when the requests of that have ended.
                None if is_draining => {}
                None => self.start(&replay, destination, revision),
            }
            if ended.contains(&replay.id) {
                tracing::error!(
                    replay_id = replay.id.get(),
                    "The worker of a replay ended unexpectedly; it is restarted."
                );
            }
        }
    }

    /// Begins nothing more, and lets what is in flight end until then.
    pub(in crate::delivery) fn drain(&self, deadline: Instant) {
        for (_, worker) in self.workers.values() {
            worker.send(Command::Drain(deadline));
        }
    }

    /// Those that are no longer to run, or have no destination any more.
    fn end_others(&mut self, replays: &[Replay], configured: &[Destination]) {
        let to_run: HashSet<ReplayId> = replays
            .iter()
            .filter(|replay| {
                configured
                    .iter()
                    .any(|destination| destination.id == replay.destination)
            })
            .map(|replay| replay.id)
            .collect();
        let ending: Vec<ReplayId> = self.workers.keys().filter(|id| !to_run.contains(id)).copied().collect();
        for id in ending {
            let Some((destination, worker)) = self.workers.remove(&id) else {
                continue;
            };
            worker.send(Command::Drain(Instant::now() + CANCEL_GRACE));
            self.shared.waits.set(id, None);
            self.draining.push((destination, worker));
        }
    }

    fn is_draining(&mut self, destination: DestinationId) -> bool {
        self.draining.retain(|(_, worker)| !worker.has_ended());
        self.draining.iter().any(|(of, _)| *of == destination)
    }

    fn start(&mut self, replay: &Replay, destination: &Destination, revision: u64) {
        let worker = ReplayWorker {
            replay: replay.id,
            shared: self.shared.clone(),
        };
        match WorkerThread::start(worker, destination, revision, self.running.clone()) {
            Ok(worker) => drop(self.workers.insert(replay.id, (destination.id, worker))),
            Err(error) => tracing::error!(
                replay_id = replay.id.get(),
                error = error_chain(&error),
                "The thread of a replay could not be started; this is retried."
            ),
        }
    }
}

/// The others wait until they can be read.
fn readable(replays: Vec<Result<Replay, StoreError>>) -> Vec<Replay> {
    let readable = replays.into_iter().filter_map(|replay| {
        let unread = |error: &StoreError| {
            tracing::error!(
                error = error_chain(error),
                "A replay could not be read and does not run."
            )
        };
        replay.inspect_err(unread).ok()
    });
    readable.collect()
}
