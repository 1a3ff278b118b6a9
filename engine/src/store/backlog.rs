//! The backlogs of destinations: the events that the log has to keep for each of them.

use domain::ids::{DestinationId, Seq};

use super::{Database, StoreError};

/// The backlog of an active destination: at most the events after `acknowledged`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backlog {
    pub destination: DestinationId,
    /// The position up to which its stream and its replays have acknowledged everything.
    pub acknowledged: Seq,
}

impl Database {
    /// The backlog of each active destination, of its stream or a running replay, the largest first. Refused events do not
    /// count: they are kept when they leave the log.
    pub(crate) async fn list_backlogs(&self) -> Result<Vec<Backlog>, StoreError> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT destination_id, min(least) AS acknowledged FROM (SELECT destination_id, acknowledged_seq AS least FROM cursors \
             UNION ALL SELECT destination_id, next_seq - 1 FROM replays WHERE state = 'running') \
             WHERE destination_id IN (SELECT id FROM destinations WHERE active = 1) \
             GROUP BY destination_id ORDER BY acknowledged, destination_id",
        )
        .fetch_all(self.read()?)
        .await?;
        let backlogs = rows.into_iter().map(|(destination, acknowledged)| Backlog {
            destination: DestinationId::new(destination),
            acknowledged: Seq::new(acknowledged),
        });
        Ok(backlogs.collect())
    }

    /// The position after which the log has undelivered events; `None` without an active destination.
    pub(crate) async fn undelivered_after(&self) -> Result<Option<Seq>, StoreError> {
        Ok(self.largest_backlog().await?.map(|largest| largest.acknowledged))
    }

    /// The largest backlog; `None` without an active destination.
    pub(crate) async fn largest_backlog(&self) -> Result<Option<Backlog>, StoreError> {
        Ok(self.list_backlogs().await?.first().copied())
    }
}
