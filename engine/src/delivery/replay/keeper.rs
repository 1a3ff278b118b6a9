//! Starts, changes and ends the lanes of replays, so that those run that are stored as running.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use domain::ids::{DestinationId, ReplayId};
use tokio::{sync::mpsc, time::Instant};

use super::{
    super::{
        shared::Shared,
        thread::{Command, WorkerThread},
    },
    lane::ReplayWorker,
};
use crate::{
    causes::causes,
    storage::files_are_missing,
    store::{Destination, Replay, StoreError},
};

/// What is in flight when a replay is cancelled may take this long to end, longer than any attempt does: only then is it known
/// how much was sent.
const CANCEL_GRACE: Duration = Duration::from_secs(35);

/// The lanes that run.
pub(in crate::delivery) struct ReplayKeeper {
    shared: Shared,
    lanes: HashMap<ReplayId, (DestinationId, WorkerThread)>,
    /// Threads of lanes that are to end, while what they have in flight does.
    draining: Vec<(DestinationId, WorkerThread)>,
    /// Held by every lane; when the last has ended, its receiver knows.
    running: mpsc::Sender<()>,
}

impl ReplayKeeper {
    pub(in crate::delivery) fn new(shared: Shared, running: mpsc::Sender<()>) -> Self {
        Self {
            shared,
            lanes: HashMap::new(),
            draining: Vec::new(),
            running,
        }
    }

    /// Brings what runs into line with what is stored. Idempotent. What can't be read is looked at again in the next round.
    pub(in crate::delivery) async fn reconcile(&mut self, configured: &[Destination], revision: u64) {
        // Looked at first: a lane that ends from here on has perhaps just finished what is read as running.
        let ended = self.lanes.iter().filter(|(_, (_, lane))| lane.has_ended());
        let ended: Vec<ReplayId> = ended.map(|(id, _)| *id).collect();
        let replays = match self.shared.database.list_running_replays().await {
            Ok(replays) => readable(replays),
            Err(error) if files_are_missing(&error) => return,
            Err(error) => {
                tracing::error!(
                    error = causes(&error),
                    "The replays could not be read; those that run go on as they are."
                );
                return;
            }
        };
        self.lanes.retain(|id, _| !ended.contains(id));
        self.end_others(&replays, configured);
        for replay in replays {
            let destination = configured
                .iter()
                .find(|destination| destination.id == replay.destination);
            // One that was added a moment ago is found in the next round.
            let Some(destination) = destination else { continue };
            let is_draining = self.is_draining(destination.id);
            match self.lanes.get_mut(&replay.id) {
                Some((_, lane)) => {
                    lane.configure(destination, revision);
                }
                // At most one request of a replay is at the destination: this one's turn comes when that has ended.
                None if is_draining => {}
                None => self.start(&replay, destination, revision),
            }
            if ended.contains(&replay.id) {
                tracing::error!(
                    replay_id = replay.id.get(),
                    "A replay's lane ended by itself; it is started again."
                );
            }
        }
    }

    /// Begins nothing more, and lets what is in flight end until then.
    pub(in crate::delivery) fn drain(&self, deadline: Instant) {
        for (_, lane) in self.lanes.values() {
            lane.send(Command::Drain(deadline));
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
        let ending: Vec<ReplayId> = self.lanes.keys().filter(|id| !to_run.contains(id)).copied().collect();
        for id in ending {
            let Some((destination, lane)) = self.lanes.remove(&id) else {
                continue;
            };
            lane.send(Command::Drain(Instant::now() + CANCEL_GRACE));
            self.shared.waits.set(id, None);
            self.draining.push((destination, lane));
        }
    }

    fn is_draining(&mut self, destination: DestinationId) -> bool {
        self.draining.retain(|(_, lane)| !lane.has_ended());
        self.draining.iter().any(|(of, _)| *of == destination)
    }

    fn start(&mut self, replay: &Replay, destination: &Destination, revision: u64) {
        let worker = ReplayWorker {
            replay: replay.id,
            shared: self.shared.clone(),
        };
        match WorkerThread::start(worker, destination, revision, self.running.clone()) {
            Ok(lane) => drop(self.lanes.insert(replay.id, (destination.id, lane))),
            Err(error) => tracing::error!(
                replay_id = replay.id.get(),
                error = causes(&error),
                "A replay's thread could not be started; it is tried again."
            ),
        }
    }
}

/// The others wait until they can be read.
fn readable(replays: Vec<Result<Replay, StoreError>>) -> Vec<Replay> {
    let readable = replays.into_iter().filter_map(|replay| {
        let unread =
            |error: &StoreError| tracing::error!(error = causes(error), "A replay can't be read, and does not run.");
        replay.inspect_err(unread).ok()
    });
    readable.collect()
}
