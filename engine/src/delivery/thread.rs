//! The thread of a stream or of a replay, and the commands that it obeys.
//!
//! Each worker has a thread with a runtime that nothing else uses. It takes commands from a supervisor, and for each
//! configuration runs until there is another command. After a failure of our own it waits a moment and starts again from what is
//! stored.

use std::{io, sync::Arc, thread::JoinHandle, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use crate::{
    THREAD_STACK,
    error_chain::error_chain,
    log::LogError,
    sink::SinkError,
    storage::files_are_missing,
    store::{Destination, StoreError},
};

/// The pause after a failure of our own (store, log), not of the destination.
pub(super) const OWN_FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// When the configuration changes, requests in flight may take this much longer to end than one attempt.
pub(super) const CHANGE_GRACE: Duration = Duration::from_secs(1);

/// When the configuration changes, an attempt that takes longer than this is abandoned: until it ends, nothing is sent.
const LONGEST_CHANGE: Duration = Duration::from_secs(10);

/// What a supervisor wants.
#[derive(Clone, Debug)]
pub(super) enum Command {
    /// Deliver to the destination as it is configured here.
    Run(Arc<Destination>),
    /// Wait until then for the requests in flight, store the progress, and end.
    Drain(Instant),
    /// The destination is gone: end immediately.
    Abandon,
}

pub(super) type Commands = watch::Receiver<Command>;

/// Why a worker stopped delivering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There is another command.
    NewCommand,
    /// Nothing is left to do, because the destination was deleted, or the replay has ended.
    Over,
}

/// A worker can't continue.
#[derive(Debug, thiserror::Error)]
pub(super) enum WorkerError {
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the log could not be read")]
    Log(#[from] LogError),
    #[error("the destination's sink can't be set up")]
    Sink(#[from] SinkError),
    #[error("a request was given up")]
    GivenUp,
}

/// What runs on a thread of its own.
pub(super) trait Worker: Send + 'static {
    fn thread_name(&self) -> String;

    /// Delivers to the destination as it is configured here, until there is another command.
    async fn run(&self, destination: &Arc<Destination>, commands: &mut Commands) -> Result<End, WorkerError>;

    fn log_failure(&self, error: &WorkerError);

    /// The thread is about to end.
    fn ended(&self) {}
}

/// A running worker, as its supervisor knows it.
pub(super) struct WorkerThread {
    version: i64,
    /// Of the network rules.
    revision: u64,
    commands: watch::Sender<Command>,
    thread: JoinHandle<()>,
}

impl WorkerThread {
    /// Starts the thread. It ends when the worker does, on `Drain` or `Abandon`, or in a panic; `running` is dropped with it.
    pub(super) fn start(
        worker: impl Worker,
        destination: &Destination,
        revision: u64,
        running: mpsc::Sender<()>,
    ) -> io::Result<Self> {
        let (commands, received) = watch::channel(Command::Run(Arc::new(destination.clone())));
        let name = worker.thread_name();
        let thread = std::thread::Builder::new().name(name.clone()).stack_size(THREAD_STACK);
        let thread = thread.spawn(move || {
            // Made here and not passed in: a runtime must not be dropped by a task of another one.
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => {
                    runtime.block_on(obey(&worker, received));
                    // A name that is still being resolved must not keep the thread.
                    runtime.shutdown_background();
                    worker.ended();
                }
                Err(error) => tracing::error!(
                    worker = name,
                    error = error_chain(&error),
                    "The runtime of a worker could not be created; the worker is restarted."
                ),
            }
            drop(running);
        })?;
        Ok(Self {
            version: destination.version,
            revision,
            commands,
            thread,
        })
    }

    /// Has the worker use this configuration. False if it does already.
    pub(super) fn configure(&mut self, destination: &Destination, revision: u64) -> bool {
        if (self.version, self.revision) == (destination.version, revision) {
            return false;
        }
        (self.version, self.revision) = (destination.version, revision);
        self.send(Command::Run(Arc::new(destination.clone())));
        true
    }

    pub(super) fn send(&self, command: Command) {
        self.commands.send_replace(command);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }
}

async fn obey(worker: &impl Worker, mut commands: Commands) {
    loop {
        let command = commands.borrow_and_update().clone();
        let Command::Run(destination) = command else { return };
        match worker.run(&destination, &mut commands).await {
            Ok(End::NewCommand) => {}
            Ok(End::Over) => return,
            Err(error) => {
                if !files_are_missing(&error) {
                    worker.log_failure(&error);
                }
                let waited = tokio::time::timeout(OWN_FAILURE_PAUSE, commands.changed()).await;
                if matches!(waited, Ok(Err(_))) {
                    return;
                }
            }
        }
    }
}

/// Whether there is another command: then nothing more is started under the present configuration.
pub(super) fn is_superseded(commands: &Commands) -> bool {
    commands.has_changed().unwrap_or(true)
}

/// How long requests in flight may take when there is another command, if one attempt takes no longer than `attempt`. What has not ended
/// by then is sent again. `None` if their end does not matter.
pub(super) fn drain_deadline(commands: &Commands, attempt: Duration) -> Option<Instant> {
    match &*commands.borrow() {
        Command::Abandon => None,
        Command::Drain(deadline) => Some(*deadline),
        Command::Run(changed) => {
            // Settings that can't be read are reported where they are applied.
            let timeout = changed
                .target
                .delivery_limits()
                .map_or(LONGEST_CHANGE, |limits| limits.timeout);
            Some(Instant::now() + attempt.min(timeout).min(LONGEST_CHANGE) + CHANGE_GRACE)
        }
    }
}
