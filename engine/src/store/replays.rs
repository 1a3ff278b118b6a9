//! Replays as stored: what each is to send, and how far it is.

use domain::{
    Timestamp,
    destination::{EventFilter, FilterKind},
    event::EventType,
    ids::{DestinationId, ReplayId, Seq},
    replay::{KEPT_REPLAYS, ReplayProgress, ReplayRange, ReplayRequest, ReplayState},
};
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};

use super::{
    Database, RefusedEvent, StoreError, error::is_taken, instance_events::insert_instance_event,
    refused::forget_answers,
};
use crate::instance_events::Recorded;

/// A replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Id of the replay.
    pub id: ReplayId,
    /// Where events are sent.
    pub destination: DestinationId,
    /// When it was started.
    pub created_at: Timestamp,
    /// Name of who started it.
    pub created_by: String,
    /// Which events are sent.
    pub request: ReplayRequest,
    /// The end of the log when it was started.
    pub last_seq: Seq,
    /// Whether it runs, and how it ended.
    pub state: ReplayState,
    /// When it ended. `None` while it runs.
    pub ended_at: Option<Timestamp>,
    /// How far it is.
    pub position: ReplayPosition,
}

/// How far a replay is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayPosition {
    /// Everything before it has been sent, refused, or passed over.
    pub next_seq: Seq,
    /// First and last position of what is being sent as one, stored before it is.
    pub batch: Option<(Seq, Seq)>,
    /// Counts what stands before `next_seq`.
    pub progress: ReplayProgress,
    /// What went wrong lately, in words; none once it works again.
    pub last_error: Option<String>,
}

/// A replay to be stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewReplay<'a> {
    pub destination: DestinationId,
    pub request: &'a ReplayRequest,
    pub created_by: &'a str,
    /// Where its first event stands, or what comes after `last_seq` if there is none.
    pub next_seq: Seq,
    pub last_seq: Seq,
    pub total: u64,
    pub now: Timestamp,
}

/// What one commit of a replay's progress stores, all of it or nothing.
#[derive(Clone, Debug)]
pub(crate) struct ReplayUpdate {
    pub replay: ReplayId,
    pub destination: DestinationId,
    pub position: ReplayPosition,
    /// Parked with it.
    pub refused: Vec<RefusedEvent>,
}

/// Why a replay was not stored.
#[derive(Debug, thiserror::Error)]
pub enum InsertReplayError {
    #[error("another replay to this destination is running")]
    AlreadyRunning,
    #[error("the destination no longer exists")]
    NotFound,
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Database {
    /// Stores a replay together with the instance event made from its id, and forgets the oldest of those that have ended.
    pub(crate) async fn insert_replay(
        &self,
        new: &NewReplay<'_>,
        instance_event: impl FnOnce(ReplayId) -> Recorded + Send,
    ) -> Result<ReplayId, InsertReplayError> {
        let types: Vec<&str> = new.request.types.types().map(EventType::as_str).collect();
        let mut transaction = self.write().await?;
        let inserted = sqlx::query(
            "INSERT INTO replays (destination_id, created_at, created_by, created_from, created_before, event_types, \
             last_seq, next_seq, total) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.destination.get())
        .bind(new.now.unix_ms())
        .bind(new.created_by)
        .bind(new.request.range.from().unix_ms())
        .bind(new.request.range.before().unix_ms())
        .bind(serde_json::Value::from(types).to_string())
        .bind(new.last_seq.get())
        .bind(new.next_seq.get())
        .bind(stored_count(new.total))
        .execute(&mut *transaction)
        .await
        .map_err(refused)?;
        let id = ReplayId::new(inserted.last_insert_rowid());
        forget_oldest(&mut transaction, new.destination).await?;
        insert_instance_event(&mut transaction, &instance_event(id)).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(id)
    }

    /// Replays to a destination, the newest first.
    pub(crate) async fn list_replays(&self, destination: DestinationId) -> Result<Vec<Replay>, StoreError> {
        let rows = sqlx::query("SELECT * FROM replays WHERE destination_id = ? ORDER BY id DESC")
            .bind(destination.get())
            .fetch_all(self.read()?)
            .await?;
        rows.iter().map(read_replay).collect()
    }

    /// Those of every destination that run, by their age; one that can't be read stands for itself alone.
    pub(crate) async fn list_running_replays(&self) -> Result<Vec<Result<Replay, StoreError>>, StoreError> {
        let rows = sqlx::query("SELECT * FROM replays WHERE state = 'running' ORDER BY id")
            .fetch_all(self.read()?)
            .await?;
        Ok(rows.iter().map(read_replay).collect())
    }

    /// None if it is not there, or is one to another destination.
    pub(crate) async fn find_replay(
        &self,
        destination: DestinationId,
        id: ReplayId,
    ) -> Result<Option<Replay>, StoreError> {
        let row = sqlx::query("SELECT * FROM replays WHERE id = ? AND destination_id = ?")
            .bind(id.get())
            .bind(destination.get())
            .fetch_optional(self.read()?)
            .await?;
        row.as_ref().map(read_replay).transpose()
    }

    /// Stores progress, also the last one of a replay that was cancelled a moment ago. Returns whether it is to go on.
    pub(crate) async fn advance_replay(&self, update: &ReplayUpdate) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let state = advance(&mut transaction, update).await?;
        transaction.commit().await?;
        Ok(state == Some(ReplayState::Running))
    }

    /// Stores the last progress, and that this was all of it. Nothing ends that is not running.
    pub(crate) async fn finish_replay(
        &self,
        update: &ReplayUpdate,
        now: Timestamp,
        instance_event: &Recorded,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        if advance(&mut transaction, update).await? == Some(ReplayState::Running) {
            end(&mut transaction, update.replay, ReplayState::Finished, now).await?;
            insert_instance_event(&mut transaction, instance_event).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Ends a replay that is running, and stores the instance event that is made from how far it was. `false` if it is not
    /// running.
    pub(crate) async fn cancel_replay(
        &self,
        destination: DestinationId,
        id: ReplayId,
        now: Timestamp,
        instance_event: impl FnOnce(&Replay) -> Recorded + Send,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let row = sqlx::query("SELECT * FROM replays WHERE id = ? AND destination_id = ? AND state = 'running'")
            .bind(id.get())
            .bind(destination.get())
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else { return Ok(false) };
        end(&mut transaction, id, ReplayState::Cancelled, now).await?;
        insert_instance_event(&mut transaction, &instance_event(&read_replay(&row)?)).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Returns the state of the replay; none if it has gone, with its destination.
async fn advance(
    transaction: &mut Transaction<'static, Sqlite>,
    update: &ReplayUpdate,
) -> Result<Option<ReplayState>, StoreError> {
    let position = &update.position;
    let row = sqlx::query(
        "UPDATE replays SET next_seq = ?, batch_first = ?, batch_last = ?, sent = ?, refused = ?, last_error = ? \
         WHERE id = ? RETURNING id, state",
    )
    .bind(position.next_seq.get())
    .bind(position.batch.map(|(first, _)| first.get()))
    .bind(position.batch.map(|(_, last)| last.get()))
    .bind(stored_count(position.progress.sent))
    .bind(stored_count(position.progress.refused))
    .bind(&position.last_error)
    .bind(update.replay.get())
    .fetch_optional(&mut **transaction)
    .await?;
    let Some(row) = row else { return Ok(None) };
    for refused in &update.refused {
        park(transaction, update.destination, refused).await?;
    }
    if !update.refused.is_empty() {
        forget_answers(transaction, update.destination).await?;
    }
    read_state(&row).map(Some)
}

/// Unless the stream is about to try the event again by itself.
async fn park(
    transaction: &mut Transaction<'static, Sqlite>,
    destination: DestinationId,
    refused: &RefusedEvent,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO refused_events (destination_id, seq, tries, reason, response, refusal, refused_at, due_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (destination_id, seq) DO UPDATE SET tries = tries + 1, \
         reason = excluded.reason, response = excluded.response, refusal = excluded.refusal, \
         refused_at = excluded.refused_at WHERE due_at IS NULL",
    )
    .bind(destination.get())
    .bind(refused.seq.get())
    .bind(refused.tries)
    .bind(&refused.reason)
    .bind(&refused.response)
    .bind(serde_json::json!(refused.refusal).to_string())
    .bind(refused.refused_at.unix_ms())
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn end(
    transaction: &mut Transaction<'static, Sqlite>,
    id: ReplayId,
    state: ReplayState,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE replays SET state = ?, ended_at = ? WHERE id = ?")
        .bind(state.as_str())
        .bind(now.unix_ms())
        .bind(id.get())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

async fn forget_oldest(
    transaction: &mut Transaction<'static, Sqlite>,
    destination: DestinationId,
) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM replays WHERE destination_id = ?1 AND state <> 'running' AND id <= (SELECT id FROM replays \
         WHERE destination_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )
    .bind(destination.get())
    .bind(i64::try_from(KEPT_REPLAYS).unwrap_or(i64::MAX))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

fn read_replay(row: &SqliteRow) -> Result<Replay, StoreError> {
    let id: i64 = row.get("id");
    let moment = |column| Timestamp::from_unix_ms(row.get(column));
    let count = |column| u64::try_from(row.get::<i64, _>(column)).unwrap_or(0);
    let place = |column| row.get::<Option<i64>, _>(column).map(Seq::new);
    let range = ReplayRange::new(moment("created_from"), moment("created_before"));
    let types: Option<Vec<String>> = serde_json::from_str(row.get("event_types")).ok();
    let types = types.and_then(|types| EventFilter::parse(FilterKind::Allow, &types).ok());
    Ok(Replay {
        id: ReplayId::new(id),
        destination: DestinationId::new(row.get("destination_id")),
        created_at: moment("created_at"),
        created_by: row.get("created_by"),
        request: ReplayRequest {
            range: range.map_err(|_| unreadable(id, "range"))?,
            types: types.ok_or_else(|| unreadable(id, "event types"))?,
        },
        last_seq: Seq::new(row.get("last_seq")),
        state: read_state(row)?,
        ended_at: row.get::<Option<i64>, _>("ended_at").map(Timestamp::from_unix_ms),
        position: ReplayPosition {
            next_seq: Seq::new(row.get("next_seq")),
            batch: place("batch_first").zip(place("batch_last")),
            progress: ReplayProgress {
                total: count("total"),
                sent: count("sent"),
                refused: count("refused"),
            },
            last_error: row.get("last_error"),
        },
    })
}

fn read_state(row: &SqliteRow) -> Result<ReplayState, StoreError> {
    ReplayState::parse(row.get("state")).ok_or_else(|| unreadable(row.get("id"), "state"))
}

const fn unreadable(id: i64, what: &'static str) -> StoreError {
    StoreError::Unreadable {
        table: "replays",
        id,
        what,
    }
}

fn stored_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The one place where a broken constraint becomes its error.
fn refused(error: sqlx::Error) -> InsertReplayError {
    let database = error.as_database_error();
    let is_orphan = database.is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation);
    if is_taken(&error, "replays.destination_id") {
        InsertReplayError::AlreadyRunning
    } else if is_orphan {
        InsertReplayError::NotFound
    } else {
        InsertReplayError::Store(error.into())
    }
}
