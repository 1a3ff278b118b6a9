//! Replays: a part of the log, sent to a destination once more.

use std::{sync::Arc, time::Duration};

use domain::{
    activity::{Counts, Span},
    event::EventType,
    ids::{DestinationId, ReplayId},
    instance_event::{Action, Author, InstanceEvent},
    replay::{ReplayRequest, ReplayState, ReplayWait, estimate},
    view::{ReplayCountView, ReplayView, warnings},
};

use super::AdminError;
use crate::{
    Engine,
    instance_events::Recorded,
    store::{Destination, NewReplay, Replay},
};

/// How long somebody waits who wants a replay counted while others are being counted.
const COUNTED_WITHIN: Duration = Duration::from_secs(10);

/// A replay, and what it waits for if it runs and has to.
#[derive(Clone, Debug)]
pub struct ReplayStanding {
    /// As it is stored.
    pub replay: Replay,
    /// What it waits for. `None` if it does not wait.
    pub waits: Option<ReplayWait>,
}

impl ReplayStanding {
    /// `unknown` are the event types that the instance does not know.
    pub fn view(self, unknown: &[EventType]) -> ReplayView {
        let Self { replay, waits } = self;
        let (request, progress) = (&replay.request, replay.position.progress);
        let view = ReplayView {
            id: replay.id,
            state: replay.state,
            from: request.range.from(),
            before: request.range.before(),
            event_types: request.types.types().map(ToString::to_string).collect(),
            warnings: warnings(&request.types, unknown),
            total: progress.total,
            sent: progress.sent,
            refused: progress.refused,
            waits_for: None,
            trouble: None,
            next_try_at: None,
            last_error: replay.position.last_error,
            created_by: replay.created_by,
            created_at: replay.created_at,
            ended_at: replay.ended_at,
        };
        view.waiting(waits)
    }
}

impl Engine {
    /// How many events a replay would send if it were started now: those in the log that its range and filter and the
    /// destination's filters admit. Takes about a second for a million events where groups and projects are chosen, far less
    /// otherwise; who no longer waits drops it.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn count_replay(&self, id: DestinationId, request: &ReplayRequest) -> Result<u64, AdminError> {
        let destination = self.destination_to_replay_to(id).await?;
        self.count_replay_to(&destination, request).await
    }

    async fn count_replay_to(&self, destination: &Destination, request: &ReplayRequest) -> Result<u64, AdminError> {
        let filter = Arc::new(destination.range_filter(request));
        Ok(self.log().count_range(&filter, self.log().last_seq()).await?.events)
    }

    /// What a replay would send if it were started now, and how long it would take about. Few are counted at a time.
    ///
    /// # Errors
    /// [`AdminError`]; [`AdminError::Busy`] if others are being counted.
    pub async fn preview_replay(
        &self,
        id: DestinationId,
        request: &ReplayRequest,
    ) -> Result<ReplayCountView, AdminError> {
        let counting = tokio::time::timeout(COUNTED_WITHIN, self.replay_counts().acquire()).await;
        let Ok(Ok(_permit)) = counting else {
            return Err(AdminError::Busy);
        };
        let destination = self.destination_to_replay_to(id).await?;
        let events = self.count_replay_to(&destination, request).await?;
        let unknown = self.unknown_event_types(&request.types).await?;
        let mut last_day = Counts::default();
        for point in self.activity(id, Span::Day).await? {
            last_day.add(&point.counts);
        }
        let limits = destination.target.delivery_limits()?;
        let in_flight = self
            .delivery()
            .concurrency_of(id)
            .map_or(1, |concurrency| concurrency.limit);
        Ok(ReplayCountView {
            events,
            warnings: warnings(&request.types, &unknown),
            from: request.range.from(),
            before: request.range.before(),
            estimated_seconds: estimate(events, &last_day, in_flight, limits.max_rate)
                .map(|time| time.as_millis().div_ceil(1_000))
                .and_then(|seconds| u64::try_from(seconds).ok()),
        })
    }

    /// Starts a replay of what is in the log now. It is counted once more, and from then on kept until it was sent.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was started.
    pub async fn start_replay(
        &self,
        author: &Author,
        id: DestinationId,
        request: &ReplayRequest,
    ) -> Result<ReplayStanding, AdminError> {
        let destination = self.destination_to_replay_to(id).await?;
        let replay = self.insert_replay(author, &destination, request).await?;
        self.after_replay_change().await;
        self.find_replay(id, replay).await?.ok_or(AdminError::NotFound)
    }

    async fn insert_replay(
        &self,
        author: &Author,
        destination: &Destination,
        request: &ReplayRequest,
    ) -> Result<ReplayId, AdminError> {
        // What is counted stays in the log until it is stored that it is needed.
        let _permit = self.log().pruning_permit().await;
        let (last_seq, now) = (self.log().last_seq(), self.clock().now());
        let filter = Arc::new(destination.range_filter(request));
        let counted = self.log().count_range(&filter, last_seq).await?;
        let new = NewReplay {
            destination: destination.id,
            request,
            created_by: &author.name,
            next_seq: counted.first.unwrap_or(last_seq.next()),
            last_seq,
            total: counted.events,
            now,
        };
        let started = |replay| {
            let action = Action::ReplayStarted {
                replay,
                request: request.clone(),
                total: counted.events,
            };
            Recorded::new(InstanceEvent::new(destination.subject(), action), author, now)
        };
        Ok(self.database().insert_replay(&new, started).await?)
    }

    /// Replays to a destination, the newest first: the one that runs, and the last that have ended.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn list_replays(&self, id: DestinationId) -> Result<Vec<ReplayStanding>, AdminError> {
        let replays = self.database().list_replays(id).await?;
        Ok(replays.into_iter().map(|replay| self.standing_of(replay)).collect())
    }

    /// The same for display.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn list_replay_views(&self, id: DestinationId) -> Result<Vec<ReplayView>, AdminError> {
        let mut views = Vec::new();
        for standing in self.list_replays(id).await? {
            let unknown = self.unknown_event_types(&standing.replay.request.types).await?;
            views.push(standing.view(&unknown));
        }
        Ok(views)
    }

    /// # Errors
    /// [`AdminError`].
    pub async fn find_replay(&self, id: DestinationId, replay: ReplayId) -> Result<Option<ReplayStanding>, AdminError> {
        let found = self.database().find_replay(id, replay).await?;
        Ok(found.map(|replay| self.standing_of(replay)))
    }

    /// Ends a replay: when this returns, nothing more of it is begun. One that has ended stays as it is.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if there is no such replay, or [`AdminError::Internal`]; it goes on.
    pub async fn cancel_replay(
        &self,
        author: &Author,
        id: DestinationId,
        replay: ReplayId,
    ) -> Result<ReplayStanding, AdminError> {
        let destination = self.destination_to_replay_to(id).await?;
        let now = self.clock().now();
        let cancelled = |replay: &Replay| {
            let action = Action::ReplayCancelled {
                replay: replay.id,
                progress: replay.position.progress,
            };
            Recorded::new(InstanceEvent::new(destination.subject(), action), author, now)
        };
        if self.database().cancel_replay(id, replay, now, cancelled).await? {
            self.after_replay_change().await;
        }
        self.find_replay(id, replay).await?.ok_or(AdminError::NotFound)
    }

    async fn destination_to_replay_to(&self, id: DestinationId) -> Result<Destination, AdminError> {
        let destination = self.database().find_destination(id).await?;
        destination.ok_or(AdminError::NotFound)
    }

    fn standing_of(&self, replay: Replay) -> ReplayStanding {
        let is_running = replay.state == ReplayState::Running;
        let waits = is_running.then(|| self.replay_wait(replay.id)).flatten();
        ReplayStanding { replay, waits }
    }

    async fn after_replay_change(&self) {
        self.apply_changes().await;
        self.relay_instance_events().await;
    }
}
