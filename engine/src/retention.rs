//! Which events are removed from the log: those past their age that are in no backlog any more.
//!
//! An event that a destination has refused leaves it like any other, so that one does not keep all that come after it. But it
//! is kept beside the log, in the same file, until it is delivered or discarded.

use std::{collections::HashSet, time::Duration};

use domain::{Timestamp, ids::Seq};

use crate::{
    log::{CHUNK, EventLog, LogError, PruneRequest},
    store::{Database, StoreError},
};

/// Old events could not be removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RetentionError {
    #[error("the undelivered events could not be determined")]
    Store(#[from] StoreError),
    #[error("the log failed")]
    Log(#[from] LogError),
}

/// Kept events looked at in one round.
const RELEASE_CHUNK: u32 = 1_000;

/// Removes what may go. Idempotent; what is interrupted is made good by the next call.
pub(crate) async fn enforce(
    log: &EventLog,
    database: &Database,
    now: Timestamp,
    age: Duration,
) -> Result<(), RetentionError> {
    let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    let received_before = Timestamp::from_unix_ms(now.unix_ms().saturating_sub(age_ms));
    log.set_refused_bytes(database.refused_bytes().await?);
    loop {
        // Meanwhile, no stream or replay may start to need events that are about to be removed.
        let _permit = log.pruning_permit().await;
        let undelivered_after = database.undelivered_after().await?.unwrap_or_else(|| log.last_seq());
        let before_all = log.position_before_all().await?;
        let up_to = undelivered_after.min(Seq::new(before_all.get().saturating_add(CHUNK)));
        let order = PruneRequest {
            received_before,
            up_to,
            refused: database.refused_within(before_all, up_to).await?,
            now,
        };
        if log.prune_in_order(order).await?.deleted == 0 {
            return Ok(());
        }
    }
}

/// Removes kept events that no destination has refused any more, since they were delivered or discarded: looks at the next
/// thousand after `after`, which goes round.
pub(crate) async fn release(log: &EventLog, database: &Database, after: &mut Seq) -> Result<(), RetentionError> {
    let kept = log.kept_after(*after, RELEASE_CHUNK).await?;
    let Some(last) = kept.last().copied() else {
        *after = Seq::START;
        return Ok(());
    };
    let refused: HashSet<Seq> = database.refused_within(*after, last).await?.into_iter().collect();
    let free: Vec<Seq> = kept.into_iter().filter(|seq| !refused.contains(seq)).collect();
    if !free.is_empty() {
        log.release(free).await?;
    }
    *after = last;
    Ok(())
}
