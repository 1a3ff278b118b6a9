//! How many events were refused. Looked at by every page and every scrape: the indexes alone are read.

use std::collections::HashMap;

use domain::ids::DestinationId;

use super::{Database, StoreError};

const COUNT_RETRYING: &str =
    "SELECT destination_id, count(*) FROM refused_events WHERE due_at IS NOT NULL GROUP BY destination_id";
const COUNT_PARKED: &str =
    "SELECT destination_id, count(*) FROM refused_events WHERE due_at IS NULL GROUP BY destination_id";

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
        // One transaction: an event must not be counted twice, nor missed, that is parked between the two.
        let mut snapshot = self.read().begin().await?;
        let retrying: Vec<(i64, i64)> = sqlx::query_as(COUNT_RETRYING).fetch_all(&mut *snapshot).await?;
        let parked: Vec<(i64, i64)> = sqlx::query_as(COUNT_PARKED).fetch_all(&mut *snapshot).await?;
        let mut refused = HashMap::<_, Refused>::new();
        for (destination, count) in retrying {
            refused.entry(DestinationId::new(destination)).or_default().retrying = u64::try_from(count).unwrap_or(0);
        }
        for (destination, count) in parked {
            refused.entry(DestinationId::new(destination)).or_default().parked = u64::try_from(count).unwrap_or(0);
        }
        Ok(refused)
    }

    /// How many refused events of a destination are still tried, and how many are parked.
    pub async fn count_refused(&self, destination: DestinationId) -> Result<Refused, StoreError> {
        let refused = self.count_all_refused().await?;
        Ok(refused.get(&destination).copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Row;

    use super::*;
    use crate::vault::Vault;

    #[tokio::test]
    async fn counting_reads_indexes_alone() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::from_file(&folder.path().join("secret.key")).unwrap();
        let database = Database::open(&folder.path().join("audit-streams.db"), vault)
            .await
            .unwrap();
        for (query, index) in [
            (COUNT_RETRYING, "refused_events_that_are_due"),
            (COUNT_PARKED, "refused_events_that_are_parked"),
        ] {
            let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
                .fetch_all(database.read())
                .await
                .unwrap();
            let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
            let expected = format!("USING COVERING INDEX {index}");
            assert!(plan.iter().all(|step| step.ends_with(&expected)), "{plan:?}");
        }
    }
}
