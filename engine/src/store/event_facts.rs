//! What is stored about one event at each destination, and sending it once more.

use std::collections::HashMap;

use domain::{
    Timestamp,
    event::EventType,
    ids::{DestinationId, Seq},
    policy::Refusal,
};
use serde_json::json;
use sqlx::{Row, SqliteConnection};

use super::{Database, StoreError, cursor::read_ranges, instance_events::insert_instance_event};
use crate::{instance_events::Recorded, log::LoggedEvent};

const CURSORS: &str = "SELECT destination_id, acknowledged_seq, acknowledged_above, start_seq, filter_seq FROM cursors";
const SPANS: &str = "SELECT destination_id FROM inactive_spans WHERE first_seq <= ?1 AND coalesce(last_seq, ?1) >= ?1";
const DISCARDED: &str =
    "SELECT destination_id FROM discarded_events WHERE destination_id IN (SELECT id FROM destinations) AND seq = ?";
const REFUSED: &str = "SELECT * FROM refused_events WHERE seq = ?";
const REPLAYS: &str = "SELECT destination_id, event_types, max(ended_at, created_at) AS ended_at FROM replays \
    WHERE state = 'finished' AND created_from <= ?1 AND created_before > ?1 AND last_seq >= ?2 ORDER BY id";
const SEND: &str = "INSERT INTO refused_events (destination_id, seq, tries, reason, response, refusal, refused_at, due_at) \
    VALUES (?1, ?2, 1, 'An administrator has it sent again.', '', ?3, ?4, ?4) \
    ON CONFLICT (destination_id, seq) DO UPDATE SET due_at = excluded.due_at, tries = 1";

/// What is stored about one event at one destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventFacts {
    /// Nothing more is to be done with it, as far as the stored progress says.
    pub is_acknowledged: bool,
    /// It came in before the stream began.
    pub is_before_start: bool,
    /// It came in before the filters were last changed.
    pub is_before_filter: bool,
    /// It came in while the destination was inactive.
    pub was_inactive: bool,
    pub was_discarded: bool,
    pub refused: Option<RefusedFacts>,
    /// When a replay that includes it ended.
    pub replayed_at: Option<Timestamp>,
}

/// An event that was refused, and is retried or parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedFacts {
    pub tries: u32,
    pub reason: String,
    pub response: String,
    pub refusal: Refusal,
    pub refused_at: Timestamp,
    /// `None` if it is parked.
    pub due_at: Option<Timestamp>,
}

impl Database {
    /// What is known about the event at each destination.
    pub(crate) async fn read_event_facts(
        &self,
        event: &LoggedEvent,
    ) -> Result<HashMap<DestinationId, EventFacts>, StoreError> {
        let seq = event.seq;
        let mut snapshot = self.read()?.begin().await?;
        let mut facts = HashMap::new();
        for row in sqlx::query(CURSORS).fetch_all(&mut *snapshot).await? {
            let id = DestinationId::new(row.get("destination_id"));
            let above = read_ranges(id, row.get("acknowledged_above"))?;
            let position = |column| Seq::new(row.get(column));
            let is_above = above.iter().any(|(first, last)| (*first..=*last).contains(&seq));
            let known = EventFacts {
                is_acknowledged: seq <= position("acknowledged_seq") || is_above,
                is_before_start: seq <= position("start_seq"),
                is_before_filter: seq <= position("filter_seq"),
                ..EventFacts::default()
            };
            facts.insert(id, known);
        }
        for id in destinations(&mut snapshot, SPANS, seq).await? {
            facts.entry(id).or_default().was_inactive = true;
        }
        for id in destinations(&mut snapshot, DISCARDED, seq).await? {
            facts.entry(id).or_default().was_discarded = true;
        }
        for row in sqlx::query(REFUSED).bind(seq.get()).fetch_all(&mut *snapshot).await? {
            let id = DestinationId::new(row.get("destination_id"));
            let refused = RefusedFacts {
                tries: row.get("tries"),
                reason: row.get("reason"),
                response: row.get("response"),
                refusal: serde_json::from_str(row.get("refusal")).unwrap_or(Refusal::Unknown),
                refused_at: Timestamp::from_unix_ms(row.get("refused_at")),
                due_at: row.get::<Option<i64>, _>("due_at").map(Timestamp::from_unix_ms),
            };
            facts.entry(id).or_default().refused = Some(refused);
        }
        for (id, ended_at) in replays(&mut snapshot, event).await? {
            facts.entry(id).or_default().replayed_at = Some(ended_at);
        }
        Ok(facts)
    }

    /// Has an event sent once more, like one that was refused and is due. `false` if the destination was deleted meanwhile.
    pub(crate) async fn send_again(
        &self,
        destination: DestinationId,
        seq: Seq,
        now: Timestamp,
        instance_event: &Recorded,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM destinations WHERE id = ?)")
            .bind(destination.get())
            .fetch_one(&mut *transaction)
            .await?;
        if !exists {
            return Ok(false);
        }
        sqlx::query(SEND)
            .bind(destination.get())
            .bind(seq.get())
            .bind(json!(Refusal::Blamed).to_string())
            .bind(now.unix_ms())
            .execute(&mut *transaction)
            .await?;
        insert_instance_event(&mut transaction, instance_event).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn destinations(
    connection: &mut SqliteConnection,
    query: &'static str,
    seq: Seq,
) -> Result<Vec<DestinationId>, StoreError> {
    let ids: Vec<i64> = sqlx::query_scalar(query).bind(seq.get()).fetch_all(connection).await?;
    Ok(ids.into_iter().map(DestinationId::new).collect())
}

/// Destinations to which a replay sent the event, and when it ended; later replays after earlier ones.
async fn replays(
    connection: &mut SqliteConnection,
    event: &LoggedEvent,
) -> Result<Vec<(DestinationId, Timestamp)>, StoreError> {
    let rows = sqlx::query(REPLAYS)
        .bind(event.created_at.unix_ms())
        .bind(event.seq.get())
        .fetch_all(connection)
        .await?;
    let includes = |types: &str| {
        let types: Vec<EventType> = serde_json::from_str(types).ok()?;
        Some(types.is_empty() || types.contains(&event.event_type))
    };
    let rows = rows.iter().filter(|row| includes(row.get("event_types")) == Some(true));
    let replay = |row: &sqlx::sqlite::SqliteRow| {
        let id = DestinationId::new(row.get("destination_id"));
        (id, Timestamp::from_unix_ms(row.get("ended_at")))
    };
    Ok(rows.map(replay).collect())
}
