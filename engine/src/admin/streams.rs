//! What administrators do with streams: their switches, and retrying at once.

use std::time::Duration;

use domain::{
    destination::StreamCommand, health::StreamHealth, ids::DestinationId, instance_event::Author, view::RetryOutcome,
};

use super::AdminError;
use crate::{DestinationState, Engine};

/// How long an administrator waits for the response to a retry. Requests can take longer.
const RETRY_WAIT: Duration = Duration::from_secs(8);

/// How often a command is repeated after a concurrent change.
const TRIES: usize = 5;

impl Engine {
    /// Sends the next request of a stream that backs off immediately, and reports what came of it.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn retry_and_wait(&self, id: DestinationId) -> Result<RetryOutcome, AdminError> {
        let found = self.find_destination(id).await?;
        let destination = found.ok_or(AdminError::NotFound)?.destination;
        let accepted = self.delivery().probe_and_wait(id, RETRY_WAIT).await;
        Ok(match (accepted, self.health_of(&destination)) {
            (Some(true), _) => RetryOutcome::Accepted,
            (Some(false), StreamHealth::Retrying { trouble, .. }) => RetryOutcome::Failed {
                trouble: trouble.to_string(),
            },
            (Some(false) | None, _) => RetryOutcome::Pending,
        })
    }

    /// Activates, deactivates, pauses or resumes a stream, whatever version its destination has.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was stored.
    pub async fn command_stream(
        &self,
        author: &Author,
        id: DestinationId,
        command: StreamCommand,
    ) -> Result<DestinationState, AdminError> {
        let _permit = self.editing().await;
        let mut tries = TRIES;
        loop {
            let found = self.find_destination(id).await?;
            let stored = found.ok_or(AdminError::NotFound)?.destination;
            let mut change = stored.draft().parse_change()?;
            change.stream_state = Some(command.applied_to(stored.stream_state));
            match self.update_destination(author, id, stored.version, change).await {
                Err(AdminError::ChangedMeanwhile) if tries > 1 => tries -= 1,
                answer => return answer,
            }
        }
    }
}
