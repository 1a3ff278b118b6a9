//! How many events were refused. Read by every page and every scrape, so the counts are kept in a table that triggers maintain
//! (`refused_counts`); no refused event is read.

use std::collections::HashMap;

use domain::{
    alerts::ParkedCounts,
    ids::{DestinationId, Seq},
};

use super::{Database, StoreError};

const COUNT_ALL: &str = "SELECT destination_id, retrying, parked FROM refused_counts WHERE retrying + parked > 0";
const COUNT_ONE: &str = "SELECT retrying, parked FROM refused_counts WHERE destination_id = ?";
const COUNT_PARKED: &str = "SELECT destination_id, parked, ever_parked FROM refused_counts WHERE ever_parked > 0";
const NEWEST_REASON: &str = "SELECT reason FROM refused_events WHERE destination_id = ? AND due_at IS NULL \
                             ORDER BY seq DESC LIMIT 1";
const WITHIN: &str = "SELECT DISTINCT seq FROM refused_events WHERE seq > ? AND seq <= ? ORDER BY seq";

/// How many events a destination refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Those that are still tried.
    pub retrying: u64,
    pub parked: u64,
}

impl Database {
    /// How many refused events of each destination are still tried, and how many are parked; those of which none is are left
    /// out.
    pub async fn count_all_refused(&self) -> Result<HashMap<DestinationId, Refused>, StoreError> {
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(COUNT_ALL).fetch_all(self.read()).await?;
        let refused = rows
            .into_iter()
            .map(|(destination, retrying, parked)| (DestinationId::new(destination), refused(retrying, parked)));
        Ok(refused.collect())
    }

    /// How many refused events of a destination are still tried, and how many are parked.
    pub async fn count_refused(&self, destination: DestinationId) -> Result<Refused, StoreError> {
        let row: Option<(i64, i64)> = sqlx::query_as(COUNT_ONE)
            .bind(destination.get())
            .fetch_optional(self.read())
            .await?;
        Ok(row.map_or_else(Refused::default, |(retrying, parked)| refused(retrying, parked)))
    }

    /// How many events of each destination are parked, and how many ever were; those of which none ever was are left out.
    pub async fn count_parked(&self) -> Result<HashMap<DestinationId, ParkedCounts>, StoreError> {
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(COUNT_PARKED).fetch_all(self.read()).await?;
        let counts = rows.into_iter().map(|(destination, now, ever)| {
            let counts = ParkedCounts {
                now: count(now),
                ever: count(ever),
            };
            (DestinationId::new(destination), counts)
        });
        Ok(counts.collect())
    }

    /// Events after `after` and up to `up_to` that some destination has refused and may still get: retried or parked.
    pub async fn refused_within(&self, after: Seq, up_to: Seq) -> Result<Vec<Seq>, StoreError> {
        let seqs: Vec<i64> = sqlx::query_scalar(WITHIN)
            .bind(after.get())
            .bind(up_to.get())
            .fetch_all(self.read())
            .await?;
        Ok(seqs.into_iter().map(Seq::new).collect())
    }

    /// Why the newest parked event of a destination was refused; none if none is parked.
    pub async fn newest_parked_reason(&self, destination: DestinationId) -> Result<Option<String>, StoreError> {
        let reason = sqlx::query_scalar(NEWEST_REASON).bind(destination.get());
        Ok(reason.fetch_optional(self.read()).await?)
    }
}

fn refused(retrying: i64, parked: i64) -> Refused {
    Refused {
        retrying: count(retrying),
        parked: count(parked),
    }
}

/// The table holds no negative count.
fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        own_events::Recorded,
        store::{CursorUpdate, RefusedEvent},
        vault::Vault,
    };
    use domain::{
        Timestamp,
        event::{Author, OwnEvent},
    };

    async fn open(folder: &Path) -> Database {
        let vault = Vault::from_file(&folder.join("secret.key")).unwrap();
        Database::open(&folder.join("audit-streams.db"), vault).await.unwrap()
    }

    async fn execute(database: &Database, sql: &'static str) {
        let mut transaction = database.write().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn with_destination(folder: &Path) -> (Database, DestinationId) {
        let database = open(folder).await;
        execute(
            &database,
            "INSERT INTO destinations (id, kind, name, created_at, updated_at) VALUES (1, 'http', 'SIEM', 0, 0); \
             INSERT INTO cursors (destination_id, acked_seq) VALUES (1, 0)",
        )
        .await;
        (database, DestinationId::new(1))
    }

    fn event(seq: i64, due_at: Option<i64>) -> RefusedEvent {
        RefusedEvent {
            seq: Seq::new(seq),
            tries: 1,
            reason: format!("Answered 422 to {seq}."),
            response: "no".into(),
            refused_at: Timestamp::from_unix_ms(seq),
            due_at: due_at.map(Timestamp::from_unix_ms),
        }
    }

    async fn store(database: &Database, id: DestinationId, refused: Vec<RefusedEvent>, accepted: Vec<Seq>) {
        let update = CursorUpdate {
            destination: id,
            cursor: database.read_cursor(id).await.unwrap().unwrap(),
            refused,
            accepted,
            failed_attempts: Vec::new(),
            minutes: Vec::new(),
        };
        assert!(database.commit_cursor(&update).await.unwrap());
    }

    fn own_event() -> Recorded {
        let event = OwnEvent::ParkedEventsRetried {
            destination: DestinationId::new(1),
            name: "SIEM".into(),
            count: 1,
        };
        Recorded::new(event, &Author::system(), Timestamp::from_unix_ms(0))
    }

    #[tokio::test]
    async fn counts_follow_every_change() {
        let folder = tempfile::tempdir().unwrap();
        let (database, id) = with_destination(folder.path()).await;
        let counts = async || {
            let (refused, parked) = (
                database.count_refused(id).await.unwrap(),
                database.count_parked().await.unwrap(),
            );
            let parked = parked.get(&id).copied().unwrap_or_default();
            assert_eq!(refused.parked, parked.now);
            let listed = database.list_refused(id).await.unwrap().len();
            assert_eq!(refused.retrying, u64::try_from(listed).unwrap());
            let all = database.count_all_refused().await.unwrap();
            assert_eq!(all.get(&id).copied().unwrap_or_default(), refused);
            (refused.retrying, refused.parked, parked.ever)
        };
        assert_eq!(counts().await, (0, 0, 0));
        let three = vec![event(1, Some(5)), event(2, Some(5)), event(3, None)];
        store(&database, id, three.clone(), Vec::new()).await;
        assert_eq!(counts().await, (2, 1, 1));
        store(&database, id, three, Vec::new()).await;
        assert_eq!(counts().await, (2, 1, 1), "the same rows again");
        store(&database, id, vec![event(2, None)], vec![Seq::new(1)]).await;
        assert_eq!(counts().await, (0, 2, 2));
        assert_eq!(
            database.newest_parked_reason(id).await.unwrap().as_deref(),
            Some("Answered 422 to 3.")
        );
        let now = Timestamp::from_unix_ms(9);
        assert!(database.retry_parked(id, Seq::new(2), now, &own_event()).await.unwrap());
        assert_eq!(counts().await, (1, 1, 2));
        assert_eq!(database.retry_all_parked(id, now, |_| own_event()).await.unwrap(), 1);
        assert_eq!(counts().await, (2, 0, 2));
        assert_eq!(database.newest_parked_reason(id).await.unwrap(), None);
        store(&database, id, vec![event(2, None), event(3, None)], Vec::new()).await;
        assert!(database.discard_parked(id, Seq::new(3), &own_event()).await.unwrap());
        assert_eq!(counts().await, (0, 1, 4));
        execute(&database, "DELETE FROM destinations").await;
        assert_eq!(counts().await, (0, 0, 0));
    }
}
