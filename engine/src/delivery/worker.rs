//! One stream: reads the log after its cursor, sends, and stores how far it is.

mod context;
mod pending_commit;
mod stream;

use std::sync::Arc;

use domain::destination::StreamState;

pub(super) use self::context::StreamWorker;
use self::stream::Stream;
use super::{
    progress::Progress,
    thread::{Commands, End, Worker, WorkerError},
};
use crate::{
    error_chain::error_chain,
    sink::{SinkError, sink_for},
    store::Destination,
};

impl Worker for StreamWorker {
    fn thread_name(&self) -> String {
        format!("stream-{}", self.destination)
    }

    async fn run(&self, destination: &Arc<Destination>, commands: &mut Commands) -> Result<End, WorkerError> {
        if !destination.stream_state.is_running() {
            return self.stand_by(destination.stream_state, commands).await;
        }
        let shared = &self.shared;
        let database = &shared.database;
        let sink = sink_for(destination, &shared.clients, &shared.services, &shared.clock)?;
        let limits = destination.target.delivery_limits().map_err(SinkError::from)?;
        self.status.limiter.configure(destination.version, &limits);
        let Some(cursor) = database.read_cursor(self.destination).await? else {
            return Ok(End::Over);
        };
        let refused = database.list_due(self.destination).await?;
        let tries = database.read_tries(self.destination).await?;
        let admission = destination.admission();
        let stream = Stream::new(self.clone(), sink, limits, admission, cursor, &refused, tries);
        Ok(stream.run(commands).await)
    }

    fn log_failure(&self, error: &WorkerError) {
        tracing::error!(
            destination_id = self.destination.get(),
            error = error_chain(error),
            "A stream failed internally; it is restarted in a second."
        );
    }
}

impl StreamWorker {
    /// Sends nothing, until there is another command.
    async fn stand_by(&self, stream_state: StreamState, commands: &mut Commands) -> Result<End, WorkerError> {
        let database = &self.shared.database;
        if !stream_state.active {
            // What begins when it is switched on again is another trouble. A pause is an interruption of the same one.
            database.forget_trouble(self.destination).await?;
        }
        let Some(cursor) = database.read_cursor(self.destination).await? else {
            return Ok(End::Over);
        };
        let progress = Progress::new(cursor.acknowledged, &cursor.acknowledged_above);
        self.status
            .progressed(&progress, cursor.last_success_at, cursor.refusing.as_ref());
        self.status.backing_off(None);
        Ok(match commands.changed().await {
            Ok(()) => End::NewCommand,
            Err(_) => End::Over,
        })
    }
}
