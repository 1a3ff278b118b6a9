//! Starts, changes and ends the lanes of replays, so that those run that are stored as running.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use domain::ids::{DestinationId, ReplayId};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use super::{
    super::worker::Order,
    lane::{self, LaneContext},
    shared::Shared,
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
    lanes: HashMap<ReplayId, Running>,
    /// Threads of lanes that are to end, while what they have in flight does.
    draining: Vec<(DestinationId, JoinHandle<()>)>,
    /// Held by every lane; when the last has ended, its receiver knows.
    running: mpsc::Sender<()>,
}

struct Running {
    destination: DestinationId,
    version: i64,
    /// Of the network rules.
    revision: u64,
    orders: watch::Sender<Order>,
    thread: JoinHandle<()>,
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
        let ended = self.lanes.iter().filter(|(_, lane)| lane.thread.is_finished());
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
                Some(lane) if lane.version != destination.version || lane.revision != revision => {
                    lane.version = destination.version;
                    lane.revision = revision;
                    lane.orders.send_replace(Order::Run(Arc::new(destination.clone())));
                }
                Some(_) => {}
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
        for lane in self.lanes.values() {
            lane.orders.send_replace(Order::Drain(deadline));
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
            let Some(lane) = self.lanes.remove(&id) else { continue };
            lane.orders.send_replace(Order::Drain(Instant::now() + CANCEL_GRACE));
            self.shared.waits.set(id, None);
            self.draining.push((lane.destination, lane.thread));
        }
    }

    fn is_draining(&mut self, destination: DestinationId) -> bool {
        self.draining.retain(|(_, thread)| !thread.is_finished());
        self.draining.iter().any(|(of, _)| *of == destination)
    }

    fn start(&mut self, replay: &Replay, destination: &Destination, revision: u64) {
        let (orders, received) = watch::channel(Order::Run(Arc::new(destination.clone())));
        let context = LaneContext {
            replay: replay.id,
            reading: tokio::runtime::Handle::current(),
            shared: self.shared.clone(),
        };
        match lane::spawn(context, received, self.running.clone()) {
            Ok(thread) => {
                let running = Running {
                    destination: destination.id,
                    version: destination.version,
                    revision,
                    orders,
                    thread,
                };
                self.lanes.insert(replay.id, running);
            }
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
