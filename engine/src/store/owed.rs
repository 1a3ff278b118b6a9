//! What the log keeps for whom.

use domain::ids::{DestinationId, Seq};

use super::{Database, StoreError};

/// How far an active destination has everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owed {
    pub destination: DestinationId,
    /// It owes what is after this position, at most.
    pub acknowledged: Seq,
}

impl Database {
    /// What is owed to each active destination, by its stream or by a running replay; whom most is owed first. Refused events do
    /// not count: they are kept when they leave the log.
    pub(crate) async fn list_owed(&self) -> Result<Vec<Owed>, StoreError> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT destination_id, min(least) AS acknowledged FROM (SELECT destination_id, acknowledged_seq AS least FROM cursors \
             UNION ALL SELECT destination_id, next_seq - 1 FROM replays WHERE state = 'running') \
             WHERE destination_id IN (SELECT id FROM destinations WHERE active = 1) \
             GROUP BY destination_id ORDER BY acknowledged, destination_id",
        )
        .fetch_all(self.read()?)
        .await?;
        let owed = rows.into_iter().map(|(destination, acknowledged)| Owed {
            destination: DestinationId::new(destination),
            acknowledged: Seq::new(acknowledged),
        });
        Ok(owed.collect())
    }

    /// The position up to which nothing is owed to any active destination; none without one.
    pub(crate) async fn least_owed(&self) -> Result<Option<Seq>, StoreError> {
        Ok(self.most_owed().await?.map(|most| most.acknowledged))
    }

    /// None if nobody owes anything, for there is no active destination.
    pub(crate) async fn most_owed(&self) -> Result<Option<Owed>, StoreError> {
        Ok(self.list_owed().await?.first().copied())
    }
}
